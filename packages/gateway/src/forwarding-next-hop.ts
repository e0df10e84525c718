/**
 * The next hops of the forwarding table: shared, counted and numbered. A `unilist` points at indirect next hops, each of
 * those at the unicast next hop that pushes the label and names the interface, so that a change of one tunnel touches one
 * object however many routes lead there.
 */
import type { Gateway } from './resolution.ts';

/** First index of list and indirect next hops, which the routing process numbers. */
const FIRST_INDIRECT_INDEX = 1048574;
/** First index of unicast and special next hops, which the kernel numbers. */
const FIRST_UNICAST_INDEX = 512;

/** Several next hops that share the traffic. */
export interface UnilistNextHop {
  readonly type: 'unilist';
  readonly index: number;
  references: number;
  readonly members: readonly (IndirectNextHop | UnicastNextHop | UnilistNextHop)[];
}

/** A protocol next hop, by way of what it resolves over. */
export interface IndirectNextHop {
  readonly type: 'indirect';
  readonly index: number;
  references: number;
  readonly protocolNextHop: string;
  readonly target: UnilistNextHop | UnicastNextHop;
}

/** An interface, with what is put in front of packets. */
export interface UnicastNextHop {
  readonly type: 'unicast';
  readonly index: number;
  references: number;
  /** Label pushed on the packet, if any. */
  readonly label: number | undefined;
  readonly interface: string;
  readonly address: string | undefined;
}

/** Next hops that end the packet's way here: rejected, dropped silently, for us, or to a network we are on. */
export interface TerminalNextHop {
  readonly type: 'reject' | 'discard' | 'local' | 'resolve';
  readonly index: number;
  references: number;
  readonly interface: string | undefined;
}

/** What a route of a forwarding table leads to. */
export type ForwardingNextHop = UnilistNextHop | IndirectNextHop | UnicastNextHop | TerminalNextHop;

/** One way out of a route as the routing table knows it. */
export interface ForwardingLeg {
  /** Address the leg was resolved from; absent when the route names its interface itself. */
  readonly protocolNextHop: string | undefined;
  readonly label: number | undefined;
  readonly gateways: readonly Gateway[];
}

/** First numbers of next hops, by what they are. */
export interface NextHopIndexes {
  readonly indirect?: number;
  readonly unicast?: number;
}

/** Numbers from a first one upwards; the number given back last is used first again. */
class IndexSpace {
  #next: number;
  readonly #free: number[] = [];

  constructor(first: number) {
    this.#next = first;
  }

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  giveBack(index: number): void {
    this.#free.push(index);
  }
}

/** Interns next hops by what they do. Whoever acquires one releases it. */
export class ForwardingNextHops {
  readonly #indirect: IndexSpace;
  readonly #unicast: IndexSpace;
  readonly #byKey = new Map<string, ForwardingNextHop>();
  readonly #keys = new Map<ForwardingNextHop, string>();

  constructor(indexes: NextHopIndexes = {}) {
    this.#indirect = new IndexSpace(indexes.indirect ?? FIRST_INDIRECT_INDEX);
    this.#unicast = new IndexSpace(indexes.unicast ?? FIRST_UNICAST_INDEX);
  }

  /** Number of distinct next hops held. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * The next hop for a set of legs: the single one itself, or a unilist over them.
   * @throws RangeError when there is no leg, or a leg without a gateway
   */
  acquire(legs: readonly ForwardingLeg[]): ForwardingNextHop {
    const members = legs.map((leg) => this.#leg(leg));
    return members.length === 1 ? members[0]! : this.#list(members);
  }

  /** A next hop that ends here, e.g. `discard`, or leaves by an interface; takes a reference on it. */
  terminal(type: TerminalNextHop['type'], outgoing?: string): TerminalNextHop {
    const key = `${type} ${outgoing ?? ''}`;
    const known = this.#byKey.get(key) as TerminalNextHop | undefined;
    if (known !== undefined) {
      known.references++;
      return known;
    }
    return this.#add(key, { type, index: this.#unicast.take(), references: 1, interface: outgoing });
  }

  /** Gives a reference back; the last one takes the next hop and those that it leads to. */
  release(nextHop: ForwardingNextHop): void {
    // Whatever the routing process makes holds one reference on itself, so its count starts at two.
    const own =
      nextHop.type === 'unilist' || nextHop.type === 'indirect' || nextHop.type === 'unicast' ? 1 : 0;
    if (--nextHop.references > own) return;
    const key = this.#keys.get(nextHop);
    if (key === undefined) return;
    this.#byKey.delete(key);
    this.#keys.delete(nextHop);
    switch (nextHop.type) {
      case 'unilist':
        this.#indirect.giveBack(nextHop.index);
        for (const member of nextHop.members) this.release(member);
        return;
      case 'indirect':
        this.#indirect.giveBack(nextHop.index);
        return this.release(nextHop.target);
      default:
        this.#unicast.giveBack(nextHop.index);
    }
  }

  #leg(leg: ForwardingLeg): IndirectNextHop | UnicastNextHop | UnilistNextHop {
    if (leg.gateways.length === 0) throw new RangeError('a leg needs a gateway');
    const unicast = (gateway: Gateway): UnicastNextHop => this.#unicastTo(leg.label, gateway);
    if (leg.protocolNextHop === undefined && leg.gateways.length === 1) return unicast(leg.gateways[0]!);
    const targets = leg.gateways.map(unicast);
    const target = targets.length === 1 ? targets[0]! : this.#list(targets);
    if (leg.protocolNextHop === undefined) return target;
    const key = `indirect ${leg.protocolNextHop} ${leg.label ?? ''} ${target.index}`;
    const known = this.#byKey.get(key) as IndirectNextHop | undefined;
    if (known !== undefined) {
      known.references++;
      this.release(target);
      return known;
    }
    return this.#add(key, {
      type: 'indirect',
      index: this.#indirect.take(),
      references: 2,
      protocolNextHop: leg.protocolNextHop,
      target,
    });
  }

  #list(members: readonly (IndirectNextHop | UnicastNextHop | UnilistNextHop)[]): UnilistNextHop {
    if (members.length === 0) throw new RangeError('a next hop needs at least one leg');
    const key = `unilist ${members.map((member) => member.index).join(' ')}`;
    const known = this.#byKey.get(key) as UnilistNextHop | undefined;
    if (known !== undefined) {
      known.references++;
      for (const member of members) this.release(member);
      return known;
    }
    return this.#add(key, { type: 'unilist', index: this.#indirect.take(), references: 2, members });
  }

  #unicastTo(label: number | undefined, gateway: Gateway): UnicastNextHop {
    const key = `unicast ${label ?? ''} ${gateway.interface} ${gateway.address ?? ''}`;
    const known = this.#byKey.get(key) as UnicastNextHop | undefined;
    if (known !== undefined) {
      known.references++;
      return known;
    }
    return this.#add(key, {
      type: 'unicast',
      index: this.#unicast.take(),
      references: 2,
      label,
      interface: gateway.interface,
      address: gateway.address,
    });
  }

  #add<N extends ForwardingNextHop>(key: string, nextHop: N): N {
    this.#byKey.set(key, nextHop);
    this.#keys.set(nextHop, key);
    return nextHop;
  }
}

/** The unicast next hops that packets may leave by, with the number that names each leg towards {@link chooseLeg}. */
export function legsOf(nextHop: ForwardingNextHop): { key: number; unicast: UnicastNextHop }[] {
  switch (nextHop.type) {
    case 'unicast':
      return [{ key: nextHop.index, unicast: nextHop }];
    case 'indirect':
      return legsOf(nextHop.target);
    case 'unilist':
      return nextHop.members.flatMap(legsOf);
    default:
      return [];
  }
}
