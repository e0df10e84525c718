/** An agent: its session while it has one, and its paths, which may outlive it. */
import { ipv4At, parseAddress } from '@vaportrail/net';
import type { Rib, Source } from '@vaportrail/rib';
import {
  CLEARED,
  type ClearedView,
  type Log,
  type NeighborView,
  type SoftReset,
  type SubscriptionView,
  ViewError,
} from '@vaportrail/show';
import { type Channel, type ChannelDown, StreamError, type Subscription } from '@vaportrail/xmpp';

import { AgentCounters } from './agent-counters.ts';
import { AgentSession, type AgentSessionOwner } from './agent-session.ts';
import type { RestartState, RestartTimes } from './graceful-restart.ts';
import type { ItemBatch } from './item-writer.ts';
import { pathsOf } from './node-tables.ts';
import { RestartHelper } from './restart-helper.ts';
import type { RoutingInstance } from './routing-instance.ts';

/** What an agent needs of the node. */
export interface XmppPeerOwner extends AgentSessionOwner {
  readonly rib: Rib;
  readonly log: Log;
  /** Seconds of silence after which it is given up. */
  readonly holdTime: number;
  /** How long its paths are kept when it goes away; undefined: not at all. */
  readonly restart: RestartTimes | undefined;
  /** The agent is gone for good. */
  gone(peer: XmppPeer): void;
}

/** Stream errors after which the agent may still forward, so that its paths are kept. */
const survivable = new Set(['connection-timeout', 'conflict']);

/** One for an agent, from its first session until its paths have gone; further sessions {@link XmppPeer.resume} it. */
export class XmppPeer {
  readonly name: string;
  readonly address: string;
  /** Where its paths come from. */
  readonly source: Source;
  readonly #owner: XmppPeerOwner;
  readonly #log: Log;
  readonly #restart: RestartHelper | undefined;
  readonly #counters = new AgentCounters();
  /** The present session, or the last one. */
  #session: AgentSession;
  /** Instances it had joined when its session was lost, and has not joined again. */
  readonly #stale = new Set<RoutingInstance>();
  #flaps = 0;
  #lastError: string | undefined;
  #lostAt: number | undefined;

  constructor(channel: Channel, owner: XmppPeerOwner) {
    this.name = channel.name;
    this.address = channel.address;
    this.#owner = owner;
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
    this.#session = this.#newSession(channel);
  }

  /** What its channel tells and is told. */
  get session(): AgentSession {
    return this.#session;
  }

  /** Whether it has a session. */
  get isUp(): boolean {
    return this.#session.isUp;
  }

  /** More waits for it than it should be given now. */
  get isCongested(): boolean {
    return this.#session.isCongested;
  }

  /** Its paths in all tables. */
  get paths(): number {
    const instances = new Set([...this.#session.joined, ...this.#stale]);
    return [...instances].reduce((sum, { tables }) => sum + pathsOf(tables, this.source), 0);
  }

  /** The agent is back: another session, the same paths. */
  resume(channel: Channel): AgentSession {
    this.#session = this.#newSession(channel);
    this.#restart?.handle('returned');
    return this.#session;
  }

  /** Its session is over; `joined` are the instances that it was in. */
  lost({ because, error }: ChannelDown, joined: readonly RoutingInstance[]): void {
    this.#flaps++;
    this.#lastError = because;
    this.#lostAt = this.#owner.clock.now();
    for (const instance of joined) this.#stale.add(instance);
    if (this.#restart !== undefined && (error === undefined || survivable.has(error.condition))) {
      for (const instance of this.#stale) {
        instance.dropMulticast(this);
        instance.suspend(this);
      }
      this.#restart.handle('lost');
    } else if (this.#restart !== undefined) this.#restart.handle('given-up');
    else this.#leaveForGood();
  }

  /** It has said everything that it has to say after its return. */
  endOfRib(): void {
    this.#restart?.handle('end-of-rib');
  }

  /**
   * Ends its session, and it begins another one.
   * @throws ViewError for routes alone, which this protocol cannot be asked for, and when there is no session
   */
  clear(soft: SoftReset | undefined): ClearedView {
    if (soft !== undefined)
      throw new ViewError(400, `${this.name} is an agent: by XMPP only whole sessions are cleared`);
    if (!this.isUp) throw new ViewError(400, `${this.name} has no session now`);
    this.#session.close(new StreamError('undefined-condition', CLEARED));
    return { neighbor: this.name };
  }

  /** Sends items or retracts. */
  send(batch: ItemBatch): void {
    this.#session.send(batch);
  }

  /** Takes it into an instance; after its return that instance is no longer one of a lost session. */
  join(instance: RoutingInstance, subscription: Subscription): void {
    this.#stale.delete(instance);
    instance.join(this, subscription);
  }

  /** A routing instance came into being. What an agent that is away had said of it went with its session. */
  instanceAdded(name: string): void {
    if (this.isUp) this.#session.instanceAdded(name);
  }

  /** A routing instance went away, and the agent's routes in it. */
  instanceRemoved(instance: RoutingInstance): void {
    this.#stale.delete(instance);
    this.#session.instanceRemoved(instance);
  }

  /** What operators see of it, with a session or without. */
  view(): NeighborView {
    const { restart, holdTime } = this.#owner;
    return {
      name: this.name,
      address: this.address,
      protocol: 'xmpp',
      type: 'agent',
      ...this.#session.view(),
      ...(!this.isUp && this.#restart && { state: `Down (${this.#restart.state})` }),
      holdTime,
      flaps: this.#flaps,
      ...(this.#lostAt !== undefined && { lostAt: new Date(this.#lostAt).toISOString() }),
      ...(restart !== undefined && {
        gracefulRestart: {
          restartTime: restart.restart,
          families: [],
          longLivedTime: restart.longLived,
          longLivedFamilies: [],
        },
      }),
      errors: this.#counters.itemsDropped,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      inet6Errors: { ...this.#counters.inet6Errors },
      ...(this.#restart && { retention: this.#restart.view() }),
      paths: this.paths,
      subscriptions: this.#subscriptions(),
    };
  }

  #subscriptions(): SubscriptionView[] {
    const stale = Array.from(this.#stale, (instance) => ({
      instance: instance.name,
      agent: this.name,
      instanceId: instance.instanceIdOf(this) ?? -1,
      state: 'stale' as const,
      importTargets: instance.importTargets,
    }));
    return [...this.#session.subscriptions(), ...stale];
  }

  #newSession(channel: Channel): AgentSession {
    return new AgentSession(this, channel, this.#owner, this.#counters, this.#log);
  }

  /** The time of stale paths is over when it is there again, and also when it is gone. */
  #restarted(state: RestartState): void {
    if (state === 'gone') return this.#leaveForGood();
    if (state !== 'present') return;
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
}
