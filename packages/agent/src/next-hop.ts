/**
 * Next hops: what a route, a label or an ECMP member points to. Equal next hops are one object with one id, shared by
 * reference count, as in the table of a vRouter.
 */
import { type HashField, hashFieldNames } from './ecmp.ts';
import type { Interface } from './interface.ts';
import { IndexVector } from './index-vector.ts';
import type { TunnelType } from './tunnel-type.ts';

interface Entry {
  readonly id: number;
  /** Routes, labels, composites and interfaces that point here. */
  references: number;
}

/** Drops the packet. */
export interface DiscardNextHop extends Entry {
  readonly type: 'discard';
}

/** Hands the packet to the host itself. */
export interface ReceiveNextHop extends Entry {
  readonly type: 'receive';
  readonly interface: Interface;
}

/** Delivers to a local interface; with `policy` the packet goes through the flow table first. */
export interface EncapNextHop extends Entry {
  readonly type: 'encap';
  readonly interface: Interface;
  readonly policy: boolean;
}

/** Sends to another node; the label belongs to the route, not to the tunnel. */
export interface TunnelNextHop extends Entry {
  readonly type: 'tunnel';
  readonly destination: string;
  readonly tunnelType: TunnelType;
}

/** One of several next hops, with the label to use on the way to it. */
export interface Member {
  readonly nextHop: EncapNextHop | TunnelNextHop | CompositeNextHop;
  readonly label: number;
}

/** Spreads flows over members. `local` composites are those of several interfaces of this node with one address. */
export interface CompositeNextHop extends Entry {
  readonly type: 'composite';
  readonly local: boolean;
  readonly vrf: number;
  readonly members: readonly Member[];
  /** What of a flow the choice of a member depends on. */
  readonly hashFields: readonly HashField[];
}

export type NextHop = DiscardNextHop | ReceiveNextHop | EncapNextHop | TunnelNextHop | CompositeNextHop;

type Described = DiscardNextHop | ReceiveNextHop | TunnelNextHop | CompositeNextHop;
type Description<T> = T extends Entry ? Omit<T, 'id' | 'references'> : never;

/** Ids a vRouter accepts. */
const LAST_ID = 524_287;

export class NextHopTable {
  readonly #byKey = new Map<string, NextHop>();
  readonly #byId = new Map<number, NextHop>();
  readonly #ids = new IndexVector(0, LAST_ID);
  /** The drop next hop; it is always there, under id 0. */
  readonly discard: DiscardNextHop;

  constructor() {
    this.discard = this.acquire({ type: 'discard' });
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: number): NextHop | undefined {
    return this.#byId.get(id);
  }

  /** Every next hop, by id. */
  list(): NextHop[] {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  /** A next hop to an interface, with one reference. An interface makes each kind once, so they are not looked up. */
  addEncap(to: Interface, policy: boolean): EncapNextHop {
    const id = this.#ids.allocate();
    const nextHop: EncapNextHop = { id, references: 1, type: 'encap', interface: to, policy };
    this.#byId.set(id, nextHop);
    return nextHop;
  }

  /** The next hop of a description, with one more reference to it. */
  acquire<D extends Description<Described>>(description: D): Extract<Described, { type: D['type'] }> {
    const key = keyOf(description);
    let nextHop = this.#byKey.get(key);
    if (nextHop === undefined) {
      nextHop = { id: this.#ids.allocate(), references: 0, ...description } as Described;
      this.#byKey.set(key, nextHop);
      this.#byId.set(nextHop.id, nextHop);
      if (nextHop.type === 'composite') for (const member of nextHop.members) member.nextHop.references++;
    }
    nextHop.references++;
    return nextHop as Extract<Described, { type: D['type'] }>;
  }

  /** One more reference to a next hop that is in the table. */
  share<T extends NextHop>(nextHop: T): T {
    nextHop.references++;
    return nextHop;
  }

  /** One reference less; the last one takes the next hop, and its references to its members, out of the table. */
  release(nextHop: NextHop): void {
    if (--nextHop.references > 0) return;
    if (nextHop.type !== 'encap') this.#byKey.delete(keyOf(nextHop));
    this.#byId.delete(nextHop.id);
    this.#ids.release(nextHop.id);
    if (nextHop.type === 'composite') for (const member of nextHop.members) this.release(member.nextHop);
  }
}

function keyOf(nextHop: Description<Described>): string {
  switch (nextHop.type) {
    case 'discard':
      return 'discard';
    case 'receive':
      return `receive ${nextHop.interface.index}`;
    case 'tunnel':
      return `${nextHop.tunnelType} ${nextHop.destination}`;
    case 'composite': {
      let key = `composite ${nextHop.vrf} ${nextHop.local}`;
      for (const { nextHop: hop, label } of nextHop.members) key += ` ${hop.id}(${label})`;
      return nextHop.hashFields === hashFieldNames ? key : `${key} ${nextHop.hashFields.join()}`;
    }
  }
}
