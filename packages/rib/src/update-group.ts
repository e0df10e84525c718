/**
 * BGP peers that are told the same in the same words: every attribute set is rewritten and encoded once for all of them, and
 * they are handed the same buffers.
 *
 * Who receives a route is a property of its attribute set: not the peer it came from, only those who want its route
 * targets, nobody in an AS it came through. So these differences need no groups of their own.
 */
import { type FamilyName, MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '@vaportrail/bgp/wire';
import { SET_CHAIN, SET_TARGETS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { MORE, MORE_MASK, SET } from './destinations.ts';
import { type Courier, Distribution } from './distribution.ts';
import { type EgressProfile, type Outgoing, mayLeave, outgoing } from './egress.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY } from './receivers.ts';
import type { RouteStore } from './route-store.ts';
import type { RouteTargetFilter } from './route-target-filter.ts';
import type { Source } from './source.ts';
import { UpdateEncoder } from './update-encoder.ts';

/** Octets queued for a peer above which it is left behind, and below which it is taken along again. */
export const CONGESTED_OCTETS = 1 << 20;
const RELIEVED_OCTETS = 1 << 18;
/** Encoded attribute sets remembered per group. */
const MOST_ENCODED = 1 << 16;

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

/** Destinations to be told to the same members with the same attribute set. */
interface Bucket {
  set: number;
  to: number;
  first: number;
  last: number;
  /** Next bucket with the same set, and with the same members. */
  nextOfSet: number;
  nextOfMembers: number;
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
  readonly #outgoing = new Map<number, { readonly serial: number; readonly made: Outgoing | undefined }>();
  /** Of the chunk in work: destinations, chained by bucket. */
  #destinations: number[] = [];
  #next: number[] = [];
  #buckets: Bucket[] = [];
  /** First and last bucket for the same members. */
  readonly #bucketsOf = new Map<number, { readonly first: number; last: number }>();
  readonly #unreached = new Map<number, number[]>();

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
    const item = this.#destinations.push(destination) - 1;
    this.#next.push(-1);
    const { words } = this.#store.pool;
    const chain = (set << SET_WORDS_SHIFT) + SET_CHAIN;
    for (let number = words[chain]! - 1; number >= 0; number = this.#buckets[number]!.nextOfSet) {
      const bucket = this.#buckets[number]!;
      if (bucket.to !== to) continue;
      this.#next[bucket.last] = item;
      bucket.last = item;
      return;
    }
    const number = this.#buckets.length;
    this.#buckets.push({
      set,
      to,
      first: item,
      last: item,
      nextOfSet: words[chain]! - 1,
      nextOfMembers: -1,
    });
    words[chain] = number + 1;
    const same = this.#bucketsOf.get(to);
    if (same === undefined) this.#bucketsOf.set(to, { first: number, last: number });
    else {
      this.#buckets[same.last]!.nextOfMembers = number;
      same.last = number;
    }
  }

  unreach(destination: number, to: number): void {
    const list = this.#unreached.get(to);
    if (list === undefined) this.#unreached.set(to, [destination]);
    else list.push(destination);
  }

  dispatch(): void {
    if (this.#unreached.size > 0) {
      for (const [to, destinations] of this.#unreached) this.#withdraw(destinations, to);
      this.#unreached.clear();
    }
    if (this.#buckets.length === 0) return;
    const { words } = this.#store.pool;
    for (const { set } of this.#buckets) words[(set << SET_WORDS_SHIFT) + SET_CHAIN] = 0;
    for (const [to, { first }] of this.#bucketsOf) {
      for (let number = first; number >= 0; number = this.#buckets[number]!.nextOfMembers) {
        this.#announce(this.#buckets[number]!);
      }
      this.#send(to);
    }
    this.#bucketsOf.clear();
    this.#buckets = [];
    this.#destinations = [];
    this.#next = [];
  }

  #announce({ set, first, to }: Bucket): void {
    const made = this.#encoded(set);
    const encoder = this.#encoder;
    const unsendable: number[] = [];
    if (made !== undefined) encoder.openReach(made.attributes, made.nextHop);
    for (let item = first, fresh = true; item >= 0; item = this.#next[item]!) {
      const destination = this.#destinations[item]!;
      if (made !== undefined && encoder.nlri(destination, false)) {
        fresh = false;
        continue;
      }
      if (made !== undefined && !fresh) {
        encoder.openReach(made.attributes, made.nextHop);
        if (encoder.nlri(destination, false)) continue;
      }
      // Kept back by policy, or the attributes fill a message: whoever had the route must not keep the old one.
      unsendable.push(destination);
    }
    if (unsendable.length === 0) encoder.close();
    else {
      encoder.abandon();
      this.#withdraw(unsendable, to);
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

  #encoded(set: number): Outgoing | undefined {
    const serial = this.#store.pool.serial(set);
    const known = this.#outgoing.get(set);
    if (known?.serial === serial) return known.made;
    if (this.#outgoing.size >= MOST_ENCODED) this.#outgoing.clear();
    const made = outgoing(this.#store.sets.view(set, 0, undefined), this.settings, this.#store.identity);
    this.#outgoing.set(set, { serial, made });
    return made;
  }

  #receiversOf(set: number): number {
    const view = this.#store.sets.view(set, 0, undefined);
    const { identity, pool } = this.#store;
    if (!mayLeave(view, this.settings, identity)) return NOBODY;
    const { source, attributes } = view;
    const reflected = this.settings.internal && source.protocol === 'bgp' && source.internal;
    const targetList = pool.words[(set << SET_WORDS_SHIFT) + SET_TARGETS]!;
    const constrained = this.#table.layout.kind === 'prefix' && this.#table.layout.distinguished;
    const to: number[] = [];
    for (const [number, { member }] of this.#peers) {
      const peer = member.source;
      if (peer === source) continue;
      // Between clients and anybody, but not between two that are not. @see RFC 4456 §6
      if (reflected && !source.client && !peer.client) continue;
      if (!this.settings.internal && attributes.asPath.some(({ asns }) => asns.includes(peer.asn))) continue;
      if (constrained && member.filterByRouteTarget && !this.#filter.wants(peer.number, targetList)) continue;
      to.push(number);
    }
    return to.length === this.#peers.size ? this.#everybody : this.distribution.receivers.of(to);
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
    const receivers = new Int32Array(capacity);
    receivers.set(this.#receivers);
    this.#receivers = receivers;
    const serials = new Int32Array(capacity);
    serials.set(this.#receiversSerial);
    this.#receiversSerial = serials;
  }
}
