/**
 * The agent's end of the configuration channel. Of the control nodes with a session one is the config server: it is asked
 * for the node's virtual router, and for workloads that were plugged in here. When its session goes another one is asked;
 * what was told stays meanwhile, and what the new one has not told again goes once it has told of this node and been quiet
 * for a while. A config server that tells nothing at all, because it has no configuration itself, takes nothing away.
 */
import type { Clock, Timer } from '@vaportrail/net';
import { DEFAULT_SYSTEM, ToldGraph, VirtualRouters, type VirtualRouterChange } from '@vaportrail/schema';
import type { ConfigChannelView, Log } from '@vaportrail/show';
import { type Config, configSubscribeStanza } from '@vaportrail/xmpp';
import type { ControlNodePeer } from './control-node-peer.ts';

/** Milliseconds without a push after which configuration is taken to be complete, as Contrail's agents do. */
export const QUIET = 15_000;

export interface ConfigSubscriptionOwner {
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The steps to what is on the node now. @throws AgentError naming what cannot be used */
  told(changes: readonly VirtualRouterChange[]): void;
  /** All of it has been told for the first time. */
  complete(): void;
}

export class ConfigSubscription {
  readonly #owner: ConfigSubscriptionOwner;
  readonly #told: ToldGraph;
  /** The name of the node's virtual router. */
  readonly #router: string;
  /** What is done when a push has been taken as a whole. */
  readonly #postponed: (() => void)[] = [];
  /** Workloads that were plugged in here, by UUID. */
  readonly #machines: Set<string>;
  #server: ControlNodePeer | undefined;
  /** Whether the config server has told of this node, if only that it is not configured. */
  #isHeard = false;
  #isComplete = false;
  #quiet: Timer | undefined;
  #lastError: string | undefined;
  #loggedError: string | undefined;

  constructor(machines: Iterable<string>, owner: ConfigSubscriptionOwner) {
    this.#owner = owner;
    this.#machines = new Set(machines);
    this.#router = `${DEFAULT_SYSTEM}:${owner.agent}`;
    this.#told = new ToldGraph((error) => this.#failed(error));
    const routers = new VirtualRouters(this.#told, (work) => void this.#postponed.push(work));
    routers.follow(owner.agent, (changes) => this.#change(changes));
  }

  /** Whether everything has been told once: what this node publishes is what it has. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get server(): ControlNodePeer | undefined {
    return this.#server;
  }

  get view(): ConfigChannelView {
    const { settings } = this.#server ?? {};
    const lastError = this.#lastError;
    return {
      url: settings === undefined ? 'xmpp:' : `xmpp://${settings.server.address}:${settings.server.port}`,
      state: this.#server !== undefined && this.#isHeard ? 'following' : 'waiting',
      ...(lastError !== undefined && { lastError }),
    };
  }

  /** What a new session begins with: the subscriptions, if this control node becomes the config server. */
  opening(peer: ControlNodePeer): Uint8Array[] {
    if (this.#server !== undefined && this.#server !== peer) return [];
    this.#server = peer;
    this.#isHeard = false;
    this.#told.renew();
    return [`virtual-router:${this.#router}`, ...[...this.#machines].map(machineNode)].map((node) =>
      configSubscribeStanza(this.#owner.agent, node),
    );
  }

  /** A session went. Of the others, the first that is up is asked instead. */
  lost(peer: ControlNodePeer, others: Iterable<ControlNodePeer>): void {
    if (peer !== this.#server) return;
    this.#server = undefined;
    this.#quiet?.cancel();
    for (const other of others) {
      if (other === peer || other.state !== 'established') continue;
      this.#owner.log.info({ peer: other.name, instead: peer.name }, 'config server');
      for (const stanza of this.opening(other)) other.say(stanza);
      return;
    }
  }

  /** A workload was plugged in here, by somebody other than configuration. Tells whether that is new. */
  plug(machine: string): boolean {
    if (this.#machines.has(machine)) return false;
    this.#machines.add(machine);
    this.#server?.say(configSubscribeStanza(this.#owner.agent, machineNode(machine)));
    return true;
  }

  /** A workload is not here any more. Tells whether it was. */
  unplug(machine: string): boolean {
    if (!this.#machines.delete(machine)) return false;
    this.#server?.say(configSubscribeStanza(this.#owner.agent, machineNode(machine), 'unsubscribe'));
    return true;
  }

  /** Takes a push. Tells whether it came from the config server; others have nothing to push. */
  receive(peer: ControlNodePeer, { updates, deletes }: Config): boolean {
    if (peer !== this.#server) return false;
    const problems = this.#told.put(updates);
    this.#told.remove(deletes);
    this.#derive(problems);
    const isOwn = ({ type, name }: { type: string; name: string }): boolean =>
      type === 'virtual-router' && name === this.#router;
    if ([...updates, ...deletes].some((one) => one.kind === 'node' && isOwn(one))) this.#isHeard = true;
    this.#quiet?.cancel();
    if (this.#isHeard) this.#quiet = this.#owner.clock.after(QUIET, () => this.#settle());
    return true;
  }

  close(): void {
    this.#quiet?.cancel();
    this.#server = undefined;
  }

  /** Everything has been told. */
  #settle(): void {
    const swept = this.#told.sweep();
    this.#derive([]);
    if (swept > 0) this.#owner.log.info({ nodesAndLinks: swept }, 'configuration not told again forgotten');
    if (this.#isComplete) return;
    this.#isComplete = true;
    this.#owner.complete();
  }

  /** Finds out what has changed on the node. @param problems of what was told */
  #derive(problems: readonly string[]): void {
    this.#lastError = undefined;
    if (problems.length > 0) this.#failed(new Error(problems.join('; ')));
    for (let work = this.#postponed.shift(); work !== undefined; work = this.#postponed.shift()) work();
  }

  #change(changes: readonly VirtualRouterChange[]): void {
    if (changes.length === 0) return;
    try {
      this.#owner.told(changes);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#lastError = (error as Error).message;
    // The same again and again is one line.
    if (this.#lastError === this.#loggedError) return;
    this.#loggedError = this.#lastError;
    this.#owner.log.error({ err: error }, 'what the config server told cannot be used');
  }
}

function machineNode(uuid: string): string {
  return `virtual-machine:${uuid}`;
}
