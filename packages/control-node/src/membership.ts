/**
 * What one agent asked for: the routing instances it joined, and the routes it published while an instance was not
 * there yet. A state machine without I/O: stanzas in, actions out.
 *
 * A slip of the protocol closes the session, silently on the wire; a bad item is dropped and the session goes on.
 */
import { prefixText } from '@vaportrail/net';
import type { Collection, Item, Publish, Stanza } from '@vaportrail/xmpp';

/** An agent's place in one routing instance. */
export interface Membership {
  readonly instance: string;
  /** The agent's index of its VRF. */
  readonly instanceId: number;
  /** The agent publishes and wants no routes. */
  readonly noRibOut: boolean;
  /** `pending` until the routing instance is there. */
  state: 'pending' | 'established';
}

/** What is to be done about a stanza. */
export type AgentAction =
  | { readonly type: 'join' | 'leave'; readonly membership: Membership }
  | {
      readonly type: 'announce' | 'withdraw';
      readonly membership: Membership;
      readonly item: Item;
      /** Index of the workload's own VRF, for a route leaked into the underlay. */
      readonly nativeId: number | undefined;
    }
  | { readonly type: 'end-of-rib' }
  | { readonly type: 'drop'; readonly item: string; readonly because: string }
  | { readonly type: 'close'; readonly because: string };

interface Deferred {
  readonly item: Item;
  readonly nativeId: number | undefined;
}

/** Instances one agent may join. */
export const MAX_SUBSCRIPTIONS = 16_384;
/** Routes of one agent that may wait for instances that are not there. */
export const MAX_DEFERRED_ROUTES = 65_536;

/** The memberships of one agent. */
export class Memberships {
  readonly #exists: (instance: string) => boolean;
  readonly #memberships = new Map<string, Membership>();
  readonly #deferred = new Map<string, Map<string, Deferred>>();
  #deferredRoutes = 0;
  #parked: Publish | undefined;

  /** @param exists whether a routing instance is there now */
  constructor(exists: (instance: string) => boolean) {
    this.#exists = exists;
  }

  [Symbol.iterator](): IterableIterator<Membership> {
    return this.#memberships.values();
  }

  get(instance: string): Membership | undefined {
    return this.#memberships.get(instance);
  }

  /** Routes that wait for an instance. */
  deferredRoutes(instance: string): number {
    return this.#deferred.get(instance)?.size ?? 0;
  }

  /** The actions that a stanza of the agent asks for. */
  step(stanza: Stanza): AgentAction[] {
    switch (stanza.type) {
      case 'subscribe':
        return this.#subscribe(stanza.node, stanza.instanceId, stanza.noRibOut);
      case 'unsubscribe':
        return this.#unsubscribe(stanza.node);
      case 'publish':
        this.#parked = stanza;
        return stanza.problems.map(({ item, because }) => ({ type: 'drop', item, because }));
      case 'collection':
        return this.#collection(stanza);
      case 'end-of-rib':
        return [{ type: 'end-of-rib' }];
      case 'items':
      case 'retracts':
      case 'config-subscribe':
      case 'config-unsubscribe':
      case 'config':
      case 'ignored':
        return [];
    }
  }

  /** A routing instance came into being: those who waited for it join, and their routes follow. */
  instanceAdded(instance: string): AgentAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined || membership.state === 'established') return [];
    membership.state = 'established';
    const actions: AgentAction[] = [{ type: 'join', membership }];
    for (const { item, nativeId } of this.#deferred.get(instance)?.values() ?? []) {
      actions.push({ type: 'announce', membership, item, nativeId });
    }
    this.#forget(instance);
    return actions;
  }

  /** A routing instance went away: its members wait for its return. Their routes went with it. */
  instanceRemoved(instance: string): void {
    const membership = this.#memberships.get(instance);
    if (membership !== undefined) membership.state = 'pending';
  }

  #subscribe(instance: string, instanceId: number, noRibOut: boolean): AgentAction[] {
    if (this.#memberships.has(instance)) return close(`duplicate subscribe to ${instance}`);
    if (this.#memberships.size >= MAX_SUBSCRIPTIONS)
      return close(`more than ${MAX_SUBSCRIPTIONS} subscriptions`);
    const state = this.#exists(instance) ? 'established' : 'pending';
    const membership: Membership = { instance, instanceId, noRibOut, state };
    this.#memberships.set(instance, membership);
    return state === 'established' ? [{ type: 'join', membership }] : [];
  }

  #unsubscribe(instance: string): AgentAction[] {
    const membership = this.#memberships.get(instance);
    if (membership === undefined) return close(`unsubscribe from ${instance}, which was not subscribed`);
    this.#memberships.delete(instance);
    this.#forget(instance);
    return membership.state === 'established' ? [{ type: 'leave', membership }] : [];
  }

  #collection({ node, action, target }: Collection): AgentAction[] {
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked === undefined || parked.node !== target) {
      return [{ type: 'drop', item: target, because: 'the collection does not name the publish before it' }];
    }
    if (parked.items.length === 0 && parked.problems.length === 0) return [{ type: 'end-of-rib' }];
    if (action === 'none') {
      return [{ type: 'drop', item: target, because: 'the collection neither associates nor dissociates' }];
    }
    const membership = this.#memberships.get(node);
    if (membership === undefined) return close(`route for ${node}, which is not subscribed`);
    const type = action === 'associate' ? 'announce' : 'withdraw';
    const { items, nativeId } = parked;
    if (membership.state === 'pending')
      return items.flatMap((item) => this.#defer(node, type, { item, nativeId }));
    return items.map((item) => ({ type, membership, item, nativeId }));
  }

  #defer(instance: string, type: 'announce' | 'withdraw', route: Deferred): AgentAction[] {
    let waiting = this.#deferred.get(instance);
    if (waiting === undefined) this.#deferred.set(instance, (waiting = new Map()));
    const key = itemKey(route.item);
    if (waiting.delete(key)) this.#deferredRoutes--;
    if (type === 'withdraw') return [];
    if (this.#deferredRoutes >= MAX_DEFERRED_ROUTES) {
      return close(`more than ${MAX_DEFERRED_ROUTES} routes for instances that do not exist`);
    }
    waiting.set(key, route);
    this.#deferredRoutes++;
    return [];
  }

  #forget(instance: string): void {
    this.#deferredRoutes -= this.deferredRoutes(instance);
    this.#deferred.delete(instance);
  }
}

function close(because: string): AgentAction[] {
  return [{ type: 'close', because }];
}

/** What makes two items of one agent and instance the same route. */
function itemKey(item: Item): string {
  switch (item.family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled':
      return `${item.family} ${prefixText(item.prefix)}`;
    case 'e-vpn':
      return `${item.family} ${item.ethernetTag} ${item.mac.join(':')} ${prefixText(item.prefix)} ${item.group} ${item.source}`;
    case 'ermvpn':
    case 'inet-mvpn':
      return `${item.family} ${item.group.join('.')} ${item.source.join('.')}`;
  }
}
