/**
 * The control node's side of publishing: pairs each publish with its collection, keeps what the agent has subscribed
 * to, drops items that are no routes, and tells which slips end the session.
 */
import { announceable, announceProblemText, isPassedOver, MASTER_INSTANCE } from './announceable.ts';
import { excerpt } from './element-reader.ts';
import { itemId } from './item-family.ts';
import type { Item, ItemProblem } from './item.ts';
import type { Collection, Config, ConfigSubscribe, Publish, Stanza, Subscribe } from './stanza.ts';
import { StreamError } from './stream-error.ts';

/** Most instances one agent may subscribe to; subscriptions to instances that do not exist yet are kept as well. */
export const MAX_SUBSCRIPTIONS = 8192;
/** Most characters of their names together, which are kept: one name may have as many as fit a stanza. */
export const MAX_SUBSCRIBED_CHARACTERS = 4 * 1024 * 1024;

/** What an agent asked for when it subscribed to an instance. */
export interface Subscription {
  readonly instance: string;
  /** The agent's index of its VRF; -1 when it gave none. */
  readonly instanceId: number;
  /** Whether the agent wants routes of the instance. */
  readonly ribOut: boolean;
}

/** What an agent's stanzas amount to. */
export interface PubsubHandlers {
  subscribe(subscription: Subscription): void;
  unsubscribe(instance: string): void;
  /** A route, valid for its family and instance; replaces the one of the same prefix. */
  announce(instance: string, item: Item, nativeId: number | undefined): void;
  /** Only what names the route counts in the item. */
  withdraw(instance: string, item: Item, nativeId: number | undefined): void;
  endOfRib(): void;
  config?(stanza: ConfigSubscribe | Config): void;
  /** An item, a stanza or half a publish was dropped; for the log. */
  dropped?(problem: ItemProblem): void;
}

/** One for each session of an agent. */
export class Pubsub {
  readonly #handlers: PubsubHandlers;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Characters of the names of all subscriptions. */
  #subscribed = 0;
  #parked: Publish | undefined;

  constructor(handlers: PubsubHandlers) {
    this.#handlers = handlers;
  }

  /** By name of the instance. */
  get subscriptions(): ReadonlyMap<string, Subscription> {
    return this.#subscriptions;
  }

  /**
   * Takes one stanza of the agent.
   * @returns the error to close the channel with, for a slip that deployed control nodes do not forgive either: a
   *   second subscribe, an unsubscribe or a route without subscription
   */
  receive(stanza: Stanza): StreamError | undefined {
    switch (stanza.type) {
      case 'publish':
        this.#park(stanza);
        return undefined;
      case 'collection':
        return this.#collect(stanza);
      case 'subscribe':
        return this.#subscribe(stanza);
      case 'unsubscribe':
        if (!this.#subscriptions.delete(stanza.node)) return notSubscribed('unsubscribe', stanza.node);
        this.#subscribed -= stanza.node.length;
        this.#handlers.unsubscribe(stanza.node);
        return undefined;
      case 'end-of-rib':
        this.#handlers.endOfRib();
        return undefined;
      case 'config-subscribe':
      case 'config-unsubscribe':
      case 'config':
        this.#handlers.config?.(stanza);
        return undefined;
      case 'items':
      case 'retracts':
        this.#drop(stanza.node, 'agents publish, they do not send items');
        return undefined;
      case 'ignored':
        this.#drop('stanza', stanza.because);
        return undefined;
    }
  }

  #subscribe({ node, instanceId, noRibOut }: Subscribe): StreamError | undefined {
    if (node === '') {
      this.#drop('subscribe', 'it names no instance');
      return undefined;
    }
    if (this.#subscriptions.has(node)) {
      return new StreamError('policy-violation', `subscribe: ${excerpt(node)} is subscribed already`);
    }
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return new StreamError('resource-constraint', `more than ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    if (this.#subscribed + node.length > MAX_SUBSCRIBED_CHARACTERS) {
      return new StreamError(
        'resource-constraint',
        `subscriptions whose names have more than ${MAX_SUBSCRIBED_CHARACTERS} characters`,
      );
    }
    this.#subscribed += node.length;
    const subscription: Subscription = { instance: node, instanceId, ribOut: !noRibOut };
    this.#subscriptions.set(node, subscription);
    this.#handlers.subscribe(subscription);
    return undefined;
  }

  #park(publish: Publish): void {
    if (this.#parked !== undefined)
      this.#drop(this.#parked.node, 'another publish came before its collection');
    this.#parked = publish;
  }

  #collect({ node, action, target }: Collection): StreamError | undefined {
    const publish = this.#parked;
    this.#parked = undefined;
    if (publish === undefined) {
      this.#drop(target, 'a collection without its publish');
      return undefined;
    }
    if (publish.node !== target) {
      this.#drop(publish.node, `the collection is of another node: "${excerpt(target)}"`);
      return undefined;
    }
    if (publish.items.length === 0 && publish.problems.length === 0) {
      this.#handlers.endOfRib();
      return undefined;
    }
    if (action === 'none') {
      this.#drop(publish.node, 'the collection neither associates nor dissociates');
      return undefined;
    }
    // What cannot be read is dropped before anybody asks whether its instance is subscribed.
    for (const problem of publish.problems) this.#handlers.dropped?.(problem);
    const isSubscribed = this.#subscriptions.has(node);
    for (const item of publish.items) {
      if (!isSubscribed && !(action === 'associate' && isWithoutNextHop(item))) {
        return notSubscribed('publish', node);
      }
      if (action === 'associate') this.#announce(node, item, publish.nativeId);
      else this.#handlers.withdraw(node, item, publish.nativeId);
    }
    return undefined;
  }

  #announce(instance: string, item: Item, nativeId: number | undefined): void {
    const isMaster = instance === MASTER_INSTANCE;
    if (isPassedOver(item, isMaster)) return;
    const problem = announceable(item, isMaster);
    if (problem === undefined) {
      this.#handlers.announce(instance, item, nativeId);
      return;
    }
    this.#handlers.dropped?.({
      item: excerpt(itemId(item)),
      because: announceProblemText(problem),
      family: item.family,
      kind: problem.kind === 'next-hop-address' ? 'next-hop' : undefined,
    });
  }

  #drop(item: string, because: string): void {
    this.#handlers.dropped?.({ item: excerpt(item), because });
  }
}

/** Deployed control nodes miss the next hop of a unicast route before they look at its instance. */
function isWithoutNextHop({ family, attributes }: Item): boolean {
  return (family === 'inet' || family === 'inet6') && attributes.nextHops.length === 0;
}

function notSubscribed(what: string, instance: string): StreamError {
  return new StreamError('policy-violation', `${what}: ${excerpt(instance)} is not subscribed`);
}
