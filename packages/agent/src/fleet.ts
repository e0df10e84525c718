/**
 * The agents of one process: those of a file, and a fleet made after a pattern. They share nothing but the process and
 * one place for their views; each has its own connections. They connect in waves, so that thousands of them do not
 * stand before a control node at once.
 */
import type { Socket } from 'node:net';
import { type Clock, ipv4Text, parseIpv4, systemClock } from '@vaportrail/net';
import { type Log, ViewServer, silentLog } from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import { Agent } from './agent.ts';
import { AgentError } from './agent-error.ts';
import { type AgentFile, type FleetConfig, fleetConfig, numbered } from './agent-file.ts';
import { agentConfig } from './config.ts';
import type { ControlNodePeer } from './control-node-peer.ts';
import { recordedFile } from './recorded-inputs.ts';
import { serveViews } from './views.ts';

export interface FleetOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Called when a session of any agent comes up, is in sync, or goes down. */
  readonly onSession?: (agent: Agent, peer: ControlNodePeer) => void;
  /** Everything the agents are told is written there. */
  readonly recorder?: Recorder | undefined;
  /** Makes connections to control nodes, and there are no views then; TCP when left out. */
  readonly connect?: (agent: string, server: { readonly address: string; readonly port: number }) => Socket;
}

/** Agents that may be connecting at one time when nothing else is said. */
const DEFAULT_WAVE = 200;
/** How long a connecting agent counts as one of its wave, in milliseconds. */
const WAVE_PATIENCE = 5000;

/** Agents come and go with `reload`; those whose settings are the same go on undisturbed. */
export class Fleet {
  #file: AgentFile;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: FleetOptions;
  readonly #agents = new Map<string, Agent>();
  readonly #wave: number;
  #views: ViewServer | undefined;
  #waiting: Agent[] = [];
  readonly #connecting = new Set<Agent>();
  #stopped = false;

  constructor(file: AgentFile, options: FleetOptions = {}) {
    this.#file = file;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#options = options;
    this.#wave = file.fleet?.wave ?? DEFAULT_WAVE;
    for (const config of file.agents) this.#add(config);
    for (const config of file.fleet === undefined ? [] : fleetAgents(file.fleet)) this.#add(config);
  }

  /** A fleet after a pattern, without views. */
  static of(pattern: Parameters<typeof fleetConfig.parse>[0], options?: FleetOptions): Fleet {
    const fleet = fleetConfig.parse(pattern);
    const introspect = { address: '127.0.0.1', port: 0 };
    return new Fleet({ name: numbered(fleet.name, 0), agents: [], fleet, introspect }, options);
  }

  get size(): number {
    return this.#agents.size;
  }

  /** Agents in the order of their configuration. */
  [Symbol.iterator](): IterableIterator<Agent> {
    return this.#agents.values();
  }

  /** The agent of a name. */
  get(name: string): Agent | undefined {
    return this.#agents.get(name);
  }

  /** Where the views of all agents are; undefined before the start. */
  get url(): string | undefined {
    return this.#views?.url;
  }

  /** Serves the views and begins to connect, wave by wave. @throws Error when the address of the views is in use */
  async start(): Promise<void> {
    if (this.#options.connect === undefined) {
      this.#views = new ViewServer(this.#log);
      serveViews(this.#views, this);
      await this.#views.listen(this.#file.introspect);
    }
    this.#options.recorder?.start('agent', this.#file.name, recordedFile(this.#file));
    this.#waiting = [...this.#agents.values()].reverse();
    this.#next();
  }

  /** Ends all agents, and the recording of what they were told. */
  async stop(): Promise<void> {
    this.#options.recorder?.record({ type: 'stop' });
    this.#options.recorder?.close();
    this.#stopped = true;
    this.#waiting = [];
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
    await this.#views?.close();
  }

  /**
   * Makes every agent of the file be what another file says; agents come and go too. A fleet after a pattern stays.
   * @throws AgentError when the pattern differs, or a node itself would change
   */
  async reload(file: AgentFile): Promise<void> {
    if (JSON.stringify(file.fleet) !== JSON.stringify(this.#file.fleet)) {
      throw new AgentError('the fleet cannot change while it runs');
    }
    this.#options.recorder?.record({ type: 'config', config: recordedFile(file) });
    const wanted = new Map(file.agents.map((config) => [config.name, config]));
    for (const { name } of this.#file.agents) {
      if (wanted.has(name)) continue;
      await this.#agents.get(name)?.stop();
      this.#agents.delete(name);
    }
    for (const config of wanted.values()) {
      const present = this.#agents.get(config.name);
      if (present === undefined) this.#waiting.push(this.#add(config));
      else present.reload(config);
    }
    this.#file = file;
    this.#next();
  }

  #add(config: ConstructorParameters<typeof Agent>[0]): Agent {
    const { recorder, connect, onSession } = this.#options;
    const agent: Agent = new Agent(config, {
      clock: this.#clock,
      recorder,
      connect: connect && ((server) => connect(config.name, server)),
      log: this.#log.child({ agent: config.name }),
      onSession: (peer) => {
        if (peer.state === 'established') this.#connected(agent);
        onSession?.(agent, peer);
      },
    });
    this.#agents.set(agent.name, agent);
    return agent;
  }

  /** Lets agents connect while there is room in the wave. */
  #next(): void {
    while (!this.#stopped && this.#connecting.size < this.#wave) {
      const agent = this.#waiting.pop();
      if (agent === undefined) return;
      this.#connecting.add(agent);
      // One that cannot connect tries on by itself and must not hold up the others.
      this.#clock.after(WAVE_PATIENCE, () => this.#connected(agent));
      void agent.start().catch((error: unknown) => {
        this.#log.error({ agent: agent.name, err: error }, 'an agent cannot start');
        this.#connected(agent);
      });
    }
  }

  #connected(agent: Agent): void {
    if (this.#connecting.delete(agent)) this.#next();
  }
}

/** The agents of a pattern, one after the other. */
function* fleetAgents(fleet: FleetConfig): IterableIterator<ReturnType<typeof agentConfig.parse>> {
  const { networks, interfaces, 'first-address': first, 'first-local-address': firstLocal } = fleet;
  const pods = parseIpv4(fleet['first-interface-address']);
  for (let n = 0; n < fleet.count; n++) {
    const vrf = numbered(networks.name, Math.floor(n / networks.size));
    yield agentConfig.parse({
      name: numbered(fleet.name, n),
      address: ipv4Text(parseIpv4(first) + n),
      ...(firstLocal !== undefined && { 'local-address': ipv4Text(parseIpv4(firstLocal) + n) }),
      'control-nodes': fleet['control-nodes'],
      'hold-time': fleet['hold-time'],
      vrfs: [{ name: vrf }],
      interfaces: Array.from({ length: interfaces }, (_, index) => ({
        name: `tap${index}`,
        vrf,
        address: ipv4Text(pods + n * interfaces + index),
      })),
    });
  }
}
