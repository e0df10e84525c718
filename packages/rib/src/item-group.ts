/**
 * Subscribers of a table that are told routes with all paths that share the load, as XMPP items: every batch is encoded
 * once, by a function of the caller, and everybody is handed the same body. A subscriber is told its own routes as well.
 */
import { type Audience, BestPathOut, type Courier } from './adj-rib-out.ts';
import { Distribution, type Recipient } from './distribution.ts';
import { NOBODY, Receivers } from './receivers.ts';
import { type RouteContext, type SharedRoute, readSharedRoute } from './route.ts';
import type { Membership } from './update-member.ts';

/** Most routes in one call of the encoder, as Contrail packs its messages. */
const MOST_REACHED = 32;
const MOST_UNREACHED = 256;
/** An item takes as long as so many routes in UPDATEs. */
const EFFORT = 32;

/**
 * Encodes routes to be announced, or routes to be retracted (they have no paths); one of the lists is empty. `undefined`
 * when there is nothing to say.
 */
export type ItemEncoder<Body> = (
  reach: readonly SharedRoute[],
  unreach: readonly SharedRoute[],
) => Body | undefined;

/** An agent as a member of an item group. */
export interface Subscriber<Body> {
  /** More is queued for it than it should be given now. */
  readonly isCongested: boolean;
  send(body: Body): void;
  /** It has been told the whole table. */
  synchronised?(): void;
}

/** What a subscriber does with its membership. */
export type ItemMembership = Pick<Membership, 'ready' | 'leave'> & { refresh(): void };

/** A subscriber's place in the group, until it leaves. */
class Listener<Body> implements Recipient, ItemMembership {
  readonly subscriber: Subscriber<Body>;
  /** While it has not left. */
  group: ItemGroup<Body> | undefined;
  number = -1;

  constructor(subscriber: Subscriber<Body>, group: ItemGroup<Body>) {
    this.subscriber = subscriber;
    this.group = group;
  }

  get isCongested(): boolean {
    return this.subscriber.isCongested;
  }

  synchronised(): void {
    this.subscriber.synchronised?.();
  }

  ready(): void {
    this.group?.touch();
  }

  refresh(): void {
    this.group?.distribution.walk(this.number, 'again');
  }

  leave(): void {
    const { group } = this;
    this.group = undefined;
    group?.dismiss(this.number);
  }
}

/** Destinations by who is told about them. */
type Lists = Map<number, number[]>;

/**
 * What is to be dispatched: of one group, and nothing between two calls of `tell`. Thousands of groups with maps of their own
 * would keep the collector busy, and a map that is cleared again and again would keep what it ever held: V8 has each of
 * its tables refer to the next one, and so a dead one that is old to a young one.
 */
let reached: Lists | undefined;
let unreached: Lists | undefined;

/** Made by `Rib.itemGroup`; agents {@link ItemGroup.join} it. */
export class ItemGroup<Body> implements Audience, Courier {
  /** @internal */
  readonly distribution: Distribution;
  readonly #context: RouteContext;
  readonly #encode: ItemEncoder<Body>;
  readonly #out: BestPathOut;
  readonly #listeners = new Map<number, Listener<Body>>();
  #everybody = NOBODY;
  #epoch = -1;

  /** @internal Made by `Rib.itemGroup`. */
  constructor(context: RouteContext, encode: ItemEncoder<Body>) {
    this.#context = context;
    this.#encode = encode;
    const receivers = new Receivers();
    // A change of the multipath set is a change of the item.
    this.#out = new BestPathOut(context.packed, receivers, this, this, true);
    this.distribution = new Distribution(context.packed, receivers, this.#out, EFFORT);
  }

  /** Subscribers at present. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Takes a subscriber in; it is told the whole table in slices, and then every change. */
  join(subscriber: Subscriber<Body>): ItemMembership {
    const listener = new Listener(subscriber, this);
    listener.number = this.distribution.join(listener);
    this.#listeners.set(listener.number, listener);
    this.#epoch = -1;
    return listener;
  }

  /** Takes back whatever subscribers have been told, now: the table is about to go. */
  retract(): void {
    this.#out.retract();
  }

  /** @internal A subscriber has room in its queue again. */
  touch(): void {
    this.#context.packed.touch();
  }

  /** @internal Lets a subscriber go. */
  dismiss(number: number): void {
    this.#listeners.delete(number);
    this.#epoch = -1;
    this.distribution.leave(number);
  }

  receivers(): number {
    const { receivers } = this.distribution;
    if (this.#epoch !== receivers.epoch) {
      this.#everybody = receivers.of(this.#listeners.keys());
      this.#epoch = receivers.epoch;
    }
    return this.#everybody;
  }

  receiversOf(_destination: number, receivers: number): number {
    return receivers;
  }

  reach(destination: number, _set: number, to: number): void {
    reached = put(reached, to, destination);
  }

  unreach(destination: number, to: number): void {
    unreached = put(unreached, to, destination);
  }

  dispatch(): void {
    const [gone, there] = [unreached, reached];
    unreached = undefined;
    reached = undefined;
    for (const [to, destinations] of gone ?? []) {
      for (let from = 0; from < destinations.length; from += MOST_UNREACHED)
        this.#send(to, this.#encode([], this.#read(destinations, from, MOST_UNREACHED)));
    }
    for (const [to, destinations] of there ?? []) {
      for (let from = 0; from < destinations.length; from += MOST_REACHED)
        this.#send(to, this.#encode(this.#read(destinations, from, MOST_REACHED), []));
    }
  }

  #read(destinations: readonly number[], from: number, most: number): SharedRoute[] {
    const batch = destinations.length <= most ? destinations : destinations.slice(from, from + most);
    return batch.map((number) => readSharedRoute(this.#context, number));
  }

  #send(to: number, body: Body | undefined): void {
    if (body === undefined) return;
    for (const number of this.distribution.receivers.members(to))
      this.#listeners.get(number)?.subscriber.send(body);
  }
}

function put(lists: Lists = new Map(), to: number, destination: number): Lists {
  const list = lists.get(to);
  if (list === undefined) lists.set(to, [destination]);
  else list.push(destination);
  return lists;
}
