/** The agents of a control node: its XMPP server, and everybody who has a session or is expected back. */
import type { Socket } from 'node:net';
import type { Clock } from '@vaportrail/net';
import type { Rib } from '@vaportrail/rib';
import type { Log, LogBudget, NeighborView } from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import {
  type Channel,
  StreamError,
  XmppServer,
  excerpt,
  readTlsFiles,
  unlimitedWork,
} from '@vaportrail/xmpp';

import type { AgentSession } from './agent-session.ts';
import type { ConfigServer } from './config-server.ts';
import type { ControlNodeConfig } from './config.ts';
import type { RestartTimes } from './graceful-restart.ts';
import { type Bound, listening } from './listening.ts';
import { agentTap } from './recorded-inputs.ts';
import type { RoutingInstance } from './routing-instance.ts';
import { XmppPeer } from './xmpp-peer.ts';

/** What the agents need of the node. */
export interface AgentsOwner {
  readonly config: ControlNodeConfig;
  readonly rib: Rib;
  readonly clock: Clock;
  readonly log: Log;
  /** For what agents cause. */
  readonly budget: LogBudget;
  readonly configServer: ConfigServer;
  /** What agents write is written there. */
  readonly recorder: Recorder | undefined;
  /** Listens nowhere, and nobody else waits for its turns. */
  readonly isOffline: boolean;
  instance(name: string): RoutingInstance | undefined;
}

/** Agents by name, from their first session until their routes have gone. */
export class Agents {
  readonly #owner: AgentsOwner;
  readonly #server: XmppServer;
  readonly #agents = new Map<string, XmppPeer>();
  #address: Bound | undefined;

  /** @throws Error when a file of `xmpp.tls` cannot be read or used */
  constructor(owner: AgentsOwner) {
    this.#owner = owner;
    const { config, clock, log, budget, recorder } = owner;
    const { limits } = config.xmpp;
    this.#server = new XmppServer({
      name: config.name,
      clock,
      holdTime: config.xmpp['hold-time'],
      accept: (channel) => this.#accept(channel),
      refuse: ({ from }, address) => this.#refuse(from, address),
      refused: (address, because) => budget.of(address).info({ address, because }, 'XMPP connection refused'),
      ...(config.xmpp.tls !== undefined && { tls: readTlsFiles(config.xmpp.tls) }),
      peerNames: config.xmpp.tls?.names,
      capacity: {
        agents: limits.agents,
        agentsPerAddress: limits['agents-per-address'],
        pending: limits.pending,
        pendingPerAddress: limits['pending-per-address'],
      },
      ...(config['sub-cluster'] !== undefined && { subCluster: config['sub-cluster'] }),
      gracefulRestartHelper: config['graceful-restart'].enabled,
      report: (error) => log.error({ err: error }, 'a handler failed'),
      tap: recorder && agentTap(recorder),
      ...(owner.isOffline && { turnShare: Number.POSITIVE_INFINITY, limits: unlimitedWork }),
    });
  }

  /** With a session or expected back, in the order in which they first came. */
  [Symbol.iterator](): IterableIterator<XmppPeer> {
    return this.#agents.values();
  }

  /** Lets agents connect. @throws Error naming the address that is in use or not of this machine */
  async listen(): Promise<void> {
    const at = this.#owner.config.xmpp.listen;
    this.#address = await listening('XMPP', at, this.#server.listen(at));
  }

  /** Where agents connect; undefined before {@link listen}. */
  get address(): Bound | undefined {
    return this.#address;
  }

  /** Takes a connection of an agent that is there already. */
  adopt(socket: Socket): Channel {
    return this.#server.adopt(socket);
  }

  /** Says goodbye to everybody. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** How many connections there are, those of them with a session, and `address:port` that they come to. */
  connections(): { open: number; established: number; listening: string } {
    const established = this.#server.channels.size;
    const { address, port } = this.#address ?? this.#owner.config.xmpp.listen;
    return { open: established + this.#server.pending, established, listening: `${address}:${port}` };
  }

  /** What operators see of each, sorted by name. */
  views(): NeighborView[] {
    const views = Array.from(this, (agent) => agent.view());
    return views.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** While the routes of an agent wait for its return, nobody has its name at another address. */
  #refuse(name: string, address: string): StreamError | undefined {
    const absent = this.#agents.get(name);
    if (absent === undefined || absent.isUp || absent.address === address) return undefined;
    return new StreamError('conflict', `${excerpt(name)} is expected back from ${absent.address}`);
  }

  #accept(channel: Channel): AgentSession {
    const absent = this.#agents.get(channel.name);
    if (absent !== undefined) return absent.resume(channel);
    const { config, rib, clock, budget, configServer } = this.#owner;
    const { xmpp, 'graceful-restart': restart } = config;
    const agent = new XmppPeer(channel, {
      rib,
      clock,
      log: budget.of(channel.address),
      endOfRibDelay: xmpp['end-of-rib-delay'],
      holdTime: xmpp['hold-time'],
      routeLimit: xmpp.limits['routes-per-agent'],
      restart: restart.enabled ? restartTimes(restart) : undefined,
      configServer,
      instance: (name) => this.#owner.instance(name),
      gone: (peer) => {
        if (this.#agents.get(peer.name) === peer) this.#agents.delete(peer.name);
      },
    });
    this.#agents.set(agent.name, agent);
    return agent.session;
  }
}

function restartTimes(config: ControlNodeConfig['graceful-restart']): RestartTimes {
  return {
    restart: config['restart-time'],
    longLived: config['long-lived-restart-time'],
    endOfRib: config['end-of-rib-timeout'],
  };
}
