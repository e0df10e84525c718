/** `ShowXmppServerReq`, `ShowXmppConnectionReq` and `ShowBgpServerReq`: connections, and what went over them. */
import type { NeighborView } from '@vaportrail/show';
import {
  type Field,
  type Fields,
  answer,
  bool,
  laidOut,
  number,
  strings,
  structure,
  structures,
  text,
} from '@vaportrail/show/sandesh';

import { socketStatistics, xmppConnection } from './layouts.ts';
import { lastChange } from './neighbors.ts';

/** `<ShowXmppServerResp>` */
export function xmppServerAnswer(connections: number, established: number, listening: string): string {
  return answer('ShowXmppServerResp', {
    xmpp_server: text(listening),
    current_connections: number(connections),
    current_channels: number(established),
  });
}

/** `<ShowXmppConnectionResp>`: agents, those that are kept while they are away as well. */
export function xmppConnectionsAnswer(neighbors: readonly NeighborView[], listening: string): string {
  const agents = neighbors.filter(({ protocol }) => protocol === 'xmpp');
  return answer('ShowXmppConnectionResp', {
    connections: structures(
      'ShowXmppConnection',
      agents.map((agent) => connectionFields(agent, listening)),
    ),
  });
}

function connectionFields(agent: NeighborView, listening: string): Fields {
  return laidOut(xmppConnection, {
    name: text(agent.name),
    deleted: bool(false),
    remote_endpoint: text(`${agent.address}:${agent.port ?? 0}`),
    local_endpoint: text(listening),
    state: text(agent.state),
    ...lastChange(agent),
    receivers: strings(agent.configuration === undefined ? ['BGP'] : ['BGP', 'IFMap']),
  });
}

/** `<ShowBgpServerResp>`: what BGP peers have sent and been sent since they were configured. */
export function bgpServerAnswer(neighbors: readonly NeighborView[]): string {
  const peers = neighbors.filter(({ protocol }) => protocol === 'bgp');
  const octets = (direction: 'received' | 'sent'): number =>
    peers.reduce((sum, peer) => sum + peer[direction].octets, 0);
  return answer('ShowBgpServerResp', {
    rx_socket_stats: statistics(octets('received')),
    tx_socket_stats: statistics(octets('sent')),
  });
}

/** Calls of sockets and how long they were blocked are not counted. */
function statistics(octets: number): Field {
  return structure(
    'SocketIOStats',
    laidOut(socketStatistics, {
      bytes: number(octets, 'u64'),
      calls: undefined,
      average_bytes: undefined,
      blocked_duration: undefined,
      blocked_count: undefined,
      average_blocked_duration: undefined,
      errors: undefined,
    }),
  );
}
