/** Feeds a recording to a fresh control node, which has no network and whose time is that of the records. */
import { HEADER_OCTETS, messageHeader, messageType } from '@vaportrail/bgp/wire';
import { ManualClock } from '@vaportrail/net';
import {
  type RecordLine,
  type ReplayedConnection,
  octetsOfText,
  replayedConnection,
} from '@vaportrail/show/recording';
import type { RouteView } from '@vaportrail/show';
import { type Channel, StreamError, type StreamErrorCondition } from '@vaportrail/xmpp';

import { type ControlNodeConfig, controlNodeConfig } from './config.ts';
import { ControlNode } from './control-node.ts';

/** A session of the recording that lives. */
interface ReplayedSession {
  readonly connection: ReplayedConnection;
  /** Undefined for BGP. */
  readonly channel: Channel | undefined;
}

const keepalive = Buffer.from(messageHeader(messageType.keepalive, HEADER_OCTETS));

/** One for a recording: {@link start}, then {@link apply} for each line after the first. */
export class ControlNodeReplay {
  readonly node: ControlNode;
  /** Sessions of the recording that did not come up here, which means that this is another program than was recorded. */
  readonly problems: string[] = [];
  readonly #clock: ManualClock;
  readonly #sessions = new Map<number, ReplayedSession>();

  /** @throws ZodError when the configuration of the recording is not valid */
  constructor(start: RecordLine & { readonly type: 'start' }) {
    this.#clock = new ManualClock(start.at);
    this.node = new ControlNode(replayedConfig(start.config), {
      clock: this.#clock,
      schedule: (work) => void this.#clock.after(0, work),
      offline: true,
    });
  }

  /** Starts the node. */
  async start(): Promise<void> {
    await this.node.start();
    this.#clock.advance(0);
  }

  /** Moves the time; it never goes back. @param at milliseconds since the epoch */
  advanceTo(at: number): void {
    this.#clock.advance(Math.max(0, at - this.#clock.now()));
  }

  /** Tells the node what a record says, at the time of the record, and lets it come to rest. */
  async apply(record: RecordLine): Promise<void> {
    this.advanceTo(record.at);
    await this.#tell(record);
    this.#clock.advance(0);
  }

  /** Neighbours, instances, tables and every route; routes by table and prefix, as their own order is by chance. */
  tables(): object {
    const { node } = this;
    const order = ({ table, prefix }: RouteView): string => `${table} ${prefix}`;
    return {
      // How much waits to be written depends on the machine.
      neighbors: node.neighbors().map(({ backlog: _backlog, ...neighbor }) => neighbor),
      routingInstances: node.routingInstances(),
      tables: node.tables(),
      routes: node.routes({}).sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    };
  }

  async #tell(record: RecordLine): Promise<void> {
    switch (record.type) {
      case 'config':
        return this.node.reload(replayedConfig(record.config));
      case 'xmpp-open': {
        const connection = replayedConnection(this.#clock, record.address, record.port);
        const channel = this.node.adoptAgent(connection.socket);
        this.#sessions.set(record.session, { connection, channel });
        connection.receive(octetsOfText(record.octets));
        if (channel.establishedAt === undefined && !connection.closed) this.#missing(record);
        return;
      }
      case 'xmpp':
        this.#sessions.get(record.session)?.connection.receive(octetsOfText(record.octets));
        return;
      case 'xmpp-closed': {
        const session = this.#sessions.get(record.session);
        this.#sessions.delete(record.session);
        if (record.condition === undefined) session?.connection.close();
        else
          session?.channel?.close(new StreamError(record.condition as StreamErrorCondition, record.because));
        return;
      }
      case 'objects':
        return this.node.tellObject(record.line, record.first);
      case 'bgp-open': {
        const connection = replayedConnection(this.#clock, record.address, record.port);
        this.#sessions.set(record.session, { connection, channel: undefined });
        this.node.adoptPeer(connection.socket);
        connection.receive(Buffer.from(record.open, 'hex'));
        connection.receive(keepalive);
        if (connection.closed) this.#missing(record);
        return;
      }
      case 'bgp':
        this.#sessions.get(record.session)?.connection.receive(Buffer.from(record.message, 'hex'));
        return;
      case 'bgp-closed':
        this.#sessions.get(record.session)?.connection.close();
        this.#sessions.delete(record.session);
        return;
      case 'start':
      case 'stop':
      case 'full':
      case 'xmpp-failed':
      case 'call':
        return;
    }
  }

  #missing({ session, address }: { session: number; address: string }): void {
    this.problems.push(`session ${session} with ${address} did not come up`);
  }
}

/** A recorded configuration without what needs a network: peers are waited for, and stations are not told. */
function replayedConfig(recorded: unknown): ControlNodeConfig {
  const config = controlNodeConfig.parse(recorded);
  const peers = config.bgp.peers.map((peer) => ({ ...peer, passive: true }));
  return { ...config, bgp: { ...config.bgp, listen: [], peers } };
}
