/**
 * BGP peers that are told the same in the same words: every attribute set is rewritten and encoded once for all of them, and
 * they are handed the same buffers.
 *
 * Who receives a route is a property of its attribute set: not the peer it came from, only those who want its route
 * targets, nobody in an AS it came through. So these differences need no groups of their own.
 */
import { type FamilyName, MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '@vaportrail/bgp/wire';
import { SET_FACTS, SET_TARGETS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { LABEL, MORE, MORE_MASK, SET, pathFlag } from './destinations.ts';
import { CHUNK, type Courier, Distribution } from './distribution.ts';
import { type EgressProfile, isReflected, keptFromAll } from './egress.ts';
import { OutgoingBatch } from './outgoing-batch.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY } from './receivers.ts';
import { RewrittenSets } from './rewritten-sets.ts';
import type { RouteStore } from './route-store.ts';
import type { RouteTargetFilter } from './route-target-filter.ts';
import type { Source } from './source.ts';
import { UpdateEncoder } from './update-encoder.ts';

/** Octets queued for a peer above which it is left behind, and below which it is taken along again. */
export const CONGESTED_OCTETS = 1 << 20;
const RELIEVED_OCTETS = 1 << 18;
/** A BGP peer as a member of an update group. */
export interface UpdateMember {
  /** Its session as a source of paths: it is not told its own routes. */
  readonly source: Source;
  /** Octets queued for it. */
  readonly backlog: number;
  /** It negotiated route target constraint and is sent only what it asked for. */
  readonly filterByRouteTarget: boolean;
  /** Takes whole UPDATE messages; the buffers are shared and must not be changed. */
  send(buffers: Uint8Array[]): void;
  /** It has been told the whole table: time for the End-of-RIB. */
  synchronised?(): void;
}

/** What a member does with its membership. */
export interface Membership {
  /** Its queue is empty again. */
  ready(): void;
  /**
   * Tells it the whole table again.
   * @param finished called when all of it has been sent, changes on the way included
   * @see RFC 2918 §4, RFC 7313 §4.2
   */
  refresh(finished?: () => void): void;
  /** Leaves the group. Nothing is sent any more. */
  leave(): void;
}

/** Whether a peer was told about a route, and why not. */
export interface Advertisement {
  readonly to: Source;
  readonly told: boolean;
  /** Absent when it was told. */
  readonly because: string | undefined;
}

class Peer {
  readonly member: UpdateMember;
  /** Called at the end of a refresh. */
  refreshed: (() => void) | undefined;
  #isNew = true;
  #congested = false;

  constructor(member: UpdateMember) {
    this.member = member;
  }

  get isCongested(): boolean {
    const { backlog } = this.member;
    if (backlog > CONGESTED_OCTETS) this.#congested = true;
    else if (backlog < RELIEVED_OCTETS) this.#congested = false;
    return this.#congested;
  }

  synchronised(): void {
    if (this.#isNew) this.member.synchronised?.();
    this.#isNew = false;
    this.refreshed?.();
    this.refreshed = undefined;
  }
}

export interface UpdateGroupSettings extends EgressProfile {
  readonly extendedMessage: boolean;
  /** A route is not told to a peer that itself supplied any path of it, best or not. */
  readonly sparesSuppliers: boolean;
}

export class UpdateGroup implements Courier {
  readonly settings: UpdateGroupSettings;
  /** @internal */
  readonly distribution: Distribution;
  readonly repeats = false;
  readonly #store: RouteStore;
  readonly #table: PackedTable;
  readonly #filter: RouteTargetFilter;
  readonly #encoder: UpdateEncoder;
  readonly #peers = new Map<number, Peer>();
  readonly #memberOf = new Map<number, number>();
  /** By attribute set: who shall receive it (plus one), under which serial and epoch of the group. */
  #receivers = new Int32Array(0);
  #receiversSerial = new Int32Array(0);
  #receiversEpoch = -1;
  #everybody = NOBODY;
  readonly #constrained: boolean;
  readonly #rewritten: RewrittenSets;
  readonly #outgoing: OutgoingBatch;
  /** Destinations with long-lived stale paths, which are told with other attributes. */
  readonly #stale: { readonly destination: number; readonly set: number; readonly to: number }[] = [];
  readonly #unreached = new Map<number, number[]>();
  #lastUnreachedTo = NOBODY;
  #lastUnreached: number[] = [];

  /** @internal Made by `Rib.updateGroup`. */
  constructor(
    store: RouteStore,
    table: PackedTable,
    family: FamilyName,
    filter: RouteTargetFilter,
    settings: UpdateGroupSettings,
  ) {
    this.#store = store;
    this.#table = table;
    this.#filter = filter;
    this.settings = settings;
    this.#encoder = new UpdateEncoder(
      table,
      family,
      settings.extendedMessage ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE,
    );
    this.#rewritten = new RewrittenSets(store, settings);
    this.#outgoing = new OutgoingBatch(store.pool, CHUNK);
    this.#constrained = table.layout.kind === 'prefix' && table.layout.distinguished;
    this.distribution = new Distribution(table, this);
  }

  /** UPDATE messages encoded so far. */
  get messages(): number {
    return this.#encoder.messages;
  }

  /** Members at present. */
  get size(): number {
    return this.#peers.size;
  }

  /** Takes a peer in; it is told the whole table in slices, and then every change. */
  join(member: UpdateMember): Membership {
    const peer = new Peer(member);
    const number = this.distribution.join(peer);
    this.#peers.set(number, peer);
    this.#memberOf.set(member.source.number, number);
    this.#receiversEpoch = -1;
    if (this.settings.sparesSuppliers) this.#table.everyPath = true;
    let left = false;
    return {
      ready: () => this.#table.touch(),
      refresh: (finished) => {
        if (left) return;
        peer.refreshed = finished;
        this.distribution.walk(number, 'again', true);
      },
      leave: () => {
        if (left) return;
        left = true;
        this.#peers.delete(number);
        this.#memberOf.delete(member.source.number);
        this.#receiversEpoch = -1;
        this.distribution.leave(number);
      },
    };
  }

  /** @internal What a peer wants changed. */
  interestsChanged(source: number): void {
    const number = this.#memberOf.get(source);
    if (number === undefined || !this.#peers.get(number)!.member.filterByRouteTarget) return;
    this.#receiversEpoch = -1;
    this.distribution.walk(number, 'difference');
  }

  receivers(destination: number, set: number): number {
    const { receivers } = this.distribution;
    if (this.#receiversEpoch !== receivers.epoch) this.#forgetReceivers();
    if (set >= this.#receivers.length) this.#makeRoom();
    const serial = this.#store.pool.serial(set);
    if (this.#receiversSerial[set] !== serial) {
      this.#receivers[set] = this.#receiversOf(set);
      this.#receiversSerial[set] = serial;
    }
    const all = this.#receivers[set]!;
    if (!this.settings.sparesSuppliers) return all;
    const { words, stride } = this.#table.destinations;
    return (words[destination * stride + MORE]! & MORE_MASK) === 0
      ? all
      : this.#withoutSuppliers(destination, all);
  }

  reach(destination: number, set: number, to: number): void {
    const { words, stride } = this.#table.destinations;
    const { longLived, internal } = this.settings;
    const isStale = (words[destination * stride + LABEL]! & pathFlag.longLivedStale) !== 0;
    if (!isStale) this.#outgoing.add(destination, set, to);
    else if (longLived || internal) this.#stale.push({ destination, set, to });
    // Another AS that does not know long-lived stale paths must not get them. @see RFC 9494 §4.3
    else this.unreach(destination, to);
  }

  unreach(destination: number, to: number): void {
    if (to !== this.#lastUnreachedTo) {
      this.#lastUnreachedTo = to;
      this.#lastUnreached = this.#unreached.get(to) ?? [];
      this.#unreached.set(to, this.#lastUnreached);
    }
    this.#lastUnreached.push(destination);
  }

  dispatch(): void {
    if (this.#unreached.size > 0) {
      for (const [to, destinations] of this.#unreached) this.#withdraw(destinations, to);
      this.#unreached.clear();
      this.#lastUnreachedTo = NOBODY;
    }
    if (!this.#outgoing.isEmpty) {
      this.#outgoing.forEach(this.#announce, this.#send);
      this.#outgoing.clear();
    }
    if (this.#stale.length > 0) this.#announceStale();
  }

  /** Encodes a bucket. */
  readonly #announce = (set: number, first: number, to: number): void => {
    const outgoing = this.#outgoing;
    const encoder = this.#encoder;
    const sendable = this.#rewritten.find(set, false);
    let unsendable: number[] | undefined;
    if (sendable) this.#open(set);
    for (let item = first, fresh = true; item !== 0; item = outgoing.next(item)) {
      const destination = outgoing.destination(item);
      if (sendable) {
        if (encoder.nlri(destination, false)) {
          fresh = false;
          continue;
        }
        if (!fresh) {
          this.#open(set);
          if (encoder.nlri(destination, false)) continue;
        }
      }
      // Kept back by policy, or the attributes fill a message: whoever had the route must not keep the old one.
      (unsendable ??= []).push(destination);
    }
    encoder.abandon();
    if (unsendable !== undefined) this.#withdraw(unsendable, to);
  };

  #announceStale(): void {
    for (const { destination, set, to } of this.#stale.splice(0)) {
      const sendable = this.#rewritten.find(set, true);
      if (sendable) this.#open(set);
      if (!sendable || !this.#encoder.nlri(destination, false)) this.#withdraw([destination], to);
      this.#encoder.abandon();
      this.#send(to);
    }
  }

  /** Opens a message with the attributes found last. */
  #open(set: number): void {
    const { pool } = this.#store;
    const { bytes, at, length } = this.#rewritten;
    const own = this.settings.nextHopSelf;
    const encoder = this.#encoder;
    if (own !== undefined) encoder.openReach(bytes, at, length, own, 0, own.length);
    else encoder.openReach(bytes, at, length, pool.arena.bytes, pool.nextHopAt(set), pool.nextHopLength(set));
  }

  #withdraw(destinations: readonly number[], to: number): void {
    const encoder = this.#encoder;
    encoder.openUnreach();
    for (const destination of destinations) {
      if (encoder.nlri(destination, true)) continue;
      encoder.openUnreach();
      encoder.nlri(destination, true);
    }
    encoder.close();
    this.#send(to);
  }

  /** Hands over what was encoded. */
  readonly #send = (to: number): void => {
    const buffers = this.#encoder.take();
    if (buffers.length === 0) return;
    for (const number of this.distribution.receivers.members(to)) {
      this.#peers.get(number)?.member.send(buffers);
    }
  };

  /** @internal Which members have been told about a destination, and why the others have not. */
  advertised(destination: number): Advertisement[] {
    const { identity, pool, sources } = this.#store;
    const set = this.#table.bestSet(destination);
    const source = set === 0 ? undefined : sources[pool.source(set)]!;
    const facts = pool.words[(set << SET_WORDS_SHIFT) + SET_FACTS]!;
    const held = this.distribution.held(destination);
    const wanted = set === 0 ? NOBODY : this.receivers(destination, set);
    const { receivers } = this.distribution;
    return [...this.#peers].map(([number, { member }]) => {
      const told = receivers.has(held, number);
      if (source === undefined) return { to: member.source, told, because: 'no path is feasible' };
      const because =
        keptFromAll(facts, source, this.settings, identity) ??
        this.#keptFrom(member, set, source) ??
        (receivers.has(wanted, number) ? undefined : 'it supplied a path of the route itself') ??
        (this.#rewritten.find(set, false) ? undefined : 'export policy keeps it back') ??
        (told ? undefined : 'its turn has not come yet');
      return { to: member.source, told: told && because === undefined, because };
    });
  }

  #receiversOf(set: number): number {
    const { identity, pool, sources } = this.#store;
    const record = set << SET_WORDS_SHIFT;
    const source = sources[pool.source(set)]!;
    if (keptFromAll(pool.words[record + SET_FACTS]!, source, this.settings, identity) !== undefined)
      return NOBODY;
    const to: number[] = [];
    for (const [number, { member }] of this.#peers) {
      if (this.#keptFrom(member, set, source) === undefined) to.push(number);
    }
    return to.length === this.#peers.size ? this.#everybody : this.distribution.receivers.of(to);
  }

  /** Why a member is not told paths with a set, though others of the group are. */
  #keptFrom(member: UpdateMember, set: number, source: Source): string | undefined {
    const peer = member.source;
    if (peer === source) return 'it is its own path';
    // Between clients and anybody, but not between two that are not. @see RFC 4456 §6
    if (isReflected(source, this.settings) && !source.client && !peer.client) {
      return 'it came from a peer that is not a client either';
    }
    if (!this.settings.internal) {
      const { asPath } = this.#store.sets.plain(set).attributes;
      if (asPath.some(({ asns }) => asns.includes(peer.asn))) return 'its AS is in the AS path';
    }
    if (this.#constrained && member.filterByRouteTarget) {
      const targetList = this.#store.pool.words[(set << SET_WORDS_SHIFT) + SET_TARGETS]!;
      if (!this.#filter.wants(peer.number, targetList)) return 'it asked for none of the route targets';
    }
    return undefined;
  }

  #withoutSuppliers(destination: number, all: number): number {
    const { receivers } = this.distribution;
    let left = all;
    this.#table.forEachPath(destination, (words, at) => {
      const member = this.#memberOf.get(this.#store.pool.source(words[at + SET]!));
      if (member !== undefined && receivers.has(left, member))
        left = receivers.minus(left, receivers.of([member]));
    });
    return left;
  }

  #forgetReceivers(): void {
    this.#receiversSerial.fill(0);
    this.#everybody = this.distribution.receivers.of(this.#peers.keys());
    this.#receiversEpoch = this.distribution.receivers.epoch;
  }

  #makeRoom(): void {
    const { capacity } = this.#store.pool;
    this.#receivers = larger(this.#receivers, capacity);
    this.#receiversSerial = larger(this.#receiversSerial, capacity);
  }
}

function larger(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}
