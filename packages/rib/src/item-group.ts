/**
 * Subscribers of a table that are told routes with all paths that share the load, as XMPP items: every batch is encoded
 * once, by a function of the caller, and everybody is handed the same body. Nobody is spared his own routes.
 */
import { type Audience, BestPathOut, type Courier } from './adj-rib-out.ts';
import { Distribution, type Recipient } from './distribution.ts';
import { NOBODY, Receivers } from './receivers.ts';
import { type Route, type RouteContext, readRoute } from './route.ts';
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
export type ItemEncoder<Body> = (reach: readonly Route[], unreach: readonly Route[]) => Body | undefined;

export interface Subscriber<Body> {
  /** More is queued for it than it should be given now. */
  readonly isCongested: boolean;
  send(body: Body): void;
  /** It has been told the whole table. */
  synchronised?(): void;
}

class Listener<Body> implements Recipient {
  readonly subscriber: Subscriber<Body>;

  constructor(subscriber: Subscriber<Body>) {
    this.subscriber = subscriber;
  }

  get isCongested(): boolean {
    return this.subscriber.isCongested;
  }

  synchronised(): void {
    this.subscriber.synchronised?.();
  }
}

export class ItemGroup<Body> implements Audience, Courier {
  /** @internal */
  readonly distribution: Distribution;
  readonly #context: RouteContext;
  readonly #encode: ItemEncoder<Body>;
  readonly #listeners = new Map<number, Listener<Body>>();
  #everybody = NOBODY;
  #epoch = -1;
  readonly #reached = new Map<number, number[]>();
  readonly #unreached = new Map<number, number[]>();

  /** @internal Made by `Rib.itemGroup`. */
  constructor(context: RouteContext, encode: ItemEncoder<Body>) {
    this.#context = context;
    this.#encode = encode;
    const receivers = new Receivers();
    // A change of the multipath set is a change of the item.
    const out = new BestPathOut(context.packed, receivers, this, this, true);
    this.distribution = new Distribution(context.packed, receivers, out, EFFORT);
  }

  /** Subscribers at present. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Takes a subscriber in; it is told the whole table in slices, and then every change. */
  join(subscriber: Subscriber<Body>): Omit<Membership, 'observe'> {
    const listener = new Listener(subscriber);
    const number = this.distribution.join(listener);
    this.#listeners.set(number, listener);
    this.#epoch = -1;
    let left = false;
    return {
      ready: () => this.#context.packed.touch(),
      refresh: () => {
        if (!left) this.distribution.walk(number, 'again');
      },
      leave: () => {
        if (left) return;
        left = true;
        this.#listeners.delete(number);
        this.#epoch = -1;
        this.distribution.leave(number);
      },
    };
  }

  receivers(): number {
    const { receivers } = this.distribution;
    if (this.#epoch !== receivers.epoch) {
      this.#everybody = receivers.of(this.#listeners.keys());
      this.#epoch = receivers.epoch;
    }
    return this.#everybody;
  }

  reach(destination: number, _set: number, to: number): void {
    put(this.#reached, to, destination);
  }

  unreach(destination: number, to: number): void {
    put(this.#unreached, to, destination);
  }

  dispatch(): void {
    for (const [to, destinations] of this.#unreached) {
      for (const routes of this.#batches(destinations, MOST_UNREACHED))
        this.#send(to, this.#encode([], routes));
    }
    for (const [to, destinations] of this.#reached) {
      for (const routes of this.#batches(destinations, MOST_REACHED))
        this.#send(to, this.#encode(routes, []));
    }
    this.#unreached.clear();
    this.#reached.clear();
  }

  *#batches(destinations: readonly number[], most: number): Generator<Route[]> {
    for (let from = 0; from < destinations.length; from += most) {
      yield destinations.slice(from, from + most).map((number) => readRoute(this.#context, number, false));
    }
  }

  #send(to: number, body: Body | undefined): void {
    if (body === undefined) return;
    for (const number of this.distribution.receivers.members(to))
      this.#listeners.get(number)?.subscriber.send(body);
  }
}

function put(lists: Map<number, number[]>, to: number, destination: number): void {
  const list = lists.get(to);
  if (list === undefined) lists.set(to, [destination]);
  else list.push(destination);
}
