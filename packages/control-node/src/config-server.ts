/**
 * The control node's end of the configuration channel: agents subscribe to their virtual router and to workloads that
 * are plugged in there, and are pushed the part of the configuration that they may see, from then on with every change.
 * The configuration is copied from a config node from the first subscription on; until the copy is complete nobody is
 * told anything, because half of it would look like withdrawals.
 */
import { TurnShare } from '@vaportrail/net';
import { concernedBy, CopiedGraph, type ConfigEvent, type ObjectLine } from '@vaportrail/schema';
import type { Config, ConfigSubscribe } from '@vaportrail/xmpp';

import { ConfigSubscriber, type ConfiguredPeer } from './config-subscriber.ts';

/** Most workloads that one agent may be interested in beside those that configuration puts on its node. */
export const MAX_MACHINES = 4096;
/** Milliseconds of each turn of the event loop for finding out what agents have to be told. */
const TURN_SHARE = 10;

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where configuration comes from, and when agents are told of it. */
export interface ConfigServerOptions {
  /** Begins to copy the configuration; absent where this node has no config node. */
  readonly begin: (() => void) | undefined;
  /** Has work done in a later turn of the event loop. */
  readonly schedule: (work: () => void) => void;
  /** Nobody else waits for the turns of the event loop. */
  readonly isAlone: boolean;
  /** Told what a follower of the copy threw. */
  readonly failed: (error: unknown) => void;
}

/** One for a control node. Sessions hand over what agents say on the channel; it pushes to them as {@link ConfiguredPeer}. */
export class ConfigServer {
  readonly #options: ConfigServerOptions;
  readonly #copied: CopiedGraph;
  readonly #share: TurnShare;
  readonly #subscribers = new Map<ConfiguredPeer, ConfigSubscriber>();
  /** Workloads of agents that have not subscribed to their virtual router. */
  readonly #early = new Map<ConfiguredPeer, Set<string>>();
  /** Subscribers by the UUIDs of what they see. */
  readonly #interested = new Map<string, Set<ConfigSubscriber>>();
  /** Those who may have to be told something. */
  readonly #dirty = new Set<ConfigSubscriber>();
  #isScheduled = false;

  constructor(options: ConfigServerOptions) {
    this.#options = options;
    this.#copied = new CopiedGraph(options.failed);
    this.#copied.follow((event) => this.#look(event));
    this.#share = new TurnShare(options.isAlone ? Number.POSITIVE_INFINITY : TURN_SHARE, options.schedule);
  }

  /** Takes a line of the config node's `/watch/objects`. */
  take(line: unknown, first: boolean): void {
    const wasComplete = this.#copied.isComplete;
    this.#copied.take(line as ObjectLine, first);
    if (!wasComplete && this.#copied.isComplete)
      for (const subscriber of this.#subscribers.values()) this.#postpone(subscriber);
  }

  /** What an agent says on the configuration channel. Nothing it says costs it its session. */
  receive(peer: ConfiguredPeer, stanza: ConfigSubscribe | Config): void {
    if (stanza.type === 'config')
      return peer.dropped('config', 'agents are told configuration, they tell none');
    if (this.#options.begin === undefined)
      return peer.dropped(stanza.node, 'this control node has no config node to tell of');
    const [type, ...name] = stanza.node.split(':');
    const isOn = stanza.type === 'config-subscribe';
    if (type === 'virtual-router') this.#router(peer, stanza.node, name, isOn);
    else if (type === 'virtual-machine') this.#machine(peer, stanza.node, name.join(':'), isOn);
    else peer.dropped(stanza.node, 'agents subscribe to their virtual-router and to virtual-machines');
  }

  /** The session of an agent ended: what it was told counts for nothing. */
  closed(peer: ConfiguredPeer): void {
    this.#early.delete(peer);
    const subscriber = this.#subscribers.get(peer);
    if (subscriber !== undefined) this.#forget(subscriber);
  }

  /** An agent reads again. */
  drained(peer: ConfiguredPeer): void {
    const subscriber = this.#subscribers.get(peer);
    if (subscriber !== undefined) this.#postpone(subscriber);
  }

  /** What an agent has been told of; undefined when it has not subscribed. */
  told(peer: ConfiguredPeer): { readonly nodes: number; readonly links: number } | undefined {
    return this.#subscribers.get(peer)?.told;
  }

  #router(peer: ConfiguredPeer, node: string, name: readonly string[], isOn: boolean): void {
    if (name.length < 2 || name.at(-1) !== peer.name)
      return peer.dropped(node, `${peer.name} may only ask for its own virtual router`);
    const present = this.#subscribers.get(peer);
    if (isOn === (present?.isSubscribed === true))
      return peer.dropped(node, isOn ? 'it is subscribed already' : 'it is not subscribed');
    if (!isOn) {
      present!.unsubscribe();
      return this.#postpone(present!);
    }
    const subscriber = new ConfigSubscriber(peer, name);
    for (const uuid of present?.machines ?? this.#early.get(peer) ?? []) subscriber.machines.add(uuid);
    this.#early.delete(peer);
    if (present !== undefined) this.#forget(present);
    this.#subscribers.set(peer, subscriber);
    this.#options.begin?.();
    this.#postpone(subscriber);
  }

  #machine(peer: ConfiguredPeer, node: string, uuid: string, isOn: boolean): void {
    if (!uuidPattern.test(uuid)) return peer.dropped(node, 'a virtual-machine is named by its UUID');
    const subscriber = this.#subscribers.get(peer);
    let machines = subscriber?.machines ?? this.#early.get(peer);
    if (machines === undefined) this.#early.set(peer, (machines = new Set()));
    if (machines.has(uuid) === isOn)
      return peer.dropped(node, isOn ? 'it is subscribed already' : 'it is not subscribed');
    if (isOn && machines.size >= MAX_MACHINES)
      return peer.dropped(node, `more than ${MAX_MACHINES} virtual-machines`);
    if (isOn) machines.add(uuid);
    else machines.delete(uuid);
    if (subscriber !== undefined) this.#postpone(subscriber);
  }

  #look(event: ConfigEvent): void {
    for (const uuid of concernedBy(event))
      for (const subscriber of this.#interested.get(uuid) ?? []) this.#postpone(subscriber);
    // One that comes is seen by nobody yet.
    if (event.object.type !== 'virtual-router') return;
    const name = event.object.fqName.join(':');
    for (const subscriber of this.#subscribers.values())
      if (subscriber.router.join(':') === name) this.#postpone(subscriber);
  }

  #postpone(subscriber: ConfigSubscriber): void {
    this.#dirty.add(subscriber);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.schedule(() => {
      this.#isScheduled = false;
      if (!this.#copied.isComplete) return;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const each of dirty) this.#share.serve((subscriber) => this.#push(subscriber), each);
    });
  }

  #push(subscriber: ConfigSubscriber): void {
    if (this.#subscribers.get(subscriber.peer) !== subscriber) return;
    const before = subscriber.seen;
    const isDone = subscriber.push(this.#copied.graph);
    this.#index(subscriber, before, subscriber.seen);
    if (isDone && !subscriber.isSubscribed) {
      this.#forget(subscriber);
      if (subscriber.machines.size > 0) this.#early.set(subscriber.peer, subscriber.machines);
    }
  }

  #forget(subscriber: ConfigSubscriber): void {
    this.#subscribers.delete(subscriber.peer);
    this.#dirty.delete(subscriber);
    this.#index(subscriber, subscriber.seen, new Set());
  }

  #index(subscriber: ConfigSubscriber, before: ReadonlySet<string>, now: ReadonlySet<string>): void {
    for (const uuid of before) {
      if (now.has(uuid)) continue;
      const interested = this.#interested.get(uuid);
      interested?.delete(subscriber);
      if (interested?.size === 0) this.#interested.delete(uuid);
    }
    for (const uuid of now) {
      if (before.has(uuid)) continue;
      const interested = this.#interested.get(uuid);
      if (interested === undefined) this.#interested.set(uuid, new Set([subscriber]));
      else interested.add(subscriber);
    }
  }
}
