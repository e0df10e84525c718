/**
 * A crowd of agents in a process of its own, as thin as agents can be: sockets, prepared octets, and a count of the
 * prefixes that arrive. Forked by the benchmark; talks to it by IPC.
 */
import { type Socket, connect } from 'node:net';
import { parseAddress, parsePrefix } from '@vaportrail/net';
import {
  CONTROL_NODE_JID,
  type UnicastItem,
  announceStanzas,
  headerBytes,
  subscribeStanza,
} from '@vaportrail/xmpp';

export interface CrowdPlan {
  readonly address: string;
  readonly port: number;
  readonly agents: number;
  readonly routesPerAgent: number;
  readonly agentsPerNetwork: number;
}

export type CrowdReport =
  | { readonly type: 'established'; readonly milliseconds: number }
  | {
      readonly type: 'converged';
      readonly milliseconds: number;
      readonly items: number;
      readonly octets: number;
    }
  | { readonly type: 'lost'; readonly agent: string };

/** Name of the routing instance of a network. */
export function instanceOf(network: number): string {
  return `default-domain:bench:net-${network}:net-${network}`;
}

/** `1 + 64` connections are opened at a time. */
const OPENING = 64;
const KEEPALIVE = Buffer.from([0xc8, 0x80]);
const ITEM_ID = Buffer.from('<item id="');

function nextHopOf(agent: number): string {
  return `10.${64 + (agent >> 16)}.${(agent >> 8) & 0xff}.${agent & 0xff}`;
}

function itemOf(agent: number, route: number): UnicastItem {
  const number = agent * 256 + route;
  return {
    family: 'inet',
    prefix: parsePrefix(
      `${20 + (number >>> 24)}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}/32`,
    ),
    attributes: {
      nextHops: [
        {
          address: parseAddress(nextHopOf(agent)),
          label: 16 + route,
          encapsulations: ['gre', 'udp'],
          virtualNetwork: '',
          tags: [],
          mac: undefined,
          localSequence: 0,
          vni: 0,
          l3Label: 0,
        },
      ],
      version: 1,
      virtualNetwork: '',
      mobility: { sequence: 0, sticky: false },
      securityGroups: [8000002],
      communityTags: [],
      localPref: 200,
      med: 0,
      loadBalance: { fields: [], decision: 'field-hash' },
      subProtocol: 'interface',
    },
  };
}

/** One agent: subscribes to its network, publishes, and notes the prefixes it is told of. */
class ThinAgent {
  readonly name: string;
  readonly prefixes = new Set<string>();
  items = 0;
  octets = 0;
  #tail: Buffer = Buffer.alloc(0);

  constructor(name: string) {
    this.name = name;
  }

  open(plan: CrowdPlan, number: number, events: { open(): void; prefix(): void; lost(): void }): Socket {
    const socket = connect({ host: plan.address, port: plan.port, noDelay: true });
    let opened = false;
    socket.write(headerBytes({ from: this.name, to: CONTROL_NODE_JID, namespace: '' }));
    socket.on('data', (chunk: Buffer) => {
      this.octets += chunk.length;
      if (!opened) {
        opened = true;
        const instance = instanceOf(Math.floor(number / plan.agentsPerNetwork));
        const parts = [KEEPALIVE, subscribeStanza(this.name, instance, 1)];
        for (let route = 0; route < plan.routesPerAgent; route++) {
          parts.push(announceStanzas(this.name, instance, itemOf(number, route), route));
        }
        socket.write(Buffer.concat(parts));
        events.open();
      }
      this.#read(chunk, events.prefix);
    });
    socket.on('error', () => {});
    socket.on('close', events.lost);
    return socket;
  }

  #read(chunk: Buffer, prefix: () => void): void {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    let at = 0;
    for (;;) {
      const found = bytes.indexOf(ITEM_ID, at);
      if (found < 0) break;
      const end = bytes.indexOf(0x22, found + ITEM_ID.length);
      if (end < 0) {
        this.#tail = Buffer.from(bytes.subarray(found));
        return;
      }
      this.items++;
      const before = this.prefixes.size;
      this.prefixes.add(bytes.toString('latin1', found + ITEM_ID.length, end));
      if (this.prefixes.size > before) prefix();
      at = end;
    }
    this.#tail = Buffer.from(bytes.subarray(Math.max(at, bytes.length - ITEM_ID.length)));
  }
}

function expectedPrefixes({ agents, agentsPerNetwork, routesPerAgent }: CrowdPlan): number {
  let expected = 0;
  for (let first = 0; first < agents; first += agentsPerNetwork) {
    const members = Math.min(agentsPerNetwork, agents - first);
    expected += members * members * routesPerAgent;
  }
  return expected;
}

async function run(plan: CrowdPlan, report: (report: CrowdReport) => void): Promise<void> {
  const started = performance.now();
  const agents = Array.from({ length: plan.agents }, (_, number) => new ThinAgent(`compute-${number}`));
  const sockets: Socket[] = [];
  const expected = expectedPrefixes(plan);
  let heard = 0;
  const prefix = (): void => {
    if (++heard < expected) return;
    const total = (of: (agent: ThinAgent) => number): number =>
      agents.reduce((sum, agent) => sum + of(agent), 0);
    report({
      type: 'converged',
      milliseconds: performance.now() - started,
      items: total(({ items }) => items),
      octets: total(({ octets }) => octets),
    });
  };
  let next = 0;
  let open = 0;
  await new Promise<void>((resolve) => {
    const openNext = (): void => {
      const number = next++;
      const agent = agents[number];
      if (agent === undefined) return;
      sockets.push(
        agent.open(plan, number, {
          prefix,
          open: () => {
            openNext();
            if (++open === plan.agents) resolve();
          },
          lost: () => report({ type: 'lost', agent: agent.name }),
        }),
      );
    };
    for (let i = 0; i < OPENING; i++) openNext();
  });
  report({ type: 'established', milliseconds: performance.now() - started });
  setInterval(() => {
    for (const socket of sockets) socket.write(KEEPALIVE);
  }, 30_000);
}

if (process.send !== undefined && process.argv[2] === '--crowd') {
  void run(JSON.parse(process.argv[3]!) as CrowdPlan, (report) => process.send!(report));
  process.on('disconnect', () => process.exit(0));
}
