/** A BGP peer: its session, the paths it sends, and what it is told. */
import { isDeepStrictEqual } from 'node:util';
import {
  type Negotiated,
  Session,
  type SessionDown,
  type SessionMonitor,
  type Role,
  type SessionSettings,
  counterpart,
  endOfRib,
} from '@vaportrail/bgp';
import {
  type FamilyName,
  NotificationError,
  ceaseSubcode,
  errorCode,
  notificationOf,
} from '@vaportrail/bgp/wire';
import { type Clock, type Timer, ipv4Text, parseAddress } from '@vaportrail/net';
import { handleRefresh, type Membership, type Rib, type Source, type Table } from '@vaportrail/rib';
import {
  type GracefulRestartView,
  type Log,
  type NeighborView,
  addPathsSent,
  bgpRoles,
  isWorthALine,
  peerSessionSettings,
} from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';

import type { BgpPeerConfig, ControlNodeConfig, PeerFamily } from './config.ts';
import { pathsOf } from './node-tables.ts';
import { exportPolicy, importPolicy } from './peer-policy.ts';
import { PeerRecording } from './recorded-inputs.ts';
import { RestartHelper } from './restart-helper.ts';

/** Milliseconds to wait for a peer's route targets before its VPN routes are sent anyway. @see RFC 4684 §6 */
export const ROUTE_TARGET_WAIT = 30_000;

/** What a peer needs of the node. */
export interface BgpPeerOwner {
  readonly config: ControlNodeConfig;
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Log;
  readonly monitor: SessionMonitor;
  readonly recorder: Recorder | undefined;
  /** The table that routes of a family with peers come from and go to. */
  table(family: FamilyName): Table | undefined;
}

export class BgpPeer {
  readonly config: BgpPeerConfig;
  readonly name: string;
  readonly session: Session;
  readonly #owner: BgpPeerOwner;
  readonly #log: Log;
  /** While Established, and while its paths are kept for its return. */
  #source: Source | undefined;
  #restart: RestartHelper | undefined;
  readonly #told = new Map<FamilyName, Membership>();
  readonly #endOfRibs = new Set<FamilyName>();
  #routeTargetTimer: Timer | undefined;
  readonly #recording: PeerRecording | undefined;
  /** UPDATEs that had something wrong. */
  #problems = 0;

  constructor(config: BgpPeerConfig, owner: BgpPeerOwner) {
    this.config = config;
    this.name = config.name ?? config.address;
    this.#owner = owner;
    this.#log = owner.log.child({ peer: this.name, address: config.address });
    const recording = owner.recorder && new PeerRecording(owner.recorder);
    this.#recording = recording;
    const { asn, 'router-id': routerId } = owner.config;
    this.session = new Session(
      {
        local: {
          asn,
          routerId,
          ...(config['local-address'] !== undefined && { address: config['local-address'] }),
        },
        peer: { address: config.address, port: config.port, asn: config.asn ?? asn, passive: config.passive },
        ...peerSessionSettings(config),
        extendedNextHop: config['extended-next-hop'],
        ...restartCapabilities(config.families, owner.config['graceful-restart']),
      },
      {
        established: (negotiated) => this.#established(negotiated),
        update: (bytes, start, end) => this.#update(bytes, start, end),
        ...(recording && { heard: (bytes, start, end) => recording.received(bytes.subarray(start, end)) }),
        batchEnd: () => {
          this.#holdAgainstLimit();
          owner.rib.readOver();
        },
        routeFilters: (family) => this.#log.warn({ family }, 'outbound route filters are not acted on'),
        routeRefresh: (family, subtype) =>
          handleRefresh(family, subtype, this.#told.get(family), this.#source, (again, mark) =>
            this.session.sendRefresh(again, mark),
          ),
        down: (end) => this.#down(end),
        drained: () => {
          for (const membership of this.#told.values()) membership.ready();
        },
        failed: ({ text }) => this.#log.debug({ because: text }, 'no session'),
      },
      owner.clock,
    );
  }

  start(): void {
    if (!this.config['admin-down']) this.session.start();
  }

  /** Ends the session with a Cease, by default an administrative shutdown with a text for the other operator. */
  async stop(why: string | NotificationError): Promise<void> {
    await this.session.stop(why);
    this.#restart?.handle('given-up');
  }

  /** While Established, and while its paths are kept for its return. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** By family, how it is told routes. */
  get memberships(): ReadonlyMap<FamilyName, Membership> {
    return this.#told;
  }

  view(): NeighborView {
    const { session, config } = this;
    const { counters, negotiated, lastEnd, lastChange, lostAt } = session;
    const established = session.state === 'Established';
    const { asn } = this.#owner.config;
    const peerAsn = config.asn ?? asn;
    return {
      name: this.name,
      address: config.address,
      protocol: 'bgp',
      type: peerAsn === asn ? 'internal' : 'external',
      state: config['admin-down'] ? 'Idle (administratively down)' : session.state,
      asn: peerAsn,
      localAsn: asn,
      ...(negotiated && { routerId: ipv4Text(negotiated.peerRouterId) }),
      ...(session.endpoints && { localAddress: session.endpoints.local.address }),
      passive: config.passive,
      families: negotiated?.families ?? config.families,
      holdTime: negotiated?.holdTime ?? config['hold-time'],
      ...(lastChange && { lastTransition: { ...lastChange, at: new Date(lastChange.at).toISOString() } }),
      ...(lostAt !== undefined && { lostAt: new Date(lostAt).toISOString() }),
      authentication: config.password === undefined ? 'none' : 'md5',
      ...(negotiated?.gracefulRestart && { gracefulRestart: restartView(negotiated) }),
      routingTables: [...this.#told.keys()].flatMap((family) => this.#owner.table(family)?.name ?? []),
      errors: this.#problems,
      ...(established && { establishedAt: new Date(session.changedAt).toISOString() }),
      flaps: counters.flaps,
      ...(lastEnd && { lastError: lastEnd.text }),
      received: {
        messages: Object.values(counters.received).reduce((sum, count) => sum + count, 0),
        octets: counters.octetsReceived,
        updates: counters.received.update,
        opens: counters.received.open,
        keepalives: counters.received.keepalive,
        notifications: counters.received.notification,
        endsOfRib: this.#endOfRibs.size,
      },
      sent: {
        messages: Object.values(counters.sent).reduce((sum, count) => sum + count, 0),
        octets: counters.octetsSent,
        updates: counters.sent.update,
        opens: counters.sent.open,
        keepalives: counters.sent.keepalive,
        notifications: counters.sent.notification,
      },
      paths: this.#source === undefined ? 0 : pathsOf(this.#tables(), this.#source),
      backlog: session.backlog,
      ...(this.#restart && { retention: this.#restart.view() }),
      ...(config['prefix-limit'] !== undefined && { prefixLimit: config['prefix-limit'] }),
      ...(session.endpoints && { port: session.endpoints.remote.port }),
      ...(established && {
        endOfRib: Object.fromEntries(
          (negotiated?.families ?? []).map((one) => [one, this.#endOfRibs.has(one)]),
        ),
      }),
    };
  }

  #established(negotiated: Negotiated): void {
    this.#log.info({ families: negotiated.families, asn: negotiated.peerAsn }, 'session established');
    const { opens, endpoints } = this.session;
    if (opens !== undefined)
      this.#recording?.opened(this.config.address, endpoints?.remote.port ?? 0, opens.received);
    this.#source = this.#retained(negotiated) ?? this.#addSource(negotiated);
    this.#owner.monitor.established(this.session);
    // A peer without the capability sends no End-of-RIB. Its route targets take effect whenever they come.
    const marksEnd = negotiated.capabilities.some(({ type }) => type === 'graceful-restart');
    const constrained = negotiated.families.includes('route-target') && marksEnd;
    for (const family of negotiated.families) {
      if (!constrained || !isVpn(family)) this.#tell(family);
    }
    if (!constrained) return;
    this.#routeTargetTimer = this.#owner.clock.after(ROUTE_TARGET_WAIT, () => this.#tellVpnFamilies());
  }

  #addSource(negotiated: Negotiated): Source {
    const policy = importPolicy(this.config, !negotiated.internal);
    return this.#owner.rib.addSource({
      name: this.name,
      protocol: 'bgp',
      address: parseAddress(this.config.address),
      routerId: negotiated.peerRouterId,
      asn: negotiated.peerAsn,
      internal: negotiated.internal,
      client: negotiated.internal && this.#owner.config['cluster-id'] !== undefined,
      asn4: negotiated.asn4,
      addPath: negotiated.addPath.receive,
      ...(this.config.aigp !== undefined && { aigp: this.config.aigp }),
      ...this.#peerRole(negotiated),
      ...(policy && { importPolicy: policy }),
      endOfRib: (family) => this.#endOfRib(family),
    });
  }

  /** What the peer is to us, whether it said so itself or not; roles are for sessions with another AS. */
  #peerRole({ internal }: Negotiated): { peerRole?: Role } {
    const { role } = this.config;
    return role === undefined || internal ? {} : { peerRole: counterpart[bgpRoles[role]] };
  }

  /**
   * The source kept from the session before, with its stale paths, if the peer is the same and says that it went on
   * forwarding. Otherwise its paths go now. @see RFC 4724 §4.2
   */
  #retained(negotiated: Negotiated): Source | undefined {
    const source = this.#source;
    if (source === undefined) return undefined;
    const kept = negotiated.gracefulRestart?.families ?? [];
    const same =
      source.routerId === negotiated.peerRouterId &&
      source.asn === negotiated.peerAsn &&
      source.asn4 === negotiated.asn4 &&
      isDeepStrictEqual(source.addPath, negotiated.addPath.receive) &&
      kept.some(({ forwarding }) => forwarding);
    this.#restart?.handle(same ? 'returned' : 'given-up');
    return same ? source : undefined;
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.monitor.received(this.session, bytes, start, end);
    const problems = this.#source!.receiveUpdate(bytes, start, end);
    if (problems.length === 0) return;
    for (const problem of problems) {
      const count = ++this.#problems;
      if (!isWorthALine(count)) continue;
      this.#log.warn({ approach: problem.approach, attribute: problem.attribute, count }, problem.because);
    }
    // A family cannot be given up alone here: peers send all their families again after a reset. @see RFC 7606 §2
    const fatal = problems.find(
      ({ approach }) => approach === 'session-reset' || approach === 'afi-safi-disable',
    );
    if (fatal !== undefined) throw notificationOf(fatal);
  }

  /** @see RFC 4486 §4 */
  #holdAgainstLimit(): void {
    const limit = this.config['prefix-limit'];
    if (limit === undefined || this.#source === undefined) return;
    const count = pathsOf(this.#tables(), this.#source);
    if (count <= limit) return;
    this.#log.error({ count, limit }, 'more prefixes than the limit: the session stays down');
    const because = `${count} prefixes, the limit is ${limit}`;
    const cease = new NotificationError(errorCode.cease, ceaseSubcode.maximumPrefixes, undefined, because);
    void this.session.stop(cease);
  }

  #endOfRib(family: FamilyName): void {
    this.#endOfRibs.add(family);
    const { negotiated } = this.session;
    if (negotiated?.families.every((one) => this.#endOfRibs.has(one)) === true)
      this.#restart?.handle('end-of-rib');
    if (family === 'route-target') this.#tellVpnFamilies();
  }

  #tellVpnFamilies(): void {
    this.#routeTargetTimer?.cancel();
    for (const family of this.session.negotiated?.families ?? []) if (isVpn(family)) this.#tell(family);
  }

  #tell(family: FamilyName): void {
    const { session } = this;
    const { negotiated } = session;
    const source = this.#source;
    if (this.#told.has(family) || negotiated === undefined || source === undefined) return;
    const table = this.#owner.table(family);
    if (table === undefined) return;
    const group = this.#owner.rib.updateGroup({
      table,
      internal: negotiated.internal,
      localAsn: this.#owner.config.asn,
      asn4: negotiated.asn4,
      extendedMessage: negotiated.extendedMessage,
      extendedNextHop: negotiated.extendedNextHop.includes(family),
      aigp: this.config.aigp,
      longLived: negotiated.longLived !== undefined,
      ...this.#peerRole(negotiated),
      exportPolicy: exportPolicy(this.config, family, !negotiated.internal),
      // A reflector does not give a route back to those who have it. But that a peer wants a target does not tell it that
      // we want it too. @see RFC 4684 §3.2
      sparesSuppliers: this.#owner.config['cluster-id'] !== undefined && family !== 'route-target',
      ...(negotiated.addPath.send.includes(family) && {
        paths: addPathsSent((this.config['add-path'] ?? {})[family as PeerFamily]),
      }),
    });
    const membership = group.join({
      source,
      get backlog() {
        return session.backlog;
      },
      filterByRouteTarget: negotiated.families.includes('route-target'),
      send: (buffers, sent) => this.#write(buffers, sent),
      synchronised: () => this.#write([endOfRib(family)]),
    });
    this.#told.set(family, membership);
  }

  #write(buffers: readonly Uint8Array[], sent?: () => void): void {
    this.#owner.monitor.sent(this.session, buffers);
    this.session.write(buffers, sent);
  }

  #tables(): Table[] {
    return this.config.families.flatMap((family) => this.#owner.table(family) ?? []);
  }

  #down(end: SessionDown): void {
    const { text, retain, restartTime, longLived } = end;
    this.#log.warn({ because: text, retained: retain }, 'session lost');
    this.#recording?.closed(text);
    this.#owner.monitor.down(this.session, end);
    this.#routeTargetTimer?.cancel();
    for (const membership of this.#told.values()) membership.leave();
    this.#told.clear();
    this.#endOfRibs.clear();
    const source = this.#source;
    if (source === undefined) return;
    const config = this.#owner.config['graceful-restart'];
    if (!config.enabled || retain.length === 0) return this.#removeSource();
    if (this.#restart === undefined || this.#restart.state === 'gone') {
      const times = {
        restart: restartTime,
        longLived: Math.min(
          config['long-lived-restart-time'],
          ...longLived.map(({ staleTime }) => staleTime),
        ),
        endOfRib: config['end-of-rib-timeout'],
      };
      if (longLived.length === 0) times.longLived = 0;
      this.#restart = new RestartHelper(source, this.#owner.clock, times, (state) => {
        if (state === 'gone') this.#removeSource();
      });
    }
    this.#restart.handle('lost');
  }

  #removeSource(): void {
    if (this.#source !== undefined) this.#owner.rib.removeSource(this.#source);
    this.#source = undefined;
    this.#restart = undefined;
  }
}

function restartView({ gracefulRestart, longLived = [] }: Negotiated): GracefulRestartView {
  return {
    restartTime: gracefulRestart?.restartTime ?? 0,
    families: gracefulRestart?.families.map(({ family }) => family) ?? [],
    longLivedTime: Math.max(0, ...longLived.map(({ staleTime }) => staleTime)),
    longLivedFamilies: longLived.map(({ family }) => family),
  };
}

/** What the OPEN says of restarts: without families only that End-of-RIB is sent, as Contrail says it. */
function restartCapabilities(
  families: readonly FamilyName[],
  config: ControlNodeConfig['graceful-restart'],
): Pick<SessionSettings, 'gracefulRestart' | 'longLived'> {
  if (!config.enabled) return {};
  const staleTime = config['long-lived-restart-time'];
  const kept = families.map((family) => ({ family, forwarding: true }));
  return {
    gracefulRestart: { restartTime: config['restart-time'], families: kept },
    ...(staleTime > 0 && { longLived: kept.map((family) => ({ ...family, staleTime })) }),
  };
}

/** Families whose routes a peer may constrain by route target. */
function isVpn(family: FamilyName): boolean {
  return family.endsWith('-vpn') || family === 'inet-mvpn';
}
