/** A BGP peer: its session, the paths it sends, and what it is told. */
import {
  type Negotiated,
  Session,
  type SessionDown,
  type SessionEnd,
  type SessionMonitor,
  administrativeReset,
  stillForwarded,
  wireAddress,
} from '@vaportrail/bgp';
import {
  type FamilyName,
  NotificationError,
  ceaseSubcode,
  errorCode,
  notificationOf,
} from '@vaportrail/bgp/wire';
import { type Clock, parseAddress } from '@vaportrail/net';
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
  type Log,
  type NeighborView,
  type SoftReset,
  ViewError,
  clearedView,
  isWorthALine,
  peerSessionSettings,
} from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';

import { AdjRibsOut } from './adj-ribs-out.ts';
import { bgpPeerView } from './bgp-peer-view.ts';
import type { BgpPeerConfig, ControlNodeConfig } from './config.ts';
import { pathsOf } from './node-tables.ts';
import { importPolicy, peerRole } from './peer-policy.ts';
import { isSameSpeaker, restartCapabilities, retentionTimes } from './peer-restart.ts';
import { PeerRecording } from './recorded-inputs.ts';
import { RestartHelper } from './restart-helper.ts';

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
  /** Nothing is kept of a peer any more. */
  forgotten(peer: BgpPeer): void;
}

/** One peer, configured or come by prefix, until {@link BgpPeer.stop}; other settings of it make another one. */
export class BgpPeer {
  readonly config: BgpPeerConfig;
  readonly name: string;
  readonly session: Session;
  readonly #owner: BgpPeerOwner;
  readonly #log: Log;
  /** While Established, and while its paths are kept for its return. */
  #source: Source | undefined;
  #restart: RestartHelper | undefined;
  readonly #told: AdjRibsOut;
  readonly #endOfRibs = new Set<FamilyName>();
  readonly #recording: PeerRecording | undefined;
  /** UPDATEs that had something wrong. */
  #problems = 0;
  /** It had more prefixes than its limit, and has to be cleared. */
  #isHeldDown = false;
  /** Why there is no session, as the log has it. */
  #absence: string | undefined;

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
          handleRefresh(family, subtype, this.memberships.get(family), this.#source, (again, mark) =>
            this.session.sendRefresh(again, mark),
          ),
        down: (end) => this.#down(end),
        drained: () => this.#told.ready(),
        failed: (end) => this.#failed(end),
      },
      owner.clock,
    );
    this.#told = new AdjRibsOut(config, this.session, owner);
  }

  /** Connects, and again whenever the session is lost, unless the peer is administratively down. */
  start(): void {
    if (!this.config['admin-down']) this.session.start();
  }

  /** Ends the session with a Cease, by default an administrative shutdown with a text for the other operator. */
  async stop(why: string | NotificationError): Promise<void> {
    await this.session.stop(why);
    this.#restart?.handle('given-up');
  }

  /**
   * Does as an operator asks: a soft reset is one of routes, any other one of the session, also where it stays down for its
   * prefixes.
   * @throws ViewError when that is not possible now
   */
  clear(soft: SoftReset | undefined): ClearedView {
    if (this.config['admin-down']) throw new ViewError(400, `${this.name} is administratively down`);
    if (soft === undefined) {
      this.#isHeldDown = false;
      this.session.restart(administrativeReset(CLEARED));
    }
    const families = soft === undefined ? [] : softReset(soft, this.session, this.memberships);
    return clearedView(this.name, soft, this.session.state, families);
  }

  /** Of its end of the session, as the configuration has it. */
  get address(): string {
    return this.config.address;
  }

  /** While Established, and while its paths are kept for its return. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** Whether there is something to remember of it while it is away. */
  get isExpected(): boolean {
    return this.#source !== undefined || this.#isHeldDown;
  }

  /** By family, how it is told routes. */
  get memberships(): ReadonlyMap<FamilyName, Membership> {
    return this.#told.memberships;
  }

  /** What operators see of it. */
  view(): NeighborView {
    return bgpPeerView(this.name, this.config, this.session, {
      asn: this.#owner.config.asn,
      problems: this.#problems,
      endOfRibs: this.#endOfRibs,
      routingTables: [...this.memberships.keys()].flatMap((family) => this.#owner.table(family)?.name ?? []),
      paths: this.#source === undefined ? 0 : pathsOf(this.#tables(), this.#source),
      ...(this.#restart && { retention: this.#restart.view() }),
    });
  }

  #established(negotiated: Negotiated): void {
    this.#log.info({ families: negotiated.families, asn: negotiated.peerAsn }, 'session established');
    this.#absence = undefined;
    const { opens, endpoints } = this.session;
    if (opens !== undefined)
      this.#recording?.opened(this.config.address, endpoints?.remote.port ?? 0, opens.received);
    this.#source = this.#retained(negotiated) ?? this.#addSource(negotiated);
    this.#owner.monitor.established(this.session);
    this.#told.open(negotiated, this.#source);
  }

  #addSource(negotiated: Negotiated): Source {
    const policy = importPolicy(this.config, !negotiated.internal);
    return this.#owner.rib.addSource({
      name: this.name,
      protocol: 'bgp',
      address: parseAddress(wireAddress(this.config.address)),
      routerId: negotiated.peerRouterId,
      asn: negotiated.peerAsn,
      internal: negotiated.internal,
      client: negotiated.internal && this.#owner.config['cluster-id'] !== undefined,
      asn4: negotiated.asn4,
      addPath: negotiated.addPath.receive,
      ...(this.config.aigp !== undefined && { aigp: this.config.aigp }),
      ...peerRole(this.config, negotiated),
      ...(policy && { importPolicy: policy }),
      endOfRib: (family) => this.#endOfRib(family),
    });
  }

  /**
   * The source kept from the session before, with its stale paths of the families for which the peer, if it is the same, says
   * that it went on forwarding. All others go now. @see RFC 4724 §4.2
   */
  #retained(negotiated: Negotiated): Source | undefined {
    const source = this.#source;
    if (source === undefined) return undefined;
    const kept = stillForwarded(negotiated);
    const same = kept.size > 0 && isSameSpeaker(source, negotiated);
    this.#restart?.handle(same ? 'returned' : 'given-up');
    if (!same) return undefined;
    this.#flushAllBut(kept, source);
    return source;
  }

  /** Paths of other families are not kept. */
  #flushAllBut(kept: ReadonlySet<FamilyName>, source: Source): void {
    for (const family of this.config.families) if (!kept.has(family)) source.flush(family);
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
    this.#isHeldDown = true;
    const cease = new NotificationError(errorCode.cease, ceaseSubcode.maximumPrefixes, undefined, because);
    void this.session.stop(cease);
  }

  #endOfRib(family: FamilyName): void {
    const { negotiated } = this.session;
    if (negotiated === undefined || this.#source === undefined) return;
    this.#endOfRibs.add(family);
    if (negotiated.families.every((one) => this.#endOfRibs.has(one))) this.#restart?.handle('end-of-rib');
    if (family === 'route-target') this.#told.tellVpnFamilies(negotiated, this.#source);
  }

  #tables(): Table[] {
    return this.config.families.flatMap((family) => this.#owner.table(family) ?? []);
  }

  /** Every attempt fails alike: what is new is worth a line. */
  #failed({ text }: SessionEnd): void {
    this.#log[text === this.#absence ? 'debug' : 'info']({ because: text }, 'no session');
    this.#absence = text;
  }

  #down(end: SessionDown): void {
    const { text, retain } = end;
    this.#log.warn({ because: text, retained: retain }, 'session lost');
    this.#recording?.closed(text);
    this.#owner.monitor.down(this.session, end);
    this.#told.close();
    this.#endOfRibs.clear();
    const source = this.#source;
    if (source === undefined) return;
    const config = this.#owner.config['graceful-restart'];
    if (!config.enabled || retain.length === 0) return this.#removeSource();
    this.#flushAllBut(new Set(retain), source);
    if (this.#restart === undefined || this.#restart.state === 'gone') {
      const times = retentionTimes(end, config);
      const longLived = new Set(end.longLived.map(({ family }) => family));
      this.#restart = new RestartHelper(source, this.#owner.clock, times, (state) => {
        if (state === 'long-lived') this.#flushAllBut(longLived, source);
        if (state === 'gone' && this.#source === source) this.#removeSource();
      });
    }
    this.#restart.handle('lost');
  }

  #removeSource(): void {
    const [source, restart] = [this.#source, this.#restart];
    this.#source = undefined;
    this.#restart = undefined;
    // It may be in the middle of a return, and wait for an End-of-RIB.
    restart?.handle('given-up');
    if (source !== undefined) this.#owner.rib.removeSource(source);
    this.#owner.forgotten(this);
  }
}
