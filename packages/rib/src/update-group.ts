/**
 * BGP peers that are told the same in the same words: every attribute set is rewritten and encoded once for all of them, and
 * they are handed the same buffers.
 *
 * Who receives a route is a property of its attribute set: not the peer it came from, only those who want its route
 * targets, nobody in an AS it came through. So these differences need no groups of their own.
 */
import { type FamilyName, MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '@vaportrail/bgp/wire';
import { SET_CHAIN, SET_FACTS, SET_TARGETS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { ByteArena } from './byte-arena.ts';
import { LABEL, MORE, MORE_MASK, SET, pathFlag } from './destinations.ts';
import { CHUNK, type Courier, Distribution } from './distribution.ts';
import { Egress, type EgressProfile, isReflected, keptFromAll } from './egress.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY } from './receivers.ts';
import type { RouteStore } from './route-store.ts';
import type { RouteTargetFilter } from './route-target-filter.ts';
import type { Source } from './source.ts';
import { UpdateEncoder } from './update-encoder.ts';

/** Octets queued for a peer above which it is left behind, and below which it is taken along again. */
export const CONGESTED_OCTETS = 1 << 20;
const RELIEVED_OCTETS = 1 << 18;
/** Octets of rewritten attributes remembered per group. */
const MOST_REMEMBERED = 1 << 26;

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
  /** Tells it the whole table again. @see RFC 2918 §4 */
  refresh(): void;
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
    this.member.synchronised?.();
  }
}

/**
 * Destinations to be told to the same members with the same attribute set, chained; words of a bucket.
 */
const BUCKET_WORDS = 6;
const B_SET = 0;
const B_TO = 1;
const B_FIRST = 2;
const B_LAST = 3;
/** Next bucket with the same set, and with the same members. */
const B_NEXT_OF_SET = 4;
const B_NEXT_OF_MEMBERS = 5;

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
  readonly #egress: Egress;
  readonly #constrained: boolean;
  /** By attribute set: its attributes as the members get them, in an arena, with the serial they hold for. */
  readonly #rewritten = new ByteArena();
  #rewrittenAt = new Int32Array(0);
  #rewrittenLength = new Int32Array(0);
  #rewrittenSerial = new Int32Array(0);
  /** Of the chunk in work: destinations, the next one of the same bucket, and the buckets, all from 1. */
  readonly #destinations = new Int32Array(CHUNK + 1);
  readonly #next = new Int32Array(CHUNK + 1);
  readonly #buckets = new Int32Array((CHUNK + 1) * BUCKET_WORDS);
  #items = 0;
  /** Items with long-lived stale paths, which are told with other attributes. */
  readonly #stale: { readonly item: number; readonly set: number; readonly to: number }[] = [];
  #bucketCount = 0;
  /** First and last bucket for the same members. */
  readonly #bucketsOf = new Map<number, { readonly first: number; last: number }>();
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
    this.#egress = new Egress(settings, store.identity);
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
      refresh: () => {
        if (!left) this.distribution.walk(number, 'again');
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
    const item = ++this.#items;
    this.#destinations[item] = destination;
    this.#next[item] = 0;
    const { destinations } = this.#table;
    if ((destinations.words[destination * destinations.stride + LABEL]! & pathFlag.longLivedStale) !== 0) {
      this.#stale.push({ item, set, to });
      return;
    }
    const { words } = this.#store.pool;
    const buckets = this.#buckets;
    const chain = (set << SET_WORDS_SHIFT) + SET_CHAIN;
    const newest = words[chain]!;
    for (let bucket = newest; bucket !== 0; bucket = buckets[bucket * BUCKET_WORDS + B_NEXT_OF_SET]!) {
      const at = bucket * BUCKET_WORDS;
      if (buckets[at + B_TO] !== to) continue;
      this.#next[buckets[at + B_LAST]!] = item;
      buckets[at + B_LAST] = item;
      return;
    }
    const bucket = ++this.#bucketCount;
    const at = bucket * BUCKET_WORDS;
    buckets[at + B_SET] = set;
    buckets[at + B_TO] = to;
    buckets[at + B_FIRST] = item;
    buckets[at + B_LAST] = item;
    buckets[at + B_NEXT_OF_SET] = newest;
    buckets[at + B_NEXT_OF_MEMBERS] = 0;
    words[chain] = bucket;
    const same = this.#bucketsOf.get(to);
    if (same === undefined) this.#bucketsOf.set(to, { first: bucket, last: bucket });
    else {
      buckets[same.last * BUCKET_WORDS + B_NEXT_OF_MEMBERS] = bucket;
      same.last = bucket;
    }
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
    if (this.#items === 0) return;
    const { words } = this.#store.pool;
    const buckets = this.#buckets;
    for (let bucket = 1; bucket <= this.#bucketCount; bucket++) {
      words[(buckets[bucket * BUCKET_WORDS + B_SET]! << SET_WORDS_SHIFT) + SET_CHAIN] = 0;
    }
    for (const [to, { first }] of this.#bucketsOf) {
      for (let bucket = first; bucket !== 0;) {
        const at = bucket * BUCKET_WORDS;
        this.#announce(buckets[at + B_SET]!, buckets[at + B_FIRST]!, to, false);
        bucket = buckets[at + B_NEXT_OF_MEMBERS]!;
      }
      this.#send(to);
    }
    for (const { item, set, to } of this.#stale.splice(0)) {
      this.#announce(set, item, to, true);
      this.#send(to);
    }
    this.#bucketsOf.clear();
    this.#items = 0;
    this.#bucketCount = 0;
  }

  #announce(set: number, first: number, to: number, stale: boolean): void {
    const sendable = stale ? this.#rewrite(set, true) : this.#remember(set);
    const encoder = this.#encoder;
    let unsendable: number[] | undefined;
    if (sendable) this.#open(set, stale);
    let fresh = true;
    for (let item = first; item !== 0; item = this.#next[item]!) {
      const destination = this.#destinations[item]!;
      if (sendable && encoder.nlri(destination, false)) {
        fresh = false;
        continue;
      }
      if (sendable && !fresh) {
        this.#open(set, stale);
        if (encoder.nlri(destination, false)) continue;
      }
      // Kept back by policy, or the attributes fill a message: whoever had the route must not keep the old one.
      (unsendable ??= []).push(destination);
    }
    encoder.abandon();
    if (unsendable !== undefined) this.#withdraw(unsendable, to);
  }

  #open(set: number, stale: boolean): void {
    const { pool } = this.#store;
    const { nextHopSelf } = this.settings;
    const from = stale ? this.#egress.bytes : this.#rewritten.bytes;
    const at = stale ? 0 : this.#rewrittenAt[set]!;
    const length = stale ? this.#egress.length : this.#rewrittenLength[set]!;
    if (nextHopSelf !== undefined)
      this.#encoder.openReach(from, at, length, nextHopSelf, 0, nextHopSelf.length);
    else {
      this.#encoder.openReach(
        from,
        at,
        length,
        pool.arena.bytes,
        pool.nextHopAt(set),
        pool.nextHopLength(set),
      );
    }
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

  #send(to: number): void {
    const buffers = this.#encoder.take();
    if (buffers.length === 0) return;
    for (const number of this.distribution.receivers.members(to))
      this.#peers.get(number)?.member.send(buffers);
  }

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
        (this.#remember(set) ? undefined : 'export policy keeps it back') ??
        (told ? undefined : 'its turn has not come yet');
      return { to: member.source, told: told && because === undefined, because };
    });
  }

  /** Makes sure that the rewritten attributes of a set are at hand; returns whether it may be sent. */
  #remember(set: number): boolean {
    const serial = this.#store.pool.serial(set);
    if (set >= this.#rewrittenSerial.length) this.#makeRoom();
    if (this.#rewrittenSerial[set] === serial) return this.#rewrittenAt[set] !== 0;
    if (this.#rewritten.used > MOST_REMEMBERED) {
      this.#rewritten.clear();
      this.#rewrittenSerial.fill(0);
    } else if (this.#rewrittenSerial[set] !== 0 && this.#rewrittenAt[set] !== 0) {
      this.#rewritten.release(this.#rewrittenAt[set]!, this.#rewrittenLength[set]!);
    }
    const sendable = this.#rewrite(set, false);
    const { bytes, length } = this.#egress;
    const at = sendable ? this.#rewritten.allocate(length) : 0;
    if (sendable) for (let i = 0; i < length; i++) this.#rewritten.bytes[at + i] = bytes[i]!;
    this.#rewrittenAt[set] = at;
    this.#rewrittenLength[set] = length;
    this.#rewrittenSerial[set] = serial;
    return sendable;
  }

  /** Rewrites the attributes of a set for the members; returns whether export policy lets them go. */
  #rewrite(set: number, stale: boolean): boolean {
    const { pool, sets, sources } = this.#store;
    const at = pool.attributesAt(set);
    const egress = this.#egress;
    const end = at + pool.attributesLength(set);
    egress.rewrite(
      pool.arena.bytes,
      at,
      end,
      sources[pool.source(set)]!,
      () => sets.plain(set).attributes,
      stale,
    );
    const { exportPolicy } = this.settings;
    if (exportPolicy === undefined) return true;
    const made = exportPolicy(sets.view(set, 0, undefined), egress.bytes.slice(0, egress.length));
    if (made === undefined) return false;
    egress.replace(made);
    return true;
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
    this.#rewrittenAt = larger(this.#rewrittenAt, capacity);
    this.#rewrittenLength = larger(this.#rewrittenLength, capacity);
    this.#rewrittenSerial = larger(this.#rewrittenSerial, capacity);
  }
}

function larger(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}
