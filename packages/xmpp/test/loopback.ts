/** Servers, agents and strangers on loopback, for the tests of this package. */
import { connect, type Socket } from 'node:net';
import {
  XmppClient,
  XmppServer,
  type Channel,
  type ChannelDown,
  type Stanza,
  type XmppClientOptions,
  type XmppServerOptions,
} from '../src/index.ts';

/** Waits until something holds; the test's own time limit ends the wait. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 2));
}

export interface RunningServer {
  readonly server: XmppServer;
  readonly port: number;
  readonly ups: Channel[];
  readonly downs: { readonly name: string; readonly reason: ChannelDown }[];
  readonly stanzas: Stanza[];
}

/** A server that notes what its agents do. */
export async function runServer(
  options: Partial<XmppServerOptions> = {},
  onStanza?: (channel: Channel, stanza: Stanza) => void,
): Promise<RunningServer> {
  const ups: Channel[] = [];
  const downs: RunningServer['downs'] = [];
  const stanzas: Stanza[] = [];
  const server = new XmppServer({
    name: 'ctrl-1',
    accept: (channel) => {
      ups.push(channel);
      return {
        stanza: (stanza) => {
          stanzas.push(stanza);
          onStanza?.(channel, stanza);
        },
        down: (reason) => downs.push({ name: channel.name, reason }),
      };
    },
    ...options,
  });
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  return { server, port, ups, downs, stanzas };
}

export interface RunningAgent {
  readonly client: XmppClient;
  readonly stanzas: Stanza[];
  readonly downs: ChannelDown[];
  readonly ends: ChannelDown[];
  timedOut: number;
}

/** An agent that notes what it is told, started. */
export function runAgent(name: string, port: number, options: Partial<XmppClientOptions> = {}): RunningAgent {
  const agent: RunningAgent = {
    stanzas: [],
    downs: [],
    ends: [],
    timedOut: 0,
    client: new XmppClient({
      name,
      server: { address: '127.0.0.1', port },
      handlers: {
        stanza: (stanza) => agent.stanzas.push(stanza),
        down: (reason) => agent.downs.push(reason),
        ended: (reason) => agent.ends.push(reason),
        timedOut: (attempts) => {
          agent.timedOut = attempts;
        },
      },
      ...options,
    }),
  };
  agent.client.start();
  return agent;
}

export const isUp = (agent: RunningAgent): boolean => agent.client.channel.state === 'established';

/** A connection by hand: what is written and what comes back are octets. */
export interface Stranger {
  readonly socket: Socket;
  readonly received: () => Buffer;
  readonly text: () => string;
  closed: boolean;
}

export async function connectStranger(port: number, localAddress?: string): Promise<Stranger> {
  const chunks: Buffer[] = [];
  const socket = connect({
    host: '127.0.0.1',
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  const received = (): Buffer => Buffer.concat(chunks);
  const stranger: Stranger = { socket, received, text: () => received().toString('latin1'), closed: false };
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {}); // a reset closes it as well
  socket.on('close', () => {
    stranger.closed = true;
  });
  await until(() => !socket.connecting);
  return stranger;
}
