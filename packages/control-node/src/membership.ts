/**
 * Which routing instances an agent has joined, and the routes it published into an instance that is not there, or not
 * any more: they wait, and follow when it comes. A state machine without I/O: what the agent asks in, what to do out.
 */
import { type Item, type Subscription, itemId } from '@vaportrail/xmpp';

import type { KeptRoute } from './kept-routes.ts';

/** An agent's place in one routing instance. */
export interface Membership {
  readonly subscription: Subscription;
  /** `pending` until the routing instance is there. */
  state: 'pending' | 'established';
  /** What it had published when the instance went away. */
  kept: readonly KeptRoute[];
}

/** What is to be done. */
export type MembershipAction =
  | { readonly type: 'join' | 'leave'; readonly membership: Membership }
  /** Comes before what the agent has said since. */
  | { readonly type: 'restore'; readonly membership: Membership; readonly routes: readonly KeptRoute[] }
  | { readonly type: 'withdraw'; readonly membership: Membership; readonly item: Item }
  | {
      readonly type: 'announce';
      readonly membership: Membership;
      readonly item: Item;
      /** The workload's own VRF, of a route leaked into the underlay. */
      readonly nativeId?: number | undefined;
    };

/** The last thing an agent said of a route while the instance was not there. */
interface Deferred {
  readonly type: 'announce' | 'withdraw';
  readonly item: Item;
}

/** Routes of one agent that may wait for instances that are not there. */
export const MAX_DEFERRED_ROUTES = 65_536;

/** Thrown when an agent asks for more than a node can keep; ends its session. */
export class TooMuchDeferred extends Error {
  override readonly name = 'TooMuchDeferred';
}

/** The memberships of one agent. */
export class Memberships {
  readonly #exists: (instance: string) => boolean;
  readonly #memberships = new Map<string, Membership>();
  readonly #deferred = new Map<string, Map<string, Deferred>>();
  #deferredRoutes = 0;

  /** @param exists whether a routing instance is there now */
  constructor(exists: (instance: string) => boolean) {
    this.#exists = exists;
  }

  /** In the order of the subscriptions, pending ones included. */
  [Symbol.iterator](): IterableIterator<Membership> {
    return this.#memberships.values();
  }

  /** The membership in an instance, of whatever state. */
  get(instance: string): Membership | undefined {
    return this.#memberships.get(instance);
  }

  /** Routes that wait for an instance. */
  deferredRoutes(instance: string): number {
    return this.#deferred.get(instance)?.size ?? 0;
  }

  /** The agent wants to be in an instance, which need not be there. */
  subscribe(subscription: Subscription): MembershipAction[] {
    const state = this.#exists(subscription.instance) ? 'established' : 'pending';
    const membership: Membership = { subscription, state, kept: [] };
    this.#memberships.set(subscription.instance, membership);
    return state === 'established' ? [{ type: 'join', membership }] : [];
  }

  /** The agent leaves an instance, and what waited for that is forgotten. */
  unsubscribe(instance: string): MembershipAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined) return [];
    this.#memberships.delete(instance);
    this.#forget(instance);
    return membership.state === 'established' ? [{ type: 'leave', membership }] : [];
  }

  /** The agent publishes a route. @throws TooMuchDeferred when the agent has too many routes for instances that are not there */
  announce(instance: string, item: Item, nativeId?: number): MembershipAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined) return [];
    if (membership.state === 'established') return [{ type: 'announce', membership, item, nativeId }];
    // Nothing waits for the underlay, which is always there.
    this.#defer(instance, { type: 'announce', item });
    return [];
  }

  /** The agent retracts a route. @throws TooMuchDeferred as announce does */
  withdraw(instance: string, item: Item): MembershipAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined) return [];
    if (membership.state === 'established') return [{ type: 'withdraw', membership, item }];
    if (membership.kept.length > 0) this.#defer(instance, { type: 'withdraw', item });
    else this.#undefer(instance, item);
    return [];
  }

  /** A routing instance came into being: if the agent waited for it, it joins and its routes follow. */
  instanceAdded(instance: string): MembershipAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined || membership.state === 'established') return [];
    membership.state = 'established';
    const actions: MembershipAction[] = [{ type: 'join', membership }];
    if (membership.kept.length > 0) actions.push({ type: 'restore', membership, routes: membership.kept });
    membership.kept = [];
    for (const { type, item } of this.#deferred.get(instance)?.values() ?? []) {
      actions.push({ type, membership, item });
    }
    this.#forget(instance);
    return actions;
  }

  /**
   * A routing instance went away: members wait for its return, and so do the routes they had published, which agents
   * have no reason to say again.
   */
  instanceRemoved(instance: string, kept: readonly KeptRoute[]): void {
    const membership = this.#memberships.get(instance);
    if (membership?.state !== 'established') return;
    membership.state = 'pending';
    membership.kept = kept;
  }

  #defer(instance: string, said: Deferred): void {
    this.#undefer(instance, said.item);
    if (this.#deferredRoutes >= MAX_DEFERRED_ROUTES) {
      throw new TooMuchDeferred(`more than ${MAX_DEFERRED_ROUTES} routes for instances that do not exist`);
    }
    let waiting = this.#deferred.get(instance);
    if (waiting === undefined) this.#deferred.set(instance, (waiting = new Map()));
    waiting.set(routeKey(said.item), said);
    this.#deferredRoutes++;
  }

  #undefer(instance: string, item: Item): void {
    if (this.#deferred.get(instance)?.delete(routeKey(item)) === true) this.#deferredRoutes--;
  }

  #forget(instance: string): void {
    this.#deferredRoutes -= this.deferredRoutes(instance);
    this.#deferred.delete(instance);
  }
}

/** What makes two items of one agent and instance the same route. */
function routeKey(item: Item): string {
  return `${item.family} ${itemId(item)}`;
}
