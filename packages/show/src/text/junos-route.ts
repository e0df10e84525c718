/** `show route` as a Junos router prints it: brief and terse. */
import type {
  GatewayNextHopView,
  GatewayPathView,
  GatewayRouteView,
  GatewayTableView,
} from '../gateway-views.ts';
import { briefAge } from './junos-age.ts';

/**
 * Where the validation state stands: behind the AS path, as most releases print it, or in front of the next hop, as the
 * lab's router did in its later captures.
 */
export type RouteStyle = 'classic' | 'wrapped';

/** Column of the mark in front of `[BGP/170]`; a longer prefix stands on a line of its own. */
const MARK_COLUMN = 19;

/** `k8s-test.inet.0: 24 destinations, 46 routes (24 active, 0 holddown, 0 hidden)` */
export function tableHeader(table: GatewayTableView): string {
  return `${table.name}: ${table.destinations} destinations, ${table.routes} routes (${table.active} active, ${table.holddown} holddown, ${table.hidden} hidden)`;
}

/** The explanation of the marks; tables that know multipath explain two more. */
function legend(table: GatewayTableView): string[] {
  return [
    ...(table.multipath ? ['@ = Routing Use Only, # = Forwarding Use Only'] : []),
    '+ = Active Route, - = Last Active, * = Both',
  ];
}

/** One table with the entries asked for. A table with no entry to show prints its header alone. */
export function routeBrief(table: GatewayTableView, style: RouteStyle = 'classic'): string {
  const lines = ['', tableHeader(table)];
  if (table.entries.length > 0) {
    lines.push(...legend(table), '');
    for (const route of table.entries) lines.push(...briefRoute(route, style));
  }
  return `${lines.join('\n')}\n`;
}

function briefRoute(route: GatewayRouteView, style: RouteStyle): string[] {
  const lines: string[] = [];
  for (const [i, path] of route.paths.entries()) {
    let margin = ' '.repeat(MARK_COLUMN);
    if (i === 0) {
      if (route.prefix.length < MARK_COLUMN) margin = route.prefix.padEnd(MARK_COLUMN);
      else lines.push(route.prefix);
    }
    lines.push(`${margin}${path.mark}${entryText(path)}`);
    lines.push(...reachText(path, style));
  }
  return lines;
}

/** `[BGP/170] 00:00:25, MED 100, localpref 200, from 10.169.25.19` */
function entryText(path: GatewayPathView): string {
  const fields = [`[${path.kind}/${path.preference}] ${briefAge(path.age)}`];
  if (path.kind === 'BGP') {
    if (path.med !== undefined) fields.push(`MED ${path.med}`);
    if (path.localPref !== undefined) fields.push(`localpref ${path.localPref}`);
    if (path.from !== undefined) fields.push(`from ${path.from}`);
  } else {
    if (path.metric !== undefined) fields.push(`metric ${path.metric}`);
    if (path.kind === 'Multipath' && path.metric2 !== undefined) fields.push(`metric2 ${path.metric2}`);
  }
  return fields.join(', ');
}

function reachText(path: GatewayPathView, style: RouteStyle): string[] {
  const hops = path.nextHops.map(nextHopText);
  const marked = path.nextHops.map((hop, i) => `${hop.selected ? '> ' : '  '}${hops[i]!}`);
  const bare = unreachedText(path);
  if (path.kind !== 'BGP') {
    const column = style === 'wrapped' && path.kind === 'Multipath' ? 21 : 20;
    return bare === undefined
      ? marked.map((text) => `${' '.repeat(column)}${text}`)
      : [`${' '.repeat(22)}${bare}`];
  }
  if (style === 'classic') {
    const lines = [`${' '.repeat(22)}AS path: ${pathText(path)}, validation-state: unverified`];
    return bare === undefined
      ? [...lines, ...marked.map((text) => `${' '.repeat(20)}${text}`)]
      : [...lines, `${' '.repeat(22)}${bare}`];
  }
  const [first = bare ?? '', ...rest] = marked;
  return [
    `${' '.repeat(23)}AS path: ${pathText(path)}`,
    `${' '.repeat(20)}validation-state: unverified, ${first}`,
    ...rest.map((text) => `${' '.repeat(21)}${text}`),
  ];
}

/** What stands where a next hop would, for entries that have none. */
function unreachedText(path: GatewayPathView): string | undefined {
  switch (path.nextHopType) {
    case 'Discard':
    case 'Reject':
    case 'Unusable':
    case 'Tunnel':
    case 'Receive':
      return path.nextHops.length === 0 ? path.nextHopType : undefined;
    case 'Table':
      return `receive table ${path.lookupTable ?? ''}, Pop`;
    case 'Local':
      return `Local${path.nextHops[0] === undefined ? '' : ` via ${path.nextHops[0].interface}`}`;
    case 'Indirect':
    case 'Router':
    case 'Interface':
      return path.nextHops.length === 0 ? path.nextHopType : undefined;
  }
}

/** `via gr-2/3/0.32771, Push 26`, `to 10.0.0.3 via ge-0/0/1.0`. */
function nextHopText(hop: GatewayNextHopView): string {
  const to = hop.address === undefined ? '' : `to ${hop.address} `;
  return `${to}via ${hop.interface}${hop.label === undefined ? '' : `, Push ${hop.label}`}`;
}

const originLetters = { igp: 'I', egp: 'E', incomplete: '?' } as const;

/** AS numbers and the letter of the origin: `65001 65002 I`, or `?` alone. */
export function pathText(path: GatewayPathView): string {
  const origin = originLetters[path.origin ?? 'incomplete'];
  return path.asPath === undefined || path.asPath === '' ? origin : `${path.asPath} ${origin}`;
}

const protocolLetters = {
  BGP: 'B',
  Static: 'S',
  Direct: 'D',
  Local: 'L',
  Multipath: 'M',
  Tunnel: 'T',
  RTarget: 'R',
  VPN: 'V',
  MPLS: 'M',
} as const satisfies Record<GatewayPathView['kind'], string>;

/** Width of the prefix in terse lines; a longer one stands on a line of its own. */
const TERSE_PREFIX = 18;

/** One line per entry and next hop. `V` is the validation state: `?` for routes that BGP learned. */
export function routeTerse(table: GatewayTableView): string {
  const lines = ['', tableHeader(table)];
  if (table.entries.length === 0) return `${lines.join('\n')}\n`;
  lines.push(
    ...legend(table),
    '',
    'A V Destination        P Prf   Metric 1   Metric 2  Next hop        AS path',
  );
  for (const route of table.entries) {
    for (const [i, path] of route.paths.entries()) {
      const bgp = path.kind === 'BGP';
      const name = i === 0 ? route.prefix : '';
      const lead = `${path.mark} ${bgp ? '?' : ' '} `;
      if (name.length > TERSE_PREFIX) lines.push(`${lead}${name}`);
      const head =
        (name.length > TERSE_PREFIX
          ? ' '.repeat(lead.length + TERSE_PREFIX)
          : `${lead}${name.padEnd(TERSE_PREFIX)}`) +
        ` ${protocolLetters[path.kind]}` +
        `${String(path.preference).padStart(4)}${numberText(bgp ? path.localPref : path.metric)}` +
        `${numberText(bgp ? path.med : path.kind === 'Multipath' ? path.metric2 : undefined)} `;
      const hops =
        path.nextHops.length > 0
          ? path.nextHops.map((hop) => `${hop.selected ? '>' : ' '}${hop.address ?? hop.interface}`)
          : [` ${unreachedText(path) ?? ''}`];
      if (bgp) {
        lines.push(`${head}${' '.repeat(17)}${pathText(path)}`);
        lines.push(`  unverified${' '.repeat(39)}${hops[0]!}`.trimEnd());
      } else lines.push(`${head}${hops[0]!}`.trimEnd());
      for (const hop of hops.slice(1)) lines.push(`${' '.repeat(51)}${hop}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function numberText(value: number | undefined): string {
  return (value === undefined ? '' : String(value)).padStart(11);
}
