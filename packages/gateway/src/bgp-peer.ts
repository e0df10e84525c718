/** One BGP peer of the gateway: its session, its paths in the RIB, what it is told. */
import { isDeepStrictEqual } from 'node:util';
import {
  OutgoingFamily,
  Session,
  administrativeReset,
  stillForwarded,
  wireAddress,
  type FamilyName,
  type Negotiated,
  type SessionDown,
  type SessionEnd,
  type SessionMonitor,
} from '@vaportrail/bgp';
import { mostSevere, notificationOf } from '@vaportrail/bgp/wire';
import { parseAddress, type Clock, type Timer } from '@vaportrail/net';
import {
  handleRefresh,
  type Membership,
  type Rib,
  softReset,
  type Source,
  type Table,
} from '@vaportrail/rib';
import {
  CLEARED,
  type ClearedView,
  type GatewayNeighborView,
  type Log,
  type LogBudget,
  type NeighborTableView,
  type SoftReset,
  addPathsSent,
  clearedView,
  peerSessionSettings,
} from '@vaportrail/show';
import { bgpPeerView } from './bgp-peer-view.ts';
import type { GatewayFamily, PeerConfig } from './config.ts';

/** What a peer needs of its gateway. */
export interface PeerOwner {
  readonly rib: Rib;
  readonly clock: Clock;
  /** For what peers cause. */
  readonly budget: LogBudget;
  readonly monitor: SessionMonitor;
  /** AS number of the router. */
  readonly asn: number;
  /** AS number shown to peers that have no `local-as` of their own. */
  readonly localAsn: number;
  readonly routerId: number;
  /** The table that the routes of a family are told from. */
  tableOf(family: FamilyName): Table | undefined;
  /** The tables in which paths of this peer may be, for its counts. */
  tables(): Iterable<Table>;
  /** Nothing is kept of a peer any more. */
  forgotten?(peer: BgpPeer): void;
}

/** Milliseconds that a peer that is back may take to its End-of-RIB: what it has not sent again then is gone. @see RFC 4724 §4.2 */
const REFRESH_TIME = 300_000;

/** Counted once for all peers: a look at every destination of a table. */
export type ActiveCounts = (table: Table, source: Source) => number;

/** One peer, configured or come by prefix, until {@link BgpPeer.stop}; other settings of it make another one. */
export class BgpPeer {
  readonly config: PeerConfig;
  readonly session: Session;
  /** AS number that this peer takes us for. */
  readonly localAsn: number;
  readonly #owner: PeerOwner;
  readonly #log: Log;
  #source: Source | undefined;
  readonly #memberships = new Map<FamilyName, Membership>();
  readonly #endsOfRib = new Set<FamilyName>();
  /** Ends the grace of a peer that is expected back, or of what it has not sent again since it is. */
  #grace: Timer | undefined;
  /** Why there is no session, as the log has it. */
  #absence: string | undefined;

  constructor(config: PeerConfig, owner: PeerOwner) {
    this.config = config;
    this.#owner = owner;
    this.#log = owner.budget.of(config.address).child({ peer: config.address });
    this.localAsn = config['local-as'] ?? owner.localAsn;
    const localAddress = config['local-address'];
    this.session = new Session(
      {
        local: {
          asn: this.localAsn,
          routerId: owner.routerId,
          ...(localAddress === undefined ? {} : { address: localAddress }),
        },
        peer: { address: config.address, port: config.port, asn: config.asn, passive: config.passive },
        ...peerSessionSettings(config),
        extendedNextHop: config['extended-next-hop'],
      },
      {
        established: (negotiated) => this.#established(negotiated),
        update: (bytes, start, end) => this.#update(bytes, start, end),
        routeFilters: (family) => this.#log.warn({ family }, 'outbound route filters are not acted on'),
        routeRefresh: (family, subtype) =>
          handleRefresh(family, subtype, this.#memberships.get(family), this.#source, (again, mark) =>
            this.session.sendRefresh(again, mark),
          ),
        drained: () => {
          for (const membership of this.#memberships.values()) membership.ready();
        },
        down: (end) => this.#down(end),
        failed: (end) => this.#failed(end),
      },
      owner.clock,
    );
  }

  /** `contrail`, or the address when it has no name. */
  get name(): string {
    return this.config.name ?? this.config.address;
  }

  /** Of its end of the session, as the configuration has it. */
  get address(): string {
    return this.config.address;
  }

  /** Its place in the RIB while it is Established, or away and expected back. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** Name of the task that owns its routes, as a Junos router tells it: with our AS number where that is not the router's. */
  get task(): string {
    const ours = this.localAsn === this.#owner.asn ? '' : `_${this.localAsn}`;
    return `BGP_${this.config.asn}${ours}.${this.config.address}`;
  }

  /** Connects, and again whenever the session is lost. */
  start(): void {
    this.session.start();
  }

  /** Takes the session down and all its routes out. */
  async stop(why = ''): Promise<void> {
    await this.session.stop(why);
    this.#forget();
  }

  /**
   * Does as an operator asks: a soft reset is one of routes, any other one of the session.
   * @throws ViewError when that is not possible now
   */
  clear(soft: SoftReset | undefined): ClearedView {
    if (soft === undefined) this.session.restart(administrativeReset(CLEARED));
    const families = soft === undefined ? [] : softReset(soft, this.session, this.#memberships);
    return clearedView(this.name, soft, this.session.state, families);
  }

  /** By family, how it is told routes. */
  get memberships(): ReadonlyMap<FamilyName, Membership> {
    return this.#memberships;
  }

  /** Whether a family is in use with this peer. */
  speaks(family: FamilyName): boolean {
    return this.#memberships.has(family);
  }

  /** @param active how many routes of a table have their best path from a source */
  view(active: ActiveCounts): GatewayNeighborView {
    const source = this.#source;
    return bgpPeerView(this.name, this.config, this.session, {
      localAsn: this.localAsn,
      now: this.#owner.clock.now(),
      endsOfRib: this.#endsOfRib,
      tables: source === undefined ? [] : this.#tableViews(source, active),
    });
  }

  #tableViews(source: Source, active: ActiveCounts): NeighborTableView[] {
    const views: NeighborTableView[] = [];
    for (const table of this.#owner.tables()) {
      const received = table.pathsOf(source);
      if (received === 0) continue;
      views.push({
        name: table.name,
        active: active(table, source),
        received,
        accepted: received,
        damped: 0,
      });
    }
    return views;
  }

  #established(negotiated: Negotiated): void {
    this.#absence = undefined;
    this.#endsOfRib.clear();
    this.#source = this.#returning(negotiated) ?? this.#newSource(negotiated);
    this.#owner.monitor.established(this.session);
    this.#log.info({ families: negotiated.families, asn: negotiated.peerAsn }, 'peer is up');
    // What we want to hear is told first, then what we have.
    for (const family of negotiated.families.toSorted((a) => (a === 'route-target' ? -1 : 0)))
      this.#join(family, this.#source, negotiated);
  }

  /**
   * The source kept from before, when the peer is the same as then, with its routes of the families for which it went on
   * forwarding. @see RFC 4724 §4.2
   */
  #returning(negotiated: Negotiated): Source | undefined {
    const source = this.#source;
    if (source === undefined) return undefined;
    const kept = stillForwarded(negotiated);
    if (
      source.routerId === negotiated.peerRouterId &&
      source.asn4 === negotiated.asn4 &&
      isDeepStrictEqual(source.addPath, negotiated.addPath.receive) &&
      source.internal === negotiated.internal &&
      kept.size > 0
    ) {
      this.#flushAllBut(kept, source);
      this.#grace?.cancel();
      this.#grace = this.#owner.clock.after(REFRESH_TIME, () => this.#refreshed());
      return source;
    }
    this.#forget();
    return undefined;
  }

  /** Paths of other families are not kept. */
  #flushAllBut(kept: ReadonlySet<FamilyName>, source: Source): void {
    for (const family of this.config.families) if (!kept.has(family)) source.flush(family);
  }

  /** It is back, and has sent all that it has. */
  #refreshed(): void {
    if (this.#grace === undefined) return;
    this.#grace.cancel();
    this.#grace = undefined;
    this.#source?.sweep();
  }

  #newSource(negotiated: Negotiated): Source {
    return this.#owner.rib.addSource({
      name: this.name,
      protocol: 'bgp',
      address: parseAddress(wireAddress(this.config.address)),
      routerId: negotiated.peerRouterId,
      asn: negotiated.peerAsn,
      internal: negotiated.internal,
      asn4: negotiated.asn4,
      addPath: negotiated.addPath.receive,
      ...(this.config.aigp !== undefined && { aigp: this.config.aigp }),
      endOfRib: (family) => this.#endOfRib(family),
    });
  }

  #join(family: FamilyName, source: Source, negotiated: Negotiated): void {
    const table = this.#owner.tableOf(family);
    if (table === undefined) return;
    const outgoing = new OutgoingFamily(family, negotiated, source, this.session, this.#owner.monitor);
    const group = this.#owner.rib.updateGroup({
      ...outgoing.format,
      table,
      localAsn: this.localAsn,
      aigp: this.config.aigp,
      exportPolicy: ownRoutesOnly,
      ...(negotiated.addPath.send.includes(family) && {
        paths: addPathsSent((this.config['add-path'] ?? {})[family as GatewayFamily]),
      }),
    });
    this.#memberships.set(family, group.join(outgoing));
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.monitor.received(this.session, bytes, start, end);
    const problems = this.#source?.receiveUpdate(bytes, start, end) ?? [];
    if (problems.length === 0) return;
    for (const problem of problems)
      this.#log.warn({ approach: problem.approach, attribute: problem.attribute }, problem.because);
    const worst = mostSevere(problems);
    if (worst?.approach === 'session-reset' || worst?.approach === 'afi-safi-disable')
      this.session.reset(notificationOf(worst));
  }

  #endOfRib(family: FamilyName): void {
    const expected = this.session.negotiated?.families;
    if (expected === undefined) return;
    this.#endsOfRib.add(family);
    if (expected.every((each) => this.#endsOfRib.has(each))) this.#refreshed();
  }

  #down(end: SessionDown): void {
    this.#log.warn({ direction: end.direction }, `peer is down: ${end.text}`);
    this.#owner.monitor.down(this.session, end);
    for (const membership of this.#memberships.values()) membership.leave();
    this.#memberships.clear();
    const source = this.#source;
    if (source === undefined || end.retain.length === 0 || end.restartTime === 0) return this.#forget();
    // What it has not sent again since it was lost before is not kept once more.
    this.#refreshed();
    this.#flushAllBut(new Set(end.retain), source);
    source.markStale();
    this.#grace = this.#owner.clock.after(end.restartTime * 1000, () => this.#forget());
  }

  /** Every attempt fails alike: what is new is worth a line. */
  #failed({ direction, text }: SessionEnd): void {
    this.#log[text === this.#absence ? 'debug' : 'info']({ direction }, `no session: ${text}`);
    this.#absence = text;
  }

  #forget(): void {
    this.#grace?.cancel();
    this.#grace = undefined;
    for (const membership of this.#memberships.values()) membership.leave();
    this.#memberships.clear();
    if (this.#source !== undefined) this.#owner.rib.removeSource(this.#source);
    this.#source = undefined;
    this.#owner.forgotten?.(this);
  }
}

/** A provider edge tells what it has itself, not what others told it: the labels of those are not its own. */
function ownRoutesOnly({ source }: { readonly source: Source }, encoded: Uint8Array): Uint8Array | undefined {
  return source.protocol === 'bgp' ? undefined : encoded;
}
