/** Feeds a recording to fresh agents, which have no network and whose time is that of the records. */
import { ManualClock } from '@vaportrail/net';
import {
  type RecordLine,
  type ReplayedConnection,
  octetsOfText,
  replayedConnection,
} from '@vaportrail/show/recording';
import { AgentError } from './agent-error.ts';
import { agentFileConfig } from './agent-file.ts';
import { Fleet } from './fleet.ts';
import { type RecordedCall, recordedCalls } from './recorded-call.ts';
import { neighborViews, routeViews, vrfViews } from './views.ts';

export class AgentReplay {
  readonly fleet: Fleet;
  /** What the recording asks for and these agents cannot do: they are of another program than was recorded. */
  readonly problems: string[] = [];
  readonly #clock: ManualClock;
  /** Connections that agents are making, by agent and control node. */
  readonly #dialled = new Map<string, ReplayedConnection>();
  /** Sessions of the recording that live. */
  readonly #sessions = new Map<number, ReplayedConnection>();

  /** @throws ZodError when the configuration of the recording is not valid; AgentError when it contradicts itself */
  constructor(start: RecordLine & { readonly type: 'start' }) {
    const clock = new ManualClock(start.at);
    this.#clock = clock;
    this.fleet = new Fleet(agentFileConfig.parse(start.config), {
      clock,
      connect: (agent, { address, port }) => {
        const connection = replayedConnection(clock, address, port);
        this.#dialled.set(sessionKey(agent, address, port), connection);
        return connection.socket;
      },
    });
  }

  /** Starts the agents. */
  async start(): Promise<void> {
    await this.fleet.start();
    this.#clock.advance(0);
  }

  /** Moves the time; it never goes back. @param at milliseconds since the epoch */
  advanceTo(at: number): void {
    this.#clock.advance(Math.max(0, at - this.#clock.now()));
  }

  /** Tells the agents what a record says, at the time of the record. */
  async apply(record: RecordLine): Promise<void> {
    this.advanceTo(record.at);
    await this.#tell(record);
    this.#clock.advance(0);
  }

  /** Control nodes, VRFs and routes of every agent. */
  tables(): object {
    return {
      agents: Array.from(this.fleet, (agent) => ({
        name: agent.name,
        // How much waits to be written depends on the machine.
        neighbors: neighborViews(agent).map(({ backlog: _backlog, ...neighbor }) => neighbor),
        vrfs: vrfViews(agent),
        routes: routeViews(agent, {}),
      })),
    };
  }

  async #tell(record: RecordLine): Promise<void> {
    switch (record.type) {
      case 'config':
        return this.fleet.reload(agentFileConfig.parse(record.config));
      case 'xmpp-open': {
        const { session, agent = '', address, port } = record;
        const connection = this.#dialled.get(sessionKey(agent, address, port));
        if (connection === undefined || connection.closed) {
          this.problems.push(`session ${session}: ${agent} was not connecting to ${address}:${port}`);
          return;
        }
        this.#dialled.delete(sessionKey(agent, address, port));
        this.#sessions.set(session, connection);
        connection.connect();
        connection.receive(octetsOfText(record.octets));
        return;
      }
      case 'xmpp':
        this.#sessions.get(record.session)?.receive(octetsOfText(record.octets));
        return;
      case 'xmpp-closed':
        this.#sessions.get(record.session)?.close(record.because);
        this.#sessions.delete(record.session);
        return;
      case 'xmpp-failed': {
        const key = sessionKey(record.agent, record.address, record.port);
        const connection = this.#dialled.get(key);
        this.#dialled.delete(key);
        connection?.close(record.because);
        return;
      }
      case 'call':
        return this.#call(record);
      case 'start':
      case 'stop':
      case 'full':
      case 'bgp-open':
      case 'bgp':
      case 'bgp-closed':
      case 'objects':
        return;
    }
  }

  #call({ agent: name, method, arguments: given }: RecordLine & { readonly type: 'call' }): void {
    const agent = this.fleet.get(name);
    if (agent === undefined || !recordedCalls.includes(method as RecordedCall)) {
      this.problems.push(`there is no ${method} of ${name}`);
      return;
    }
    try {
      (agent[method as RecordedCall] as (...args: readonly unknown[]) => unknown)(...given);
    } catch (error) {
      // It was refused when it was recorded, too.
      if (!(error instanceof AgentError)) throw error;
    }
  }
}

function sessionKey(agent: string, address: string, port: number): string {
  return `${agent} ${address} ${port}`;
}
