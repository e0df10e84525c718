/** An agent: its channel, what it joined, what it published. */
import { parseAddress } from '@vaportrail/net';
import type { Clock, Timer } from '@vaportrail/net';
import type { Rib, Source, Table } from '@vaportrail/rib';
import type { Log, NeighborView, SubscriptionView } from '@vaportrail/show';
import {
  type Channel,
  type ChannelDown,
  type ChannelHandlers,
  Pubsub,
  type Stanza,
  StreamError,
  endOfRibBody,
  itemId,
} from '@vaportrail/xmpp';

import { type MembershipAction, Memberships, TooMuchDeferred } from './membership.ts';
import { ItemDropped } from './published-path.ts';
import type { RoutingInstance } from './routing-instance.ts';

/** What an agent needs of the node. */
export interface XmppPeerOwner {
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Log;
  /** Seconds of quiet after which an agent is told that it knows everything. */
  readonly endOfRibDelay: number;
  instance(name: string): RoutingInstance | undefined;
  /** The agent is gone. */
  gone(peer: XmppPeer): void;
}

export class XmppPeer implements ChannelHandlers {
  readonly channel: Channel;
  /** Where its paths come from. */
  readonly source: Source;
  readonly #owner: XmppPeerOwner;
  readonly #log: Log;
  readonly #memberships: Memberships;
  readonly #pubsub: Pubsub;
  #endOfRibTimer: Timer | undefined;
  #itemsReceived = 0;
  #itemsDropped = 0;

  constructor(channel: Channel, owner: XmppPeerOwner) {
    this.channel = channel;
    this.#owner = owner;
    this.#log = owner.log.child({ agent: channel.name, address: channel.address });
    const address = parseAddress(channel.address.replace(/^::ffff:/, ''));
    this.source = owner.rib.addSource({
      name: channel.name,
      protocol: 'xmpp',
      address,
      routerId: address.length === 4 ? new DataView(address.buffer, address.byteOffset).getUint32(0) : 0,
    });
    this.#memberships = new Memberships((name) => owner.instance(name) !== undefined);
    this.#pubsub = new Pubsub({
      subscribe: (subscription) => {
        this.#postponeEndOfRib();
        this.#act(this.#memberships.subscribe(subscription));
      },
      unsubscribe: (instance) => this.#act(this.#memberships.unsubscribe(instance)),
      announce: (instance, item, nativeId) =>
        this.#act(this.#memberships.announce(instance, { item, nativeId })),
      withdraw: (instance, item, nativeId) =>
        this.#act(this.#memberships.withdraw(instance, { item, nativeId })),
      endOfRib: () => this.#log.debug({}, 'End-of-RIB from the agent'),
      dropped: ({ item, because }) => this.#dropped(item, because),
    });
  }

  up(): void {
    this.#log.info({}, 'agent connected');
    this.#postponeEndOfRib();
  }

  stanza(stanza: Stanza): void {
    try {
      const error = this.#pubsub.receive(stanza);
      if (error !== undefined) this.#close(error);
    } catch (error) {
      if (!(error instanceof TooMuchDeferred)) throw error;
      this.#close(new StreamError('resource-constraint', error.message));
    }
  }

  down({ because }: ChannelDown): void {
    this.#endOfRibTimer?.cancel();
    for (const instance of this.#joined()) instance.forget(this);
    this.#owner.rib.removeSource(this.source);
    this.#log.info({ because }, 'agent disconnected');
    this.#owner.gone(this);
  }

  drained(): void {
    for (const instance of this.#joined()) instance.ready(this);
  }

  /** Sends items or retracts. */
  send(bodies: readonly Buffer[]): void {
    this.channel.sendMessage(bodies);
  }

  /** A routing instance came into being. */
  instanceAdded(name: string): void {
    this.#act(this.#memberships.instanceAdded(name));
  }

  /** A routing instance went away, and the agent's routes in it. */
  instanceRemoved(name: string): void {
    this.#memberships.instanceRemoved(name);
  }

  view(): NeighborView {
    const { counters, establishedAt, backlog, name, address, state } = this.channel;
    return {
      name,
      address,
      protocol: 'xmpp',
      type: 'agent',
      state: state === 'established' ? 'Established' : state,
      ...(establishedAt !== undefined && { establishedAt: new Date(establishedAt).toISOString() }),
      flaps: 0,
      received: {
        messages: counters.receivedStanzas,
        octets: counters.receivedOctets,
        updates: this.#itemsReceived,
      },
      sent: { messages: counters.sentMessages, octets: counters.sentOctets, updates: counters.sentMessages },
      paths: this.#joined().reduce((sum, { tables }) => sum + pathsOf(tables, this.source), 0),
      backlog,
      subscriptions: this.subscriptions(),
    };
  }

  subscriptions(): SubscriptionView[] {
    return Array.from(this.#memberships, ({ subscription: { instance, instanceId }, state }) => {
      const deferredRoutes = this.#memberships.deferredRoutes(instance);
      return {
        instance,
        agent: this.channel.name,
        instanceId,
        state,
        ...(deferredRoutes > 0 && { deferredRoutes }),
      };
    });
  }

  #act(actions: readonly MembershipAction[]): void {
    for (const action of actions) {
      const { subscription } = action.membership;
      const instance = this.#owner.instance(subscription.instance);
      if (instance === undefined) continue;
      switch (action.type) {
        case 'join':
          instance.join(this, subscription);
          break;
        case 'leave':
          instance.leave(this);
          break;
        case 'announce':
        case 'withdraw':
          this.#itemsReceived++;
          try {
            if (action.type === 'announce') instance.announce(this, subscription, action.route);
            else instance.withdraw(this, action.route.item);
          } catch (error) {
            if (!(error instanceof ItemDropped)) throw error;
            this.#dropped(itemId(action.route.item), error.message);
          }
          break;
      }
    }
  }

  /** Instances it is a member of now. */
  #joined(): RoutingInstance[] {
    return Array.from(this.#memberships).flatMap(({ subscription, state }) => {
      const instance = state === 'established' ? this.#owner.instance(subscription.instance) : undefined;
      return instance === undefined ? [] : [instance];
    });
  }

  #dropped(item: string, because: string): void {
    this.#itemsDropped++;
    this.#log.warn({ item, because, dropped: this.#itemsDropped }, 'item dropped');
  }

  #close(error: StreamError): void {
    this.#log.warn({ because: error.message }, 'session closed');
    this.channel.close(error);
  }

  /** The marker goes out once nothing has been asked for a while and everything has been told. */
  #postponeEndOfRib(): void {
    this.#endOfRibTimer?.cancel();
    this.#endOfRibTimer = this.#owner.clock.after(this.#owner.endOfRibDelay * 1000, () => {
      if (this.#joined().some((instance) => !instance.isSynchronised(this))) this.#postponeEndOfRib();
      else this.channel.sendMessage([endOfRibBody]);
    });
  }
}

/** Paths of a source in some tables. */
export function pathsOf(tables: readonly Table[], source: Source): number {
  return tables.reduce((sum, table) => sum + table.pathsOf(source), 0);
}
