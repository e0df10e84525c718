/** Forwarding tables as an operator sees them. */
import type { ForwardingNextHopView, ForwardingTableView } from '@vaportrail/show';
import type { ForwardingNextHop } from './forwarding-next-hop.ts';
import type { ForwardingTable } from './forwarding-table.ts';

/** One table, with the routes whose destination is wanted. @param index number of the table */
export function forwardingTableView(
  table: ForwardingTable,
  family: 'inet' | 'inet6',
  index: number,
  wanted: (destination: string) => boolean,
): ForwardingTableView {
  return {
    name: table.name,
    index,
    family,
    routes: table
      .routes()
      .filter(({ destination }) => wanted(destination))
      .map(({ destination, type, nextHop }) => ({
        destination: destination === '0.0.0.0/0' || destination === '::/0' ? 'default' : destination,
        type,
        references: 0,
        nextHop: nextHopView(nextHop),
      })),
  };
}

function nextHopView(nextHop: ForwardingNextHop): ForwardingNextHopView {
  const { index, references } = nextHop;
  switch (nextHop.type) {
    case 'unilist':
      return { type: 'ulst', index, references, members: nextHop.members.map(nextHopView) };
    case 'indirect':
      return { type: 'indr', index, references, members: [nextHopView(nextHop.target)] };
    case 'unicast':
      return {
        type: 'ucst',
        index,
        references,
        interface: nextHop.interface,
        ...(nextHop.label === undefined ? {} : { operation: `Push ${nextHop.label}` }),
        ...(nextHop.address === undefined ? {} : { address: nextHop.address }),
      };
    default: {
      const types = { reject: 'rjct', discard: 'dscd', local: 'locl', resolve: 'rslv' } as const;
      return {
        type: types[nextHop.type],
        index,
        references,
        ...(nextHop.interface === undefined ? {} : { interface: nextHop.interface }),
      };
    }
  }
}
