/** `show route forwarding-table`, `show interfaces gr-…` and `show dynamic-tunnels database` as a Junos router prints them. */
import type {
  DynamicTunnelView,
  DynamicTunnelsView,
  ForwardingNextHopView,
  ForwardingRouteView,
  ForwardingTableView,
} from '../gateway-views.ts';

const familyNames = { inet: 'Internet', inet6: 'Internet6' } as const;
/** Widths of the columns; a label operation is longer than a type and pushes to the left. */
const DESTINATION = 18;
const NEXT_HOP = 18;
const TYPE = 5;

/** `show route forwarding-table`, of one table. */
export function forwardingTable(table: ForwardingTableView): string {
  const lines = [
    `Routing table: ${table.name}`,
    `${familyNames[table.family]}:`,
    'Enabled protocols: Bridging, All VLANs,',
    'Destination        Type RtRef Next hop           Type Index    NhRef Netif',
  ];
  for (const route of table.routes) {
    const head = `${route.destination.padEnd(DESTINATION)} ${route.type.padEnd(4)}${String(route.references).padStart(6)} `;
    const [first = '', ...rest] = nextHopRows(route.nextHop);
    lines.push(`${head}${first}`, ...rest.map((row) => `${' '.repeat(head.length)}${row}`));
  }
  return `${lines.join('\n')}\n`;
}

function nextHopRows(nextHop: ForwardingNextHopView): string[] {
  const type = nextHop.operation ?? nextHop.type;
  const row =
    `${(nextHop.address ?? '').padEnd(NEXT_HOP)}${type.padStart(TYPE)}${String(nextHop.index).padStart(9)}` +
    `${String(nextHop.references).padStart(6)}${nextHop.interface === undefined ? '' : ` ${nextHop.interface}`}`;
  return [row, ...(nextHop.members ?? []).flatMap(nextHopRows)];
}

const nextHopTypes: Readonly<Record<string, string>> = {
  ulst: 'unilist',
  indr: 'indirect',
  ucst: 'unicast',
  rjct: 'reject',
  dscd: 'discard',
  locl: 'local',
  rslv: 'resolve',
};

/** `show route forwarding-table extensive`, of one table. */
export function forwardingTableExtensive(table: ForwardingTableView): string {
  const lines = [`Routing table: ${table.name} [Index ${table.index}]`, `${familyNames[table.family]}:`, ''];
  for (const route of table.routes) lines.push(...extensiveRoute(route), '');
  return `${lines.join('\n')}\n`;
}

function extensiveRoute(route: ForwardingRouteView): string[] {
  return [
    `Destination:  ${route.destination}`,
    `  Route type: ${route.type === 'perm' ? 'permanent' : route.type === 'intf' ? 'interface' : route.type}`,
    `  Route reference: ${route.references}                   Route interface-index: 0`,
    '  Multicast RPF nh index: 0',
    '  P2mpidx: 0',
    '  Flags: sent to PFE',
    ...extensiveNextHop(route.nextHop),
  ];
}

function extensiveNextHop(nextHop: ForwardingNextHopView): string[] {
  const type = nextHop.operation ?? nextHopTypes[nextHop.type] ?? nextHop.type;
  const lines = [
    ...(nextHop.address === undefined ? [] : [`  Nexthop: ${nextHop.address}`]),
    `  Next-hop type: ${type.padEnd(21)}Index: ${String(nextHop.index).padEnd(9)}Reference: ${nextHop.references}`,
  ];
  if (nextHop.operation !== undefined) lines.push('  Load Balance Label: None');
  if (nextHop.interface !== undefined) lines.push(`  Next-hop interface: ${nextHop.interface}   Weight: 0x1`);
  return [...lines, ...(nextHop.members ?? []).flatMap(extensiveNextHop)];
}

/** IP protocol of the outer header and the word for the encapsulation. */
const outerHeaders = {
  gre: { protocol: 47, encapsulation: 'GRE-NULL' },
  udp: { protocol: 17, encapsulation: 'UDP-NULL' },
} as const;

/** A logical tunnel interface. The keepalive and MTU lines are those of a tunnel PIC with default settings. */
export function tunnelInterface(tunnel: DynamicTunnelView): string {
  const outer = outerHeaders[tunnel.type];
  return `${[
    `  Logical interface ${tunnel.interface} (Index ${tunnel.index}) (SNMP ifIndex ${tunnel.snmpIndex})`,
    '    Flags: Up Point-To-Point SNMP-Traps 0x4000',
    `    IP-Header ${tunnel.destination}:${tunnel.source}:${outer.protocol}:df:64:0000000800000000`,
    `    Encapsulation: ${outer.encapsulation}`,
    '    Copy-tos-to-outer-ip-header: Off, Copy-tos-to-outer-ip-header-transit: Off',
    '    Gre keepalives configured: Off, Gre keepalives adjacency state: down',
    `    Input packets : ${tunnel.inputPackets}`,
    `    Output packets: ${tunnel.outputPackets}`,
    '    Protocol inet, MTU: 9142',
    '    Max nh cache: 0, New hold nh limit: 0, Curr nh cnt: 0, Curr new hold cnt: 0, NH drop cnt: 0',
    '      Flags: None',
    '    Protocol mpls, MTU: 9130, Maximum labels: 3',
    '      Flags: None',
  ].join('\n')}\n`;
}

/** `show dynamic-tunnels database`. */
export function dynamicTunnelsDatabase(view: DynamicTunnelsView): string {
  const lines = ['*- Signal Tunnels #- PFE-down', `Table: ${view.table}`];
  for (const network of view.networks) {
    lines.push('', `Destination-network: ${network.prefix}`);
    for (const tunnel of network.tunnels) {
      lines.push(
        `Tunnel to: ${tunnel.destination}/32 State: ${tunnel.state === 'up' ? 'Up' : 'Up (expiring)'}`,
        `  Reference count: ${tunnel.references}`,
        `  Next-hop type: ${tunnel.type}`,
        `    Source address: ${tunnel.source}`,
        `    Next hop: ${tunnel.interface}`,
        '      State: Up',
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
