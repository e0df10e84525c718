/** `show bgp summary` and `show bgp neighbor` as a Junos router prints them. */
import type { GatewayNeighborView, GatewayTableView, NeighborTableView } from '../gateway-views.ts';
import { detailAge } from './junos-age.ts';

/** Totals of a table that BGP fills. */
export type TableTotals = Pick<GatewayTableView, 'name' | 'routes' | 'active'>;

/** `show bgp summary`. */
export function bgpSummary(
  neighbors: readonly GatewayNeighborView[],
  tables: readonly TableTotals[],
): string {
  const down = neighbors.filter((neighbor) => neighbor.state !== 'Established').length;
  const lines = [
    `Groups: ${groupCount(neighbors)} Peers: ${neighbors.length} Down peers: ${down}`,
    'Table          Tot Paths  Act Paths Suppressed    History Damp State    Pending',
  ];
  for (const table of tables) {
    const counts = [table.routes, table.active, 0, 0, 0, 0]
      .map((count) => String(count).padStart(11))
      .join('');
    lines.push(table.name, `${' '.repeat(13)}${counts}`);
  }
  lines.push(
    'Peer                     AS      InPkt     OutPkt    OutQ   Flaps Last Up/Dwn State|#Active/Received/Accepted/Damped...',
  );
  for (const neighbor of neighbors) {
    const established = neighbor.state === 'Established';
    lines.push(
      neighbor.address.padEnd(15) +
        ` ${String(neighbor.asn ?? 0).padStart(11)}` +
        ` ${String(neighbor.received.messages).padStart(10)} ${String(neighbor.sent.messages).padStart(10)}` +
        ` ${String(neighbor.backlog > 0 ? 1 : 0).padStart(7)} ${String(neighbor.flaps).padStart(7)}` +
        ` ${detailAge(neighbor.lastChange).padStart(11)} ${established ? 'Establ' : neighbor.state}`,
    );
    if (established) for (const table of neighbor.tables) lines.push(`  ${table.name}: ${countsText(table)}`);
  }
  return `${lines.join('\n')}\n`;
}

function countsText(table: NeighborTableView): string {
  return `${table.active}/${table.received}/${table.accepted}/${table.damped}`;
}

/** Internal and external peers are a group each. */
export function groupCount(neighbors: readonly GatewayNeighborView[]): number {
  return new Set(neighbors.map(({ type }) => type)).size;
}

/** `show bgp neighbor`, of one. */
export function bgpNeighbor(neighbor: GatewayNeighborView): string {
  const established = neighbor.state === 'Established';
  const port = (value: number | undefined): string => (value === undefined ? '' : `+${value}`);
  const lines = [
    `Peer: ${neighbor.address}${port(neighbor.peerPort)} AS ${neighbor.asn ?? 0}` +
      ` Local: ${neighbor.localAddress ?? 'unspecified'}${port(neighbor.localPort)} AS ${neighbor.localAsn ?? 0}`,
    `  Group: ${neighbor.name}`,
    `  Type: ${neighbor.type === 'internal' ? 'Internal' : 'External'}    State: ${neighbor.state}    Flags: <${established ? 'Sync' : ''}>`,
    `  Last Error: ${neighbor.lastError ?? 'None'}`,
    `  Options: <${neighbor.passive === true ? 'Passive ' : ''}LocalAddress AddressFamily>`,
  ];
  if (neighbor.families !== undefined)
    lines.push(`  Address families configured: ${neighbor.families.join(' ')}`);
  lines.push(
    `  Holdtime: ${neighbor.holdTime ?? 90} Preference: 170`,
    `  Number of flaps: ${neighbor.flaps}`,
  );
  if (established) {
    lines.push(
      `  Peer ID: ${neighbor.routerId ?? '0.0.0.0'}    Active Holdtime: ${neighbor.holdTime ?? 90}`,
      `  NLRI for this session: ${(neighbor.families ?? []).join(' ')}`,
    );
    for (const table of neighbor.tables) {
      lines.push(
        `  Table ${table.name}`,
        `    Active prefixes:              ${table.active}`,
        `    Received prefixes:            ${table.received}`,
        `    Accepted prefixes:            ${table.accepted}`,
        `    Suppressed due to damping:    ${table.damped}`,
      );
    }
  }
  lines.push(
    `  Input messages:  Total ${neighbor.received.messages}  Updates ${neighbor.received.updates}  Octets ${neighbor.received.octets}`,
    `  Output messages: Total ${neighbor.sent.messages}  Updates ${neighbor.sent.updates}  Octets ${neighbor.sent.octets}`,
    `  Output Queue: ${neighbor.backlog} octets`,
  );
  return `${lines.join('\n')}\n`;
}
