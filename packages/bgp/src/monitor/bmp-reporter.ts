/** What one BMP station is told: sessions, what they say before any policy, what they are told, and the Loc-RIB. */
import { parseAddress, type Clock, type Timer } from '@vaportrail/net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import {
  peerDown,
  peerUp,
  routeMonitoring,
  statisticsReport,
  type BmpPeerDownReason,
} from '../bmp/message.ts';
import type { BmpPeer } from '../bmp/peer-header.ts';
import { BmpStation } from '../bmp/station.ts';
import { families, type FamilyName } from '../families/table.ts';
import { endOfRib } from '../session/end-of-rib.ts';
import type { SessionEnd } from '../session/session-end.ts';
import type { Session } from '../session/session.ts';
import { frameMessage, messageType, messagesIn } from '../wire/header.ts';
import { encodeOpen } from '../wire/open.ts';
import type { LocRibInstance, MonitoredTables } from './monitored-tables.ts';

/** Where a station is, and what it is told. */
export interface BmpReporterSettings {
  readonly address: string;
  readonly port: number;
  /** Whether the station hears what peers are told. @see RFC 8671 */
  readonly adjRibOut: boolean;
  /** Seconds between two statistics reports. */
  readonly statistics: number;
  readonly sysName: string;
  readonly sysDescription: string;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/** A routing instance as a station knows it. */
interface ToldInstance {
  readonly identity: object;
  readonly peer: BmpPeer;
  readonly unfollow: () => void;
}

/** A table waits when so many octets wait for the station. */
const HIGH_WATER = 4 * 1024 * 1024;
const TYPE_AT = 18;
/** Routes sent before other work gets its turn. */
const SLICE = 256;

/** One for each station; what it tells begins anew with every connection. */
export class BmpReporter {
  readonly #station: BmpStation;
  readonly #settings: BmpReporterSettings;
  readonly #tables: MonitoredTables;
  readonly #sessions = new Map<Session, BmpPeer>();
  /** Counts connections: a table that is being sent to a connection before this one stops. */
  #connection = 0;
  /** Instances the station knows, by name. */
  readonly #instances = new Map<string, ToldInstance>();
  #statistics: Timer | undefined;

  constructor(settings: BmpReporterSettings, tables: MonitoredTables) {
    this.#settings = settings;
    this.#tables = tables;
    this.#station = new BmpStation({
      ...settings,
      connected: () => void this.#connected().catch((error: Error) => settings.log(error.message)),
    });
  }

  /** Connects, and again whenever the connection is lost. */
  start(): void {
    this.#station.start();
    this.#report();
  }

  /** Tells nothing any more. */
  stop(): void {
    this.#statistics?.cancel();
    this.#connection++;
    this.#forget();
    this.#station.stop();
  }

  /** A session is up. */
  established(session: Session): void {
    const { negotiated, endpoints } = session;
    if (negotiated === undefined || endpoints === undefined) return;
    const peer: BmpPeer = {
      view: 'adj-rib-in-pre',
      address: parseAddress(endpoints.remote.address),
      asn: negotiated.peerAsn,
      routerId: negotiated.peerRouterId,
      asn4: negotiated.asn4,
    };
    this.#sessions.set(session, peer);
    this.#tellUp(session, peer);
  }

  /** One UPDATE of a peer, as it came. */
  received(session: Session, message: Uint8Array): void {
    const peer = this.#sessions.get(session);
    if (peer === undefined || !this.#station.isConnected) return;
    this.#station.send(routeMonitoring(peer, this.#now, message));
  }

  /** Whether it has any use for {@link sent} now. */
  get wantsSent(): boolean {
    return this.#settings.adjRibOut && this.#station.isConnected;
  }

  /** One message to a peer, behind every policy. Its octets are copied. */
  sent(session: Session, message: Uint8Array): void {
    const peer = this.#sessions.get(session);
    if (peer === undefined || !this.wantsSent || message[TYPE_AT] !== messageType.update) return;
    this.#station.send(routeMonitoring({ ...peer, view: 'adj-rib-out-post' }, this.#now, message));
  }

  /** A session is over. */
  down(session: Session, end: SessionEnd): void {
    const peer = this.#sessions.get(session);
    if (peer === undefined) return;
    this.#sessions.delete(session);
    this.#station.send(peerDown(peer, this.#now, downReason(end)));
  }

  /** There are other routing instances than before: the station hears of those that came, and that the others went. */
  instancesChanged(): void {
    if (!this.#station.isConnected) return;
    const there = this.#tables.locRib();
    for (const [tableName, { identity, peer, unfollow }] of this.#instances) {
      if (there.some((instance) => instance.identity === identity)) continue;
      this.#instances.delete(tableName);
      unfollow();
      this.#station.send(peerDown(peer, this.#now, { reason: 'loc-rib', tableName }));
    }
    for (const instance of there)
      void this.#sendInstance(this.#connection, instance).catch((error: Error) =>
        this.#settings.log(error.message),
      );
  }

  get #now(): number {
    return this.#settings.clock.now();
  }

  #tellUp(session: Session, peer: BmpPeer): void {
    const { opens, endpoints } = session;
    if (opens === undefined || endpoints === undefined) return;
    const up = peerUp(peer, this.#now, {
      localAddress: parseAddress(endpoints.local.address),
      localPort: endpoints.local.port,
      remotePort: endpoints.remote.port,
      sentOpen: opens.sent,
      receivedOpen: opens.received,
    });
    this.#station.send(up);
  }

  async #connected(): Promise<void> {
    const connection = ++this.#connection;
    this.#forget();
    for (const [session, peer] of this.#sessions) this.#tellUp(session, peer);
    for (const [session, peer] of this.#sessions) {
      // The tables keep AS numbers as the session brought them, and these UPDATEs have four octets.
      const wide = { ...peer, asn4: true };
      await this.#send(connection, wide, this.#tables.routesOf(session));
      for (const family of session.negotiated?.families ?? [])
        if (this.#connection === connection)
          this.#station.send(routeMonitoring(wide, this.#now, endOfRib(family)));
      if (this.#settings.adjRibOut) await this.#sendTold(connection, session, peer);
    }
    for (const instance of this.#tables.locRib()) await this.#sendInstance(connection, instance);
  }

  async #sendInstance(connection: number, instance: LocRibInstance): Promise<void> {
    if (this.#connection !== connection || this.#instances.has(instance.name)) return;
    const peer = this.#locRibPeer(instance);
    const open = this.#locRibOpen(instance.families);
    const up = {
      localAddress: new Uint8Array(16),
      localPort: 0,
      remotePort: 0,
      sentOpen: open,
      receivedOpen: open,
    };
    this.#station.send(peerUp(peer, this.#now, { ...up, tableName: instance.name }));
    const unfollow = instance.follow((update) => {
      if (this.#station.isConnected) this.#station.send(routeMonitoring(peer, this.#now, update));
    });
    const told = { identity: instance.identity, peer, unfollow };
    this.#instances.set(instance.name, told);
    const isCurrent = (): boolean => this.#instances.get(instance.name) === told;
    await this.#send(connection, peer, whileTrue(isCurrent, instance.routes()));
    for (const family of instance.families)
      if (this.#connection === connection && isCurrent())
        this.#station.send(routeMonitoring(peer, this.#now, endOfRib(family)));
  }

  /** Sends a table as fast as the station takes it, in slices. */
  async #send(connection: number, peer: BmpPeer, updates: Iterable<Uint8Array>): Promise<void> {
    let slice = 0;
    for (const update of updates) {
      this.#station.send(routeMonitoring(peer, this.#now, update));
      if (++slice < SLICE) continue;
      slice = 0;
      await turn();
      while (this.#station.backlog > HIGH_WATER && this.#connection === connection)
        await sleep(10, undefined, { ref: false });
      if (this.#connection !== connection || !this.#station.isConnected) return;
    }
  }

  /** Sends what a peer has been told so far; what it is told from now on comes by {@link sent}. */
  async #sendTold(connection: number, session: Session, peer: BmpPeer): Promise<void> {
    const station = this.#station;
    const out = { ...peer, view: 'adj-rib-out-post' } as const;
    const awaited = new Set<FamilyName>();
    const observation = this.#tables.observe(session, {
      get backlog() {
        return station.backlog;
      },
      send: (buffers, sent) => {
        for (const buffer of buffers)
          for (const message of messagesIn(buffer)) station.send(routeMonitoring(out, this.#now, message));
        sent();
      },
      synchronised: (family) => {
        awaited.delete(family);
        station.send(routeMonitoring(out, this.#now, endOfRib(family)));
      },
    });
    if (observation === undefined) return;
    for (const family of observation.families) awaited.add(family);
    while (awaited.size > 0 && this.#connection === connection && this.#sessions.get(session) === peer) {
      await sleep(10, undefined, { ref: false });
      observation.ready();
    }
    observation.leave();
  }

  #locRibPeer({ distinguisher }: LocRibInstance): BmpPeer {
    const { asn, routerId } = this.#tables;
    const instance = distinguisher === undefined ? {} : { distinguisher };
    return { view: 'loc-rib', address: new Uint8Array(16), asn, routerId, asn4: true, ...instance };
  }

  /** OPENs that nobody sent: they say which families there are. @see RFC 9069 §5.2 */
  #locRibOpen(names: readonly FamilyName[]): Uint8Array {
    const { asn, routerId } = this.#tables;
    const multiprotocol = names.map((name) => {
      const { afi, safi } = families[name];
      return { type: 'multiprotocol', afi, safi } as const;
    });
    const capabilities = [...multiprotocol, { type: 'four-octet-as', asn } as const];
    return frameMessage(
      messageType.open,
      encodeOpen({ type: 'open', asn, holdTime: 0, routerId, capabilities }),
    );
  }

  #report(): void {
    const { clock, statistics } = this.#settings;
    this.#statistics = clock.after(statistics * 1000, () => {
      for (const [session, peer] of this.#sessions) {
        const adjRibInRoutes = this.#tables.countOf(session);
        this.#station.send(statisticsReport(peer, this.#now, { adjRibInRoutes }));
      }
      this.#report();
    });
  }

  #forget(): void {
    for (const { unfollow } of this.#instances.values()) unfollow();
    this.#instances.clear();
  }
}

/** @see RFC 7854 §4.9 */
function downReason({ direction, code = 0, subcode = 0 }: SessionEnd): BmpPeerDownReason {
  if (direction === 'transport') return { reason: 'remote-closed' };
  const notification = frameMessage(messageType.notification, Uint8Array.of(code, subcode));
  return { reason: direction === 'sent' ? 'local-notification' : 'remote-notification', notification };
}

/** The items as long as somebody is interested in them. */
function* whileTrue<T>(isWanted: () => boolean, items: Iterable<T>): Generator<T> {
  for (const item of items) {
    if (!isWanted()) return;
    yield item;
  }
}
