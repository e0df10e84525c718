/** An agent: its channel while it has one, what it joined, what it published. */
import { type Clock, type Timer, ipv4At, parseAddress } from '@vaportrail/net';
import type { Rib, Source, Table } from '@vaportrail/rib';
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

import type { ConfigServer } from './config-server.ts';
import type { ConfiguredPeer } from './config-subscriber.ts';
import type { RestartTimes } from './graceful-restart.ts';
import { type MembershipAction, Memberships, TooMuchDeferred } from './membership.ts';
import { ItemDropped } from './item-dropped.ts';
import type { ItemBatch } from './item-writer.ts';
import { RestartHelper } from './restart-helper.ts';
import type { RoutingInstance } from './routing-instance.ts';

/** What an agent needs of the node. */
export interface XmppPeerOwner {
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Log;
  /** Seconds of quiet after which an agent is told that it knows everything. */
  readonly endOfRibDelay: number;
  /** Seconds of silence after which it is given up. */
  readonly holdTime: number;
  /** How long its paths are kept when it goes away; undefined: not at all. */
  readonly restart: RestartTimes | undefined;
  readonly configServer: ConfigServer;
  instance(name: string): RoutingInstance | undefined;
  /** The agent is gone for good. */
  gone(peer: XmppPeer): void;
}

/** Octets queued for an agent above which it gets nothing new, and is told the latest state later. */
const CONGESTED_OCTETS = 1 << 20;

/** Ends of a session that leave the hope that the agent still forwards. */
const hopeful = new Set(['connection-timeout', 'conflict']);

export class XmppPeer implements ChannelHandlers, ConfiguredPeer {
  readonly name: string;
  readonly address: string;
  /** Where its paths come from. */
  readonly source: Source;
  readonly #owner: XmppPeerOwner;
  readonly #log: Log;
  readonly #restart: RestartHelper | undefined;
  #channel: Channel;
  #isUp = false;
  #wasCongested = false;
  #memberships: Memberships;
  #pubsub: Pubsub;
  /** Instances it had joined when its session was lost, and has not joined again. */
  readonly #stale = new Set<RoutingInstance>();
  #endOfRibTimer: Timer | undefined;
  readonly #received = { reach: 0, unreach: 0, endsOfRib: 0 };
  readonly #sent = { reach: 0, unreach: 0, endsOfRib: 0 };
  readonly #inet6Errors = { token: 0, family: 0, prefix: 0, 'next-hop': 0 };
  #itemsDropped = 0;
  #flaps = 0;
  #lastError: string | undefined;
  #lostAt: number | undefined;

  constructor(channel: Channel, owner: XmppPeerOwner) {
    this.name = channel.name;
    this.address = channel.address;
    this.#owner = owner;
    this.#channel = channel;
    this.#log = owner.log.child({ agent: this.name, address: this.address });
    const address = parseAddress(this.address.replace(/^::ffff:/, ''));
    this.source = owner.rib.addSource({
      name: this.name,
      protocol: 'xmpp',
      address,
      routerId: address.length === 4 ? ipv4At(address, 0) : 0,
    });
    if (owner.restart !== undefined) {
      this.#restart = new RestartHelper(this.source, owner.clock, owner.restart, (state) =>
        this.#restarted(state),
      );
    }
    this.#memberships = this.#newMemberships();
    this.#pubsub = this.#newPubsub();
  }

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

  /** The agent is back: another channel, the same paths. */
  resume(channel: Channel): this {
    this.#channel = channel;
    this.#memberships = this.#newMemberships();
    this.#pubsub = this.#newPubsub();
    this.#restart?.handle('returned');
    return this;
  }

  up(): void {
    this.#isUp = true;
    this.#log.info({}, 'agent connected');
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

  down({ because, error }: ChannelDown): void {
    this.#isUp = false;
    this.#flaps++;
    this.#lastError = because;
    this.#lostAt = this.#owner.clock.now();
    this.#endOfRibTimer?.cancel();
    this.#owner.configServer.closed(this);
    this.#log.info({ because }, 'agent disconnected');
    for (const instance of this.#joined()) this.#stale.add(instance);
    if (this.#restart !== undefined && (error === undefined || hopeful.has(error.condition))) {
      for (const instance of this.#stale) {
        instance.dropMulticast(this);
        instance.suspend(this);
      }
      this.#restart.handle('lost');
    } else this.#leaveForGood();
  }

  drained(): void {
    if (!this.#wasCongested) return;
    this.#wasCongested = false;
    for (const instance of this.#joined()) instance.ready(this);
    this.#owner.configServer.drained(this);
  }

  /** Sends configuration. */
  push(stanza: Buffer): boolean {
    return this.#channel.send([stanza]);
  }

  /** Sends items or retracts. */
  send({ bodies, reach, unreach }: ItemBatch): void {
    if (!this.#channel.sendMessage(bodies)) return;
    this.#sent.reach += reach;
    this.#sent.unreach += unreach;
  }

  /** Tells that something it said or asked for was dropped. */
  dropped(item: string, because: string): void {
    const dropped = ++this.#itemsDropped;
    if (isWorthALine(dropped)) this.#log.warn({ item: excerpt(item), because, dropped }, 'item dropped');
  }

  /** A routing instance came into being. */
  instanceAdded(name: string): void {
    this.#act(this.#memberships.instanceAdded(name));
  }

  /** A routing instance went away, and the agent's routes in it. */
  instanceRemoved(instance: RoutingInstance): void {
    this.#stale.delete(instance);
    this.#memberships.instanceRemoved(instance.name);
  }

  view(): NeighborView {
    const { counters, establishedAt, state, lastChange, secure } = this.#channel;
    const { restart, configServer } = this.#owner;
    const configuration = configServer.told(this);
    const instances = new Set([...this.#joined(), ...this.#stale]);
    return {
      name: this.name,
      address: this.address,
      protocol: 'xmpp',
      type: 'agent',
      state: this.#isUp
        ? 'Established'
        : this.#restart === undefined
          ? state
          : `Down (${this.#restart.state})`,
      holdTime: this.#owner.holdTime,
      ...(establishedAt !== undefined && { establishedAt: new Date(establishedAt).toISOString() }),
      flaps: this.#flaps,
      ...(lastChange && { lastTransition: { ...lastChange, at: new Date(lastChange.at).toISOString() } }),
      ...(this.#lostAt !== undefined && { lostAt: new Date(this.#lostAt).toISOString() }),
      authentication: secure ? 'tls' : 'none',
      ...(restart !== undefined && {
        gracefulRestart: {
          restartTime: restart.restart,
          families: [],
          longLivedTime: restart.longLived,
          longLivedFamilies: [],
        },
      }),
      routingTables: (this.#isUp ? this.#joined() : []).flatMap(({ tables }) =>
        tables.map(({ name }) => name),
      ),
      errors: this.#itemsDropped,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#isUp && { port: this.#channel.port }),
      inet6Errors: { ...this.#inet6Errors },
      received: {
        messages: counters.receivedStanzas,
        octets: counters.receivedOctets,
        updates: this.#received.reach + this.#received.unreach,
        keepalives: counters.receivedKeepalives,
        ...this.#received,
      },
      sent: {
        messages: counters.sentMessages,
        octets: counters.sentOctets,
        updates: this.#sent.reach + this.#sent.unreach,
        keepalives: counters.sentKeepalives,
        ...this.#sent,
      },
      ...(this.#restart && { retention: this.#restart.view() }),
      paths: [...instances].reduce((sum, { tables }) => sum + pathsOf(tables, this.source), 0),
      backlog: this.backlog,
      ...(configuration && { configuration }),
      subscriptions: this.subscriptions(),
    };
  }

  subscriptions(): SubscriptionView[] {
    const agent = this.name;
    const views = Array.from(this.#memberships, ({ subscription: { instance, instanceId }, state }) => {
      const deferredRoutes = this.#memberships.deferredRoutes(instance);
      const importTargets = this.#owner.instance(instance)?.importTargets;
      return {
        instance,
        agent,
        instanceId,
        state,
        ...(deferredRoutes > 0 && { deferredRoutes }),
        ...(importTargets && { importTargets }),
      };
    });
    const current = this.#isUp ? views : [];
    const stale = Array.from(this.#stale, (instance) => ({
      instance: instance.name,
      agent,
      instanceId: instance.instanceIdOf(this) ?? -1,
      state: 'stale' as const,
      importTargets: instance.importTargets,
    }));
    return [...current, ...stale];
  }

  #newMemberships(): Memberships {
    return new Memberships((name) => this.#owner.instance(name) !== undefined);
  }

  #newPubsub(): Pubsub {
    const memberships = this.#memberships;
    return new Pubsub({
      subscribe: (subscription) => {
        this.#postponeEndOfRib();
        this.#act(memberships.subscribe(subscription));
      },
      unsubscribe: (instance) => this.#act(memberships.unsubscribe(instance)),
      announce: (instance, item, nativeId) => this.#act(memberships.announce(instance, item, nativeId)),
      withdraw: (instance, item) => this.#act(memberships.withdraw(instance, item)),
      endOfRib: () => {
        this.#received.endsOfRib++;
        this.#restart?.handle('end-of-rib');
      },
      config: (stanza) => this.#owner.configServer.receive(this, stanza),
      dropped: ({ item, because, family, kind }) => {
        if (family === 'inet6' && kind !== undefined) this.#inet6Errors[kind]++;
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
          this.#stale.delete(instance);
          instance.join(this, subscription);
          break;
        case 'leave':
          instance.leave(this);
          break;
        case 'announce':
        case 'withdraw':
          this.#received[action.type === 'announce' ? 'reach' : 'unreach']++;
          try {
            if (action.type === 'announce')
              instance.announce(this, subscription, action.item, action.nativeId);
            else instance.withdraw(this, action.item);
          } catch (error) {
            if (!(error instanceof ItemDropped)) throw error;
            this.dropped(itemId(action.item), error.message);
          }
          break;
      }
    }
  }

  /** The time of stale paths is over. */
  #restarted(state: 'present' | 'gone'): void {
    if (state === 'gone') return this.#leaveForGood();
    for (const instance of this.#stale) instance.leave(this);
    this.#stale.clear();
    this.#log.info({}, 'graceful restart complete');
  }

  #leaveForGood(): void {
    for (const instance of this.#stale) instance.forget(this);
    this.#stale.clear();
    this.#owner.rib.removeSource(this.source);
    this.#owner.gone(this);
  }

  /** Instances it is a member of now. */
  #joined(): RoutingInstance[] {
    return Array.from(this.#memberships).flatMap(({ subscription, state }) => {
      const instance = state === 'established' ? this.#owner.instance(subscription.instance) : undefined;
      return instance === undefined ? [] : [instance];
    });
  }

  #close(error: StreamError): void {
    this.#log.warn({ because: error.message }, 'session closed');
    this.#channel.close(error);
  }

  /** The marker goes out once nothing has been asked for a while and everything has been told. */
  #postponeEndOfRib(): void {
    this.#endOfRibTimer?.cancel();
    this.#endOfRibTimer = this.#owner.clock.after(this.#owner.endOfRibDelay * 1000, () => {
      if (this.#joined().some((instance) => !instance.isSynchronised(this))) this.#postponeEndOfRib();
      else if (this.#channel.sendMessage([endOfRibBody])) this.#sent.endsOfRib++;
    });
  }
}

/** Paths of a source in some tables. */
export function pathsOf(tables: readonly Table[], source: Source): number {
  return tables.reduce((sum, table) => sum + table.pathsOf(source), 0);
}
