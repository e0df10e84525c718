/** A BGP peer of the gateway as operators see it. */
import { sessionDetail, type FamilyName, type Session } from '@vaportrail/bgp';
import { ipv4Text } from '@vaportrail/net';
import type { GatewayNeighborView, NeighborTableView } from '@vaportrail/show';
import type { PeerConfig } from './config.ts';

/** What only the peer itself knows. */
interface PeerState {
  /** AS number that the peer takes us for. */
  readonly localAsn: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Families whose End-of-RIB came. */
  readonly endsOfRib: ReadonlySet<FamilyName>;
  /** The tables that paths of the peer are in. */
  readonly tables: readonly NeighborTableView[];
}

/** @param name what the configuration calls it, or its address */
export function bgpPeerView(
  name: string,
  config: PeerConfig,
  session: Session,
  { localAsn, now, endsOfRib, tables }: PeerState,
): GatewayNeighborView {
  const { negotiated, counters, endpoints, lastEnd } = session;
  const families = negotiated?.families ?? config.families;
  return {
    name,
    address: config.address,
    protocol: 'bgp',
    type: config.asn === localAsn ? 'internal' : 'external',
    state: session.state,
    asn: config.asn,
    localAsn,
    passive: config.passive,
    ...(config.dynamic !== undefined && { dynamic: config.dynamic }),
    authentication: config.password === undefined ? 'none' : 'md5',
    families,
    holdTime: negotiated?.holdTime ?? config['hold-time'],
    flaps: counters.flaps,
    received: traffic(counters.received, counters.octetsReceived),
    sent: traffic(counters.sent, counters.octetsSent),
    paths: tables.reduce((most, { received }) => Math.max(most, received), 0),
    backlog: session.backlog,
    session: sessionDetail(session),
    lastChange: Math.max(0, (now - session.changedAt) / 1000),
    tables,
    endOfRib: Object.fromEntries(families.map((family) => [family, endsOfRib.has(family)])),
    ...(negotiated === undefined
      ? {}
      : {
          routerId: ipv4Text(negotiated.peerRouterId),
          establishedAt: new Date(session.changedAt).toISOString(),
          capabilities: [...new Set(negotiated.capabilities.map(({ type }) => type))],
        }),
    ...(endpoints === undefined
      ? config['local-address'] === undefined
        ? {}
        : { localAddress: config['local-address'] }
      : {
          localAddress: endpoints.local.address,
          localPort: endpoints.local.port,
          peerPort: endpoints.remote.port,
        }),
    ...(lastEnd === undefined ? {} : { lastError: lastEnd.text }),
  };
}

function traffic(counts: Session['counters']['received'], octets: number): GatewayNeighborView['received'] {
  const { open, update, notification, keepalive, routeRefresh } = counts;
  return {
    messages: open + update + notification + keepalive + routeRefresh,
    octets,
    updates: update,
    opens: open,
    keepalives: keepalive,
    notifications: notification,
  };
}
