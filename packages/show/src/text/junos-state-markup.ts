/**
 * What is not a route as `| display json` and `| display xml` have it. The names are those of the Junos XML API; what
 * stands in `dynamic-tunnel-information` is not verified against a router.
 */
import type {
  DynamicTunnelView,
  DynamicTunnelsView,
  ForwardingNextHopView,
  ForwardingTableView,
  GatewayNeighborView,
} from '../gateway-views.ts';
import { detailAge } from './junos-age.ts';
import { type TableTotals, groupCount } from './junos-bgp.ts';
import { type Element, optional, text } from './junos-element.ts';

const NAMESPACE = 'http://xml.juniper.net/junos/18.4R1';

function information(name: string, schema: string, content: Element['content']): Element {
  return { name, attributes: { xmlns: `${NAMESPACE}/junos-${schema}` }, content };
}

/** `show bgp summary` */
export function bgpSummaryInformation(
  neighbors: readonly GatewayNeighborView[],
  tables: readonly TableTotals[],
): Element {
  return information('bgp-information', 'routing', [
    text('group-count', groupCount(neighbors)),
    text('peer-count', neighbors.length),
    text('down-peer-count', neighbors.filter(({ state }) => state !== 'Established').length),
    ...tables.map((table) => ({
      name: 'bgp-rib',
      content: [
        text('name', table.name),
        text('total-prefix-count', table.routes),
        text('active-prefix-count', table.active),
        text('suppressed-prefix-count', 0),
        text('pending-prefix-count', 0),
      ],
    })),
    ...neighbors.map((neighbor) => ({
      name: 'bgp-peer',
      content: [
        text('peer-address', neighbor.address),
        text('peer-as', neighbor.asn ?? 0),
        text('input-messages', neighbor.received.messages),
        text('output-messages', neighbor.sent.messages),
        text('route-queue-count', neighbor.backlog > 0 ? 1 : 0),
        text('flap-count', neighbor.flaps),
        text('elapsed-time', detailAge(neighbor.lastChange), {
          'junos:seconds': String(Math.floor(neighbor.lastChange)),
        }),
        text('peer-state', neighbor.state),
        ...neighbor.tables.map((table) => tableOf(table)),
      ],
    })),
  ]);
}

/** `show bgp neighbor` */
export function bgpNeighborInformation(neighbors: readonly GatewayNeighborView[]): Element {
  return information(
    'bgp-information',
    'routing',
    neighbors.map((neighbor) => {
      const port = (value: number | undefined): string => (value === undefined ? '' : `+${value}`);
      return {
        name: 'bgp-peer',
        content: [
          text('peer-address', `${neighbor.address}${port(neighbor.peerPort)}`),
          text('peer-as', neighbor.asn ?? 0),
          text('local-address', `${neighbor.localAddress ?? 'unspecified'}${port(neighbor.localPort)}`),
          text('local-as', neighbor.localAsn ?? 0),
          text('peer-group', neighbor.name),
          text('peer-type', neighbor.type === 'internal' ? 'Internal' : 'External'),
          text('peer-state', neighbor.state),
          text('last-error', neighbor.lastError ?? 'None'),
          ...(neighbor.families === undefined
            ? []
            : [text('nlri-type-session', neighbor.families.join(' '))]),
          ...optional('peer-id', neighbor.routerId),
          text('active-holdtime', neighbor.holdTime ?? 90),
          text('flap-count', neighbor.flaps),
          ...neighbor.tables.map((table) => tableOf(table)),
          text('input-messages', neighbor.received.messages),
          text('input-updates', neighbor.received.updates),
          text('input-octets', neighbor.received.octets),
          text('output-messages', neighbor.sent.messages),
          text('output-updates', neighbor.sent.updates),
          text('output-octets', neighbor.sent.octets),
        ],
      };
    }),
  );
}

function tableOf({
  name,
  active,
  received,
  accepted,
  damped,
}: GatewayNeighborView['tables'][number]): Element {
  return {
    name: 'bgp-rib',
    content: [
      text('name', name),
      text('active-prefix-count', active),
      text('received-prefix-count', received),
      text('accepted-prefix-count', accepted),
      text('suppressed-prefix-count', damped),
    ],
  };
}

/** `show route forwarding-table` */
export function forwardingInformation(tables: readonly ForwardingTableView[]): Element {
  return information(
    'forwarding-table-information',
    'rtinfo',
    tables.map((table) => ({
      name: 'route-table',
      content: [
        text('table-name', table.name),
        text('address-family', table.family === 'inet' ? 'Internet' : 'Internet6'),
        ...table.routes.map((route) => ({
          name: 'rt-entry',
          content: [
            text('rt-destination', route.destination),
            text('destination-type', route.type),
            text('route-reference-count', route.references),
            ...nextHops(route.nextHop),
          ],
        })),
      ],
    })),
  );
}

function nextHops(nextHop: ForwardingNextHopView): Element[] {
  const { address, type, operation, index, references, interface: via, members = [] } = nextHop;
  const own: Element = {
    name: 'nh',
    content: [
      ...optional('to', address),
      text('nh-type', operation ?? type),
      text('nh-index', index),
      text('nh-reference-count', references),
      ...optional('via', via),
    ],
  };
  return [own, ...members.flatMap(nextHops)];
}

/** `show interfaces` */
export function interfaceInformation(tunnels: readonly DynamicTunnelView[]): Element {
  return information(
    'interface-information',
    'interface',
    tunnels.map((tunnel) => ({
      name: 'logical-interface',
      content: [
        text('name', tunnel.interface),
        text('local-index', tunnel.index),
        text('snmp-index', tunnel.snmpIndex),
        text('encapsulation', tunnel.type === 'gre' ? 'GRE-NULL' : 'UDP-NULL'),
        text('ip-header', `${tunnel.destination}:${tunnel.source}`),
        {
          name: 'traffic-statistics',
          content: [text('input-packets', tunnel.inputPackets), text('output-packets', tunnel.outputPackets)],
        },
      ],
    })),
  );
}

/** `show dynamic-tunnels database` */
export function dynamicTunnelsInformation({ table, networks }: DynamicTunnelsView): Element {
  return information('dynamic-tunnel-information', 'routing', [
    text('table-name', table),
    ...networks.map((network) => ({
      name: 'dynamic-tunnel-network',
      content: [
        text('destination-network', network.prefix),
        ...network.tunnels.map((tunnel) => ({
          name: 'dynamic-tunnel',
          content: [
            text('tunnel-destination', `${tunnel.destination}/32`),
            text('tunnel-state', tunnel.state === 'up' ? 'Up' : 'Up (expiring)'),
            text('reference-count', tunnel.references),
            text('next-hop-type', tunnel.type),
            text('source-address', tunnel.source),
            text('next-hop', tunnel.interface),
          ],
        })),
      ],
    })),
  ]);
}

/** `show configuration`, as statements. */
export function configurationInformation(statements: readonly string[]): Element {
  const output = text('configuration-output', `${statements.join('\n')}\n`);
  return { name: 'configuration-information', content: [output] };
}
