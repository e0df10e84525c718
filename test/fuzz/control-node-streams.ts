/**
 * Fuzz target: what a control node writes, to two agents without a network. One has another control node beside, from
 * which it must go on to forward; the other has its configuration from this one alone, and must have what an honest
 * control node says of it afterwards, and nothing else.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { Agent, type AgentConfigInput } from '@vaportrail/agent';
import { ManualClock, parseAddress, parsePrefix } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';
import { type ReplayedConnection, replayedConnection } from '@vaportrail/show/recording';
import {
  type Stanza,
  configStanza,
  endOfRibBody,
  itemAttributes,
  itemsBodies,
  messageHeader,
  nextHop,
} from '@vaportrail/xmpp';

import { RED, changed } from './stanza-changes.ts';
import { cut, readHowever, streamHeader } from './stream-reading.ts';
import type { Target } from './target.ts';

const HOSTILE = '10.9.0.1';
const HONEST = '10.9.0.2';
const ROUTER = 'default-global-system-config:compute-1';
/** Longer than an agent waits before it connects again, and than it waits for further configuration. */
const PAUSE = 16_000;

/** An item of an honest control node. */
function items(prefix: string, label: number): Buffer {
  const hop = nextHop({ address: parseAddress('10.1.1.4'), label, encapsulations: ['gre', 'udp'] });
  const attributes = itemAttributes({ nextHops: [hop], localPref: 200 });
  return Buffer.concat([
    messageHeader('compute-1'),
    ...itemsBodies('inet', RED, [{ family: 'inet', prefix: parsePrefix(prefix), attributes }]),
  ]);
}
const endOfRib = Buffer.concat([messageHeader('compute-1'), endOfRibBody]);

const name = (type: string, id: string, more = ''): string =>
  `<node type="${type}"><name>${id}</name>${more}</node>`;
const link = (metadata: string, ...ends: string[]): string =>
  `<link>${ends.join('')}<metadata type="${metadata}" /></link>`;
const network = name('virtual-network', 'default-domain:demo:red');
const vmi = name('virtual-machine-interface', 'default-domain:demo:web-1');
const machine = name('virtual-machine', 'web-1');

/** A network with one workload on the node. */
const configuration = configStanza(ROUTER, {
  updates: [
    name('virtual-router', ROUTER),
    network,
    name('routing-instance', RED, '<routing-instance-is-default>true</routing-instance-is-default>'),
    machine,
    vmi,
    name('instance-ip', 'web-1-ip', '<instance-ip-address>10.1.0.7</instance-ip-address>'),
    link('virtual-network-routing-instance', network, name('routing-instance', RED)),
    link('virtual-router-virtual-machine', name('virtual-router', ROUTER), machine),
    link('virtual-machine-interface-virtual-machine', vmi, machine),
    link('virtual-machine-interface-virtual-network', vmi, network),
    link('instance-ip-virtual-machine-interface', name('instance-ip', 'web-1-ip'), vmi),
  ],
});

/** An agent whose time is that of the scene, and the connections it is making. */
class Scene {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly agent: Agent;
  readonly said: string[] = [];
  readonly #dialled = new Map<string, ReplayedConnection>();
  /** Control nodes that stay. */
  readonly #steady: ReplayedConnection[] = [];

  constructor(config: Omit<AgentConfigInput, 'name' | 'address'>) {
    const note = (fields: object, message: string): void =>
      void this.said.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: () => {}, info: () => {}, warn: note, error: note, child: () => log };
    this.agent = Agent.from(
      { name: 'compute-1', address: '10.1.1.3', 'stale-time': 0, ...config },
      {
        clock: this.clock,
        log,
        connect: ({ address, port }) => {
          const connection = replayedConnection(this.clock, address, port);
          this.#dialled.set(address, connection);
          return connection.socket;
        },
      },
    );
    void this.agent.start();
    this.pass();
  }

  /** Takes the connection that the agent makes to a control node, and greets. */
  answer(address: string): ReplayedConnection {
    let connection = this.#dialled.get(address);
    for (let pause = 0; connection === undefined && pause < 4; pause++) {
      this.pass();
      connection = this.#dialled.get(address);
    }
    if (connection === undefined) throw new Error(`the agent does not connect to ${address} any more`);
    this.#dialled.delete(address);
    connection.connect();
    connection.receive(streamHeader('ctrl-1'));
    return connection;
  }

  /** A control node that stays and says what it has to say. */
  settle(address: string, stanzas: readonly Buffer[]): void {
    const connection = this.answer(address);
    this.#steady.push(connection);
    for (const stanza of stanzas) connection.receive(stanza);
    this.pass();
  }

  pass(): void {
    for (const steady of this.#steady) steady.receive(Buffer.from('\u0200'));
    this.clock.advance(PAUSE);
  }

  /** What the node forwards by and publishes. */
  remains(): object {
    const { agent } = this;
    return {
      peers: agent.peers.map(({ name: peer, state, flaps }) => (peer === HONEST ? { state, flaps } : {})),
      interfaces: [...agent.interfaces].map((one) => one.name),
      nextHops: agent.nextHops.size,
      labels: agent.labels.list().length,
      routes: [...agent.vrfs].map((vrf) => [
        vrf.name,
        [...vrf.routes()].map(({ prefix, paths }) => `${prefix} ${paths.length}`).sort(),
      ]),
    };
  }

  /** @throws Error when something went wrong inside of the agent */
  checkWords(): void {
    const fault = this.said.find((line) => /an error inside this program|TypeError|RangeError/.test(line));
    if (fault !== undefined) throw new Error(fault);
    this.said.length = 0;
  }
}

function besideAnother(): Scene {
  const scene = new Scene({
    'control-nodes': [{ address: HOSTILE }, { address: HONEST }],
    vrfs: [{ name: RED }],
    interfaces: [{ name: 'tap1', vrf: RED, address: '10.1.0.5' }],
  });
  scene.settle(HONEST, [items('10.1.0.9/32', 30), endOfRib]);
  return scene;
}

/** What the node has once an honest control node has told it everything; that one goes then, too. */
function afterHonest(scene: Scene): object {
  const connection = scene.answer(HOSTILE);
  for (const stanza of [configuration, items('10.1.0.9/32', 30), endOfRib]) connection.receive(stanza);
  scene.pass();
  scene.checkWords();
  const remains = scene.remains();
  connection.close();
  scene.clock.advance(0);
  return remains;
}

let scenes: { readonly beside: Scene; readonly alone: Scene; readonly told: object } | undefined;

function prepared(): NonNullable<typeof scenes> {
  if (scenes !== undefined) return scenes;
  const alone = new Scene({ 'control-nodes': [{ address: HOSTILE }], config: 'xmpp' });
  scenes = { beside: besideAnother(), alone, told: afterHonest(alone) };
  return scenes;
}

export const controlNodeStreams: Target = {
  about:
    'control nodes: no exception in an agent, what another one says stays, and an honest session makes up for everything',
  corpus: 'control-node-streams.hex',
  // An input goes through two agents, twice octet by octet if the dice say so, and another session follows.
  limit: 250,
  vary: changed,
  run(bytes, dice) {
    const { stanzas, condition } = readHowever(bytes, dice);
    const { beside, alone, told } = prepared();
    const before = beside.remains();
    const during: number[] = [];
    for (const scene of [beside, alone]) {
      const hostile = scene.answer(HOSTILE);
      for (const chunk of cut(bytes, dice)) hostile.receive(chunk);
      scene.clock.advance(0);
      if (dice.roll(2) === 0) scene.pass();
      during.push([...scene.agent.vrfs].length, [...scene.agent.interfaces].length);
      hostile.close();
      scene.clock.advance(0);
      scene.checkWords();
    }
    deepStrictEqual(beside.remains(), before);
    deepStrictEqual(afterHonest(alone), told);
    const kinds = stanzas.map((stanza) => (stanza as Stanza).type);
    return `${kinds.slice(0, 6).join()} ${condition} ${during.join()}`;
  },
};
