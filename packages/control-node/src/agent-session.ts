/** One session of an agent: from what it says to the routing instances it joined, and back. */
import { type Clock, type Timer } from '@vaportrail/net';
import { type Log, type NeighborView, type SubscriptionView, isWorthALine } from '@vaportrail/show';
import {
  type Channel,
  type ChannelDown,
  type ChannelHandlers,
  Pubsub,
  type Stanza,
  StreamError,
  endOfRibBody,
  excerpt,
  itemId,
} from '@vaportrail/xmpp';

import type { AgentCounters } from './agent-counters.ts';
import type { ConfigServer } from './config-server.ts';
import type { ConfiguredPeer } from './config-subscriber.ts';
import { ItemDropped } from './item-dropped.ts';
import type { ItemBatch } from './item-writer.ts';
import { type MembershipAction, Memberships, TooMuchDeferred } from './membership.ts';
import type { RoutingInstance } from './routing-instance.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** What a session needs of the node. */
export interface AgentSessionOwner {
  readonly clock: Clock;
  /** Seconds of quiet after which an agent is told that it knows everything. */
  readonly endOfRibDelay: number;
  readonly configServer: ConfigServer;
  /** Most routes that the agent may announce. */
  readonly routeLimit: number | undefined;
  instance(name: string): RoutingInstance | undefined;
}

/** Octets queued for an agent above which it gets nothing new, and is told the latest state later. */
const CONGESTED_OCTETS = 1 << 20;

/** Handles what the channel hands over, from `up` to `down`, once; an agent that comes back gets another. */
export class AgentSession implements ChannelHandlers, ConfiguredPeer {
  readonly #agent: XmppPeer;
  readonly #channel: Channel;
  readonly #owner: AgentSessionOwner;
  readonly #counters: AgentCounters;
  readonly #log: Log;
  readonly #memberships: Memberships;
  readonly #pubsub: Pubsub;
  #isUp = false;
  #wasCongested = false;
  /** Announcements received when its routes are counted next. */
  #countAt = 0;
  #endOfRibTimer: Timer | undefined;

  /** @param counters of all sessions of the agent */
  constructor(
    agent: XmppPeer,
    channel: Channel,
    owner: AgentSessionOwner,
    counters: AgentCounters,
    log: Log,
  ) {
    this.#agent = agent;
    this.#channel = channel;
    this.#owner = owner;
    this.#counters = counters;
    this.#log = log;
    this.#memberships = new Memberships((name) => owner.instance(name) !== undefined);
    this.#pubsub = this.#newPubsub(this.#memberships);
  }

  /** What the agent calls itself; its virtual router has the same name. */
  get name(): string {
    return this.#agent.name;
  }

  /** Between `up` and `down`. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Octets that wait for the agent to read. */
  get backlog(): number {
    return this.#isUp ? this.#channel.backlog : 0;
  }

  /** More waits for the agent than it should be given now; {@link drained} is what ends that. */
  get isCongested(): boolean {
    const isCongested = this.backlog > CONGESTED_OCTETS;
    if (isCongested) this.#wasCongested = true;
    return isCongested;
  }

  /** Instances it is a member of now. */
  get joined(): RoutingInstance[] {
    return Array.from(this.#memberships).flatMap(({ subscription, state }) => {
      const instance = state === 'established' ? this.#owner.instance(subscription.instance) : undefined;
      return instance === undefined ? [] : [instance];
    });
  }

  up(): void {
    this.#isUp = true;
    this.#log.info({}, 'agent connected');
    this.#postponeEndOfRib();
  }

  stanza(stanza: Stanza): void {
    try {
      const error = this.#pubsub.receive(stanza);
      if (error !== undefined) this.close(error);
    } catch (error) {
      if (!(error instanceof TooMuchDeferred)) throw error;
      this.close(new StreamError('resource-constraint', error.message));
    }
  }

  batchEnd(): void {
    const { routeLimit } = this.#owner;
    const { reach } = this.#counters.received;
    if (routeLimit === undefined || reach < this.#countAt) return;
    const { paths } = this.#agent;
    // Before it has announced as many as are left it cannot have more; close to the limit every 64th part of it will do.
    this.#countAt = reach + Math.max(routeLimit - paths, routeLimit >> 6) + 1;
    if (paths <= routeLimit) return;
    this.close(new StreamError('resource-constraint', `${paths} routes, the limit is ${routeLimit}`));
  }

  down(reason: ChannelDown): void {
    this.#isUp = false;
    this.#endOfRibTimer?.cancel();
    this.#owner.configServer.closed(this);
    this.#log.info({ because: reason.because }, 'agent disconnected');
    this.#agent.lost(reason, this.joined);
  }

  drained(): void {
    if (!this.#wasCongested) return;
    this.#wasCongested = false;
    for (const instance of this.joined) instance.ready(this.#agent);
    this.#owner.configServer.drained(this);
  }

  /** Sends configuration. */
  push(stanza: Buffer): boolean {
    return this.#channel.send([stanza]);
  }

  /** Sends items or retracts. */
  send({ bodies, reach, unreach }: ItemBatch): void {
    if (!this.#channel.sendMessage(bodies)) return;
    const { sent } = this.#counters;
    sent.reach += reach;
    sent.unreach += unreach;
  }

  /** Counts what it said or asked for and was dropped, and now and then writes a line of it. */
  dropped(item: string, because: string): void {
    const dropped = ++this.#counters.itemsDropped;
    if (isWorthALine(dropped)) this.#log.warn({ item: excerpt(item), because, dropped }, 'item dropped');
  }

  /** A routing instance came into being. */
  instanceAdded(name: string): void {
    this.#act(this.#memberships.instanceAdded(name));
  }

  /** A routing instance went away, and the agent's routes in it. */
  instanceRemoved(instance: RoutingInstance): void {
    this.#memberships.instanceRemoved(instance.name, instance.routesOf(this.#agent));
  }

  /** What operators see of the session; the agent adds what outlives it. Times are ISO 8601, octets are counted. */
  view() {
    const { counters, establishedAt, state, lastChange, secure, port } = this.#channel;
    const configuration = this.#owner.configServer.told(this);
    const { received, sent } = this.#counters;
    return {
      state: this.#isUp ? 'Established' : state,
      ...(establishedAt !== undefined && { establishedAt: new Date(establishedAt).toISOString() }),
      ...(lastChange && { lastTransition: { ...lastChange, at: new Date(lastChange.at).toISOString() } }),
      authentication: secure ? 'tls' : 'none',
      routingTables: (this.#isUp ? this.joined : []).flatMap(({ tables }) => tables.map(({ name }) => name)),
      ...(this.#isUp && { port }),
      received: {
        messages: counters.receivedStanzas,
        octets: counters.receivedOctets,
        updates: received.reach + received.unreach,
        keepalives: counters.receivedKeepalives,
        ...received,
      },
      sent: {
        messages: counters.sentMessages,
        octets: counters.sentOctets,
        updates: sent.reach + sent.unreach,
        keepalives: counters.sentKeepalives,
        ...sent,
      },
      backlog: this.backlog,
      ...(configuration && { configuration }),
    } satisfies Partial<NeighborView>;
  }

  /** What it has subscribed to, with routes that wait for instances that are not there; empty without a session. */
  subscriptions(): SubscriptionView[] {
    if (!this.#isUp) return [];
    return Array.from(this.#memberships, ({ subscription: { instance, instanceId }, state }) => {
      const deferredRoutes = this.#memberships.deferredRoutes(instance);
      const importTargets = this.#owner.instance(instance)?.importTargets;
      return {
        instance,
        agent: this.name,
        instanceId,
        state,
        ...(deferredRoutes > 0 && { deferredRoutes }),
        ...(importTargets && { importTargets }),
      };
    });
  }

  #newPubsub(memberships: Memberships): Pubsub {
    return new Pubsub({
      subscribe: (subscription) => {
        this.#postponeEndOfRib();
        this.#act(memberships.subscribe(subscription));
      },
      unsubscribe: (instance) => this.#act(memberships.unsubscribe(instance)),
      announce: (instance, item, nativeId) => this.#act(memberships.announce(instance, item, nativeId)),
      withdraw: (instance, item) => this.#act(memberships.withdraw(instance, item)),
      endOfRib: () => {
        this.#counters.received.endsOfRib++;
        this.#agent.endOfRib();
      },
      config: (stanza) => this.#owner.configServer.receive(this, stanza),
      dropped: ({ item, because, family, kind }) => {
        if (family === 'inet6' && kind !== undefined) this.#counters.inet6Errors[kind]++;
        this.dropped(item, because);
      },
    });
  }

  #act(actions: readonly MembershipAction[]): void {
    for (const action of actions) {
      const { subscription } = action.membership;
      const instance = this.#owner.instance(subscription.instance);
      if (instance === undefined) continue;
      switch (action.type) {
        case 'join':
          this.#agent.join(instance, subscription);
          break;
        case 'leave':
          instance.leave(this.#agent);
          break;
        case 'restore':
          instance.restore(this.#agent, action.routes);
          break;
        case 'announce':
        case 'withdraw':
          this.#counters.received[action.type === 'announce' ? 'reach' : 'unreach']++;
          try {
            if (action.type === 'announce')
              instance.announce(this.#agent, subscription, action.item, action.nativeId);
            else instance.withdraw(this.#agent, action.item);
          } catch (error) {
            if (!(error instanceof ItemDropped)) throw error;
            this.dropped(itemId(action.item), error.message);
          }
          break;
      }
    }
  }

  /** Ends the session with a stream error that says why. */
  close(error: StreamError): void {
    this.#log.warn({ because: error.message }, 'session closed');
    this.#channel.close(error);
  }

  /** The marker goes out once nothing has been asked for a while and everything has been told. */
  #postponeEndOfRib(): void {
    this.#endOfRibTimer?.cancel();
    this.#endOfRibTimer = this.#owner.clock.after(this.#owner.endOfRibDelay * 1000, () => {
      if (this.joined.some((instance) => !instance.isSynchronised(this.#agent))) this.#postponeEndOfRib();
      else if (this.#channel.sendMessage([endOfRibBody])) this.#counters.sent.endsOfRib++;
    });
  }
}
