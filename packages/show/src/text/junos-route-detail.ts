/** `show route … detail` and `extensive` as a Junos router prints them: one field per line, in its order. */
import type {
  GatewayNextHopView,
  GatewayPathView,
  GatewayRouteView,
  GatewayTableView,
  IndirectView,
} from '../gateway-views.ts';
import { detailAge } from './junos-age.ts';
import { pathText, tableHeader } from './junos-route.ts';

const FIELD = ' '.repeat(16);
const DEEPER = ' '.repeat(24);
const DEEPEST = ' '.repeat(32);

/** Every field of every entry; `extensive` adds what the kernel was given and how next hops resolved. */
export function routeDetail(table: GatewayTableView, { extensive = false } = {}): string {
  const lines = ['', tableHeader(table)];
  for (const route of table.entries) lines.push(...routeLines(route, extensive));
  return `${lines.join('\n')}\n`;
}

function routeLines(route: GatewayRouteView, extensive: boolean): string[] {
  const count = route.paths.length;
  const lines = [
    `${route.prefix} (${count} ${count === 1 ? 'entry' : 'entries'}, ${route.announced} announced)`,
  ];
  if (route.paths.some((path) => path.mark === '#')) lines.push('        State: <CalcForwarding>');
  if (extensive) {
    lines.push('TSI:');
    const { installed } = route;
    if (installed !== undefined) {
      const members = installed.indexes.map((index) => `indirect(${index})`).join(', ');
      const text = { indirect: members, list: `list:${members}`, router: 'unicast' }[installed.type];
      lines.push(`KRT in-kernel ${route.prefix} -> {${text}}`);
    }
  }
  for (const path of route.paths) {
    lines.push(`        ${path.mark}${path.kind.padEnd(6)} Preference: ${preferenceText(path)}`);
    lines.push(...pathLines(path).map((line) => `${FIELD}${line}`));
    if (extensive)
      for (const indirect of path.indirect.slice(0, 1)) lines.push(...resolutionLines(path, indirect));
  }
  return lines;
}

function preferenceText(path: GatewayPathView): string {
  return path.preference2 === undefined ? String(path.preference) : `${path.preference}/${path.preference2}`;
}

function pathLines(path: GatewayPathView): string[] {
  const lines: string[] = [];
  if (path.routeDistinguisher !== undefined && path.kind === 'BGP')
    lines.push(`Route Distinguisher: ${path.routeDistinguisher}`);
  lines.push(...nextHopLines(path));
  lines.push(`State: <${path.state.join(' ')}>`);
  if (path.inactiveReason !== undefined) lines.push(`Inactive reason: ${path.inactiveReason}`);
  const autonomousSystems = [
    ...(path.localAsn === undefined ? [] : [`Local AS: ${path.localAsn}`]),
    ...(path.peerAsn === undefined ? [] : [`Peer AS: ${path.peerAsn}`]),
  ];
  if (autonomousSystems.length > 0) lines.push(autonomousSystems.join(' '));
  const metric = path.med ?? path.metric;
  lines.push(
    tabbed([
      `Age: ${detailAge(path.age)}`,
      ...(metric === undefined ? [] : [`Metric: ${metric}`]),
      ...(path.metric2 === undefined ? [] : [`Metric2: ${path.metric2}`]),
    ]),
    'Validation State: unverified',
    `Task: ${path.task}`,
  );
  if (path.announcementBits.length > 0)
    lines.push(`Announcement bits (${path.announcementBits.length}): ${path.announcementBits.join(' ')}`);
  lines.push(`AS path: ${path.kind === 'BGP' || path.kind === 'Multipath' ? pathText(path) : 'I'}`);
  if (path.aigp !== undefined) lines.push(`AIGP: ${path.aigp}`);
  if (path.originatorId !== undefined) lines.push(`Originator ID: ${path.originatorId}`);
  if (path.clusterList !== undefined && path.clusterList.length > 0)
    lines.push(`Cluster list:  ${path.clusterList.join(' ')}`);
  if (path.junosCommunities.length > 0) lines.push(`Communities: ${path.junosCommunities.join(' ')}`);
  if (path.kind !== 'BGP') return lines;
  if (path.state.includes('Secondary')) lines.push('Import Accepted');
  else if (path.feasible) lines.push('Accepted');
  if (path.label !== undefined) lines.push(`VPN Label: ${path.label}`);
  if (path.localPref !== undefined) lines.push(`Localpref: ${path.localPref}`);
  if (path.routerId !== undefined) lines.push(`Router ID: ${path.routerId}`);
  if (path.primaryTable !== undefined) lines.push(`Primary Routing Table ${path.primaryTable}`);
  if (path.secondaryTables !== undefined && path.secondaryTables.length > 0)
    lines.push(`Secondary Tables: ${path.secondaryTables.join(' ')}`);
  return lines;
}

function nextHopLines(path: GatewayPathView): string[] {
  const lines: string[] = [];
  const [first] = path.indirect;
  if (first === undefined) {
    const [hop] = path.nextHops;
    lines.push(
      `Next hop type: ${path.nextHopType}${hop?.index === undefined ? '' : `, Next hop index: ${hop.index}`}`,
    );
    if (path.from !== undefined) lines.push(`Source: ${path.from}`);
    if (hop !== undefined && path.nextHopType !== 'Local') lines.push(...forwardingLines(path.nextHops));
    if (path.nextHopType === 'Unusable' && path.nextHop !== undefined)
      lines.push(`Protocol next hop: ${path.nextHop}`);
    return lines;
  }
  lines.push('Next hop type: Indirect, Next hop index: 0', `Address: ${first.handle}`);
  if (path.nextHopReferences !== undefined) lines.push(`Next-hop reference count: ${path.nextHopReferences}`);
  if (path.from !== undefined) lines.push(`Source: ${path.from}`);
  for (const hop of path.nextHops) {
    const index = hop.index === undefined ? '' : `, Next hop index: ${hop.index}`;
    lines.push(`Next hop type: Router${index}`, ...forwardingLines([hop]));
  }
  for (const indirect of path.indirect) {
    lines.push(`Protocol next hop: ${indirect.protocolNextHop}`, ...labelLines(indirect.label));
    lines.push(indirectText(indirect));
  }
  return lines;
}

function forwardingLines(hops: readonly GatewayNextHopView[]): string[] {
  return hops.flatMap((hop) => [
    `Next hop: ${wayText(hop)}${hop.selected ? ', selected' : ''}`,
    ...labelLines(hop.label),
  ]);
}

function wayText(hop: GatewayNextHopView): string {
  return `${hop.address === undefined ? '' : `${hop.address} `}via ${hop.interface}`;
}

function labelLines(label: number | undefined): string[] {
  if (label === undefined) return [];
  return [
    `Label operation: Push ${label}`,
    'Label TTL action: prop-ttl',
    `Load balance label: Label ${label}: None;`,
  ];
}

/** `Indirect next hop: 0x900c660 1048574 INH Session ID: 0x690` */
function indirectText(indirect: IndirectView): string {
  const index = indirect.index === undefined ? '-' : String(indirect.index);
  return `Indirect next hop: ${indirect.handle} ${index} INH Session ID: ${indirect.session}`;
}

function resolutionLines(path: GatewayPathView, first: IndirectView): string[] {
  const lines = [`${FIELD}Indirect next hops: ${path.indirect.length}`];
  for (const indirect of path.indirect.length > 0 ? path.indirect : [first]) {
    lines.push(`${DEEPER}Protocol next hop: ${indirect.protocolNextHop} Metric: ${indirect.metric}`);
    lines.push(...labelLines(indirect.label).map((line) => `${DEEPER}${line}`));
    lines.push(`${DEEPER}${indirectText(indirect)}`);
    lines.push(`${DEEPER}Indirect path forwarding next hops: ${indirect.nextHops.length}`);
    for (const hop of indirect.nextHops)
      lines.push(`${DEEPEST}Next hop type: Router`, `${DEEPEST}Next hop: ${wayText(hop)}`);
    lines.push(`${DEEPEST}${indirect.resolvedBy} Originating RIB: ${indirect.originatingRib}`);
    lines.push(`${DEEPEST}  Metric: ${indirect.metric} Node path count: 1`);
    lines.push(`${DEEPEST}  Forwarding nexthops: ${indirect.nextHops.length}`);
    for (const hop of indirect.nextHops) lines.push(`${DEEPEST}        Nexthop: ${wayText(hop)}`);
  }
  return lines;
}

/** Joins fields at the next tab stop, counted from the margin that all fields have. */
function tabbed(fields: readonly string[]): string {
  let line = '';
  for (const [i, field] of fields.entries()) {
    if (i > 0) line = `${line} `.padEnd(Math.ceil((line.length + 2) / 8) * 8);
    line += field;
  }
  return line;
}
