/**
 * Writes the UPDATE messages of a group and hands them over: every attribute set is rewritten and encoded once for all
 * members, and they are handed the same buffers.
 */
import { type FamilyName, MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '@vaportrail/bgp/wire';
import { CHUNK, type Courier } from './adj-rib-out.ts';
import { LABEL, pathFlag } from './destinations.ts';
import type { EgressProfile } from './egress-profile.ts';
import { OutgoingBatch } from './outgoing-batch.ts';
import type { PackedTable } from './packed-table.ts';
import { RewrittenSets } from './rewritten-sets.ts';
import type { RouteStore } from './route-store.ts';
import type { Parcel } from './slab.ts';
import type { ToldPaths } from './told-paths.ts';
import { UpdateEncoder } from './update-encoder.ts';
import { WithdrawnItems } from './withdrawn-items.ts';

const IPV6_OCTETS = 16;

/** Items are destinations, or records of {@link ToldPaths} where members take several paths of a destination. */
export class OutgoingUpdates implements Courier {
  readonly #store: RouteStore;
  readonly #table: PackedTable;
  readonly #profile: EgressProfile;
  readonly #paths: ToldPaths | undefined;
  readonly #encoder: UpdateEncoder;
  readonly #rewritten: RewrittenSets;
  readonly #deliver: (parcel: Parcel, to: number) => void;
  readonly #reached: OutgoingBatch;
  /** Items with long-lived stale paths, which are told with other attributes. */
  readonly #stale: { readonly item: number; readonly set: number; readonly to: number }[] = [];
  readonly #unreached = new WithdrawnItems();

  /**
   * @param paths who has been told which path; absent when items are destinations
   * @param deliver gives messages to a set of members
   */
  constructor(
    store: RouteStore,
    table: PackedTable,
    family: FamilyName,
    profile: EgressProfile & { readonly extendedMessage: boolean },
    paths: ToldPaths | undefined,
    deliver: (parcel: Parcel, to: number) => void,
  ) {
    this.#store = store;
    this.#table = table;
    this.#profile = profile;
    this.#paths = paths;
    this.#encoder = new UpdateEncoder(
      table,
      family,
      profile.extendedMessage ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE,
    );
    this.#rewritten = new RewrittenSets(store, profile);
    this.#deliver = deliver;
    this.#reached = new OutgoingBatch(store.pool, CHUNK);
  }

  /** UPDATE messages encoded so far. */
  get messages(): number {
    return this.#encoder.messages;
  }

  /** Whether export policy lets paths with an attribute set go. */
  permits(set: number): boolean {
    return this.#profile.exportPolicy === undefined || this.#rewritten.find(set, false);
  }

  reach(item: number, set: number, to: number): void {
    const { longLived, internal } = this.#profile;
    if ((this.#label(item) & pathFlag.longLivedStale) === 0) this.#reached.add(item, set, to);
    else if (longLived || internal) this.#stale.push({ item, set, to });
    // Another AS that does not know long-lived stale paths must not get them. @see RFC 9494 §4.3
    else this.unreach(item, to);
  }

  unreach(item: number, to: number): void {
    this.#unreached.add(item, to);
  }

  dispatch(): void {
    if (!this.#unreached.isEmpty) {
      this.#unreached.forEach((items, to) => this.#withdraw(items, to));
      this.#unreached.clear();
    }
    if (!this.#reached.isEmpty) {
      this.#reached.forEach(this.#announce, this.#send);
      this.#reached.clear();
    }
    if (this.#stale.length > 0) this.#announceStale();
  }

  #label(item: number): number {
    if (this.#paths !== undefined) return this.#paths.label(item);
    const { words, stride } = this.#table.destinations;
    return words[item * stride + LABEL]!;
  }

  /** Writes an NLRI into the open message; returns false when it does not fit. */
  #nlri(item: number, withdrawn: boolean): boolean {
    const paths = this.#paths;
    if (paths === undefined) return this.#encoder.nlri(item, withdrawn);
    return this.#encoder.pathNlri(paths.destination(item), item, paths.label(item) >>> 8, withdrawn);
  }

  /** Encodes a bucket. */
  readonly #announce = (set: number, first: number, to: number): void => {
    const reached = this.#reached;
    const sendable = this.#rewritten.find(set, false);
    let unsendable: number[] | undefined;
    if (sendable) this.#open(set);
    for (let link = first, fresh = true; link !== 0; link = reached.next(link)) {
      const item = reached.destination(link);
      if (sendable) {
        if (this.#nlri(item, false)) {
          fresh = false;
          continue;
        }
        if (!fresh) {
          this.#open(set);
          if (this.#nlri(item, false)) continue;
        }
      }
      // Kept back by policy, or the attributes fill a message: whoever had the route must not keep the old one.
      (unsendable ??= []).push(item);
    }
    this.#encoder.abandon();
    if (unsendable !== undefined) this.#withdraw(unsendable, to);
  };

  #announceStale(): void {
    for (const { item, set, to } of this.#stale.splice(0)) {
      const sendable = this.#rewritten.find(set, true);
      if (sendable) this.#open(set);
      if (!sendable || !this.#nlri(item, false)) this.#withdraw([item], to);
      this.#encoder.abandon();
      this.#send(to);
    }
  }

  /** Opens a message with the attributes found last. */
  #open(set: number): void {
    const { pool } = this.#store;
    const { bytes, at, length } = this.#rewritten;
    const own = this.#profile.nextHopSelf;
    const encoder = this.#encoder;
    if (own !== undefined) encoder.openReach(bytes, at, length, own, 0, own.length);
    else {
      // The link-local address beside a global one means nothing beyond its link. @see RFC 2545 §3
      const octets = Math.min(pool.nextHopLength(set), IPV6_OCTETS);
      encoder.openReach(bytes, at, length, pool.arena.bytes, pool.nextHopAt(set), octets);
    }
  }

  #withdraw(items: ArrayLike<number>, to: number): void {
    const encoder = this.#encoder;
    encoder.openUnreach();
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (this.#nlri(item, true)) continue;
      encoder.openUnreach();
      this.#nlri(item, true);
    }
    encoder.close();
    this.#send(to);
  }

  /** Hands over what was encoded. */
  readonly #send = (to: number): void => {
    const parcel = this.#encoder.take();
    if (parcel.buffers.length > 0) this.#deliver(parcel, to);
  };
}
