/** A BGP peer as operators see it. */
import { type Negotiated, type Session, sessionDetail } from '@vaportrail/bgp';
import type { FamilyName } from '@vaportrail/bgp/wire';
import { ipv4Text } from '@vaportrail/net';
import type { GracefulRestartView, NeighborView } from '@vaportrail/show';

import type { BgpPeerConfig } from './config.ts';

/** What only the peer itself knows. */
interface PeerState extends Pick<NeighborView, 'paths' | 'routingTables' | 'retention'> {
  /** The AS of this node. */
  readonly asn: number;
  /** UPDATEs that had something wrong. */
  readonly problems: number;
  /** Families whose End-of-RIB came. */
  readonly endOfRibs: ReadonlySet<FamilyName>;
}

/** @param name what the configuration calls it, or its address */
export function bgpPeerView(
  name: string,
  config: BgpPeerConfig,
  session: Session,
  { asn, problems, endOfRibs, paths, routingTables, retention }: PeerState,
): NeighborView {
  const { counters, negotiated, endpoints, lastEnd, lastChange, lostAt, backlog } = session;
  const { received, sent } = counters;
  const established = session.state === 'Established';
  const peerAsn = config.asn ?? asn;
  return {
    name,
    address: config.address,
    protocol: 'bgp',
    type: peerAsn === asn ? 'internal' : 'external',
    state: config['admin-down'] ? 'Idle (administratively down)' : session.state,
    asn: peerAsn,
    localAsn: asn,
    ...(negotiated && { routerId: ipv4Text(negotiated.peerRouterId) }),
    ...(endpoints && { localAddress: endpoints.local.address }),
    passive: config.passive,
    ...(config.dynamic !== undefined && { dynamic: config.dynamic }),
    families: negotiated?.families ?? config.families,
    holdTime: negotiated?.holdTime ?? config['hold-time'],
    ...(lastChange && { lastTransition: { ...lastChange, at: new Date(lastChange.at).toISOString() } }),
    ...(lostAt !== undefined && { lostAt: new Date(lostAt).toISOString() }),
    authentication: config.password === undefined ? 'none' : 'md5',
    ...(negotiated?.gracefulRestart && { gracefulRestart: restartView(negotiated) }),
    ...(routingTables && { routingTables }),
    errors: problems,
    ...(established && { establishedAt: new Date(session.changedAt).toISOString() }),
    flaps: counters.flaps,
    ...(lastEnd && { lastError: lastEnd.text }),
    received: {
      messages: Object.values(received).reduce((sum, count) => sum + count, 0),
      octets: counters.octetsReceived,
      updates: received.update,
      opens: received.open,
      keepalives: received.keepalive,
      notifications: received.notification,
      endsOfRib: endOfRibs.size,
    },
    sent: {
      messages: Object.values(sent).reduce((sum, count) => sum + count, 0),
      octets: counters.octetsSent,
      updates: sent.update,
      opens: sent.open,
      keepalives: sent.keepalive,
      notifications: sent.notification,
    },
    paths,
    backlog,
    session: sessionDetail(session),
    ...(retention && { retention }),
    ...(config['prefix-limit'] !== undefined && { prefixLimit: config['prefix-limit'] }),
    ...(endpoints && { port: endpoints.remote.port }),
    ...(established && {
      endOfRib: Object.fromEntries((negotiated?.families ?? []).map((one) => [one, endOfRibs.has(one)])),
    }),
  };
}

function restartView({ gracefulRestart, longLived = [] }: Negotiated): GracefulRestartView {
  return {
    restartTime: gracefulRestart?.restartTime ?? 0,
    families: gracefulRestart?.families.map(({ family }) => family) ?? [],
    longLivedTime: Math.max(0, ...longLived.map(({ staleTime }) => staleTime)),
    longLivedFamilies: longLived.map(({ family }) => family),
  };
}
