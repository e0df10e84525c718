/** Fuzz target: what agents write, through a whole control node without a network, beside an agent that minds its own business. */
import { deepStrictEqual } from 'node:assert/strict';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { ManualClock } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';
import { type ReplayedConnection, replayedConnection } from '@vaportrail/show/recording';
import { MASTER_INSTANCE, type Stanza } from '@vaportrail/xmpp';

import { RED, changed } from './stanza-changes.ts';
import { cut, readHowever, streamHeader } from './stream-reading.ts';
import type { Target } from './target.ts';

const subscribe = (instance: string, id: number): Buffer =>
  Buffer.from(
    `<iq type="set" to="x/bgp-peer"><pubsub><subscribe node="${instance}"><options><instance-id>${id}</instance-id></options></subscribe></pubsub></iq>`,
  );
/** Subscriptions with which an agent begins. */
export const prelude = Buffer.concat([subscribe(RED, 4), subscribe(MASTER_INSTANCE, 0)]);

/** A control node that lives through all inputs, and what it has said since it was last asked. */
class Scene {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly node: ControlNode;
  readonly said: string[] = [];
  #beside: ReplayedConnection | undefined;

  constructor() {
    const note = (fields: object, message: string): void =>
      void this.said.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: () => {}, info: note, warn: note, error: note, child: () => log };
    this.node = new ControlNode(
      controlNodeConfig.parse({
        name: 'ctrl-1',
        'router-id': '10.1.1.1',
        bgp: { listen: [] },
        'routing-instances': [
          { name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] },
          { name: 'default-domain:demo:blue:blue', import: ['64512:8000004'] },
        ],
      }),
      { clock: this.clock, log, offline: true, schedule: (work) => void this.clock.after(0, work) },
    );
  }

  /** The agent beside, which is there for good. */
  start(): void {
    if (this.#beside !== undefined) return;
    const beside = replayedConnection(this.clock, '10.1.1.4', 4000);
    this.#beside = beside;
    this.node.adoptAgent(beside.socket);
    beside.receive(streamHeader('compute-2'));
    beside.receive(prelude);
    this.rest();
  }

  rest(): void {
    for (let i = 0; i < 4; i++) this.clock.advance(0);
  }

  /** Five seconds go by, in which the agent beside says that it lives. */
  pass(): void {
    this.#beside?.receive(Buffer.from('\u0200'));
    this.clock.advance(5000);
  }

  /** What must be as before once the agent of an input is gone. */
  remains(): string {
    const paths = this.node.tables().map(({ name, paths }) => `${name} ${paths}`);
    return [...paths, ...this.node.neighbors().map(({ name, state }) => `${name} ${state}`)].join();
  }
}

const scene = new Scene();

export const xmppStreams: Target = {
  about:
    'agents: no exception, the same stanzas however they are cut, nobody else notices, and nothing is left of them',
  corpus: 'xmpp-streams.hex',
  // An input is read three times, twice octet by octet if the dice say so, and goes through all tables and out of them again.
  limit: 100,
  vary: changed,
  run(bytes, dice) {
    const whole = readHowever(bytes, dice);
    scene.start();
    const before = scene.remains();
    scene.said.length = 0;
    const agent = replayedConnection(scene.clock, '10.1.1.3', 4000);
    scene.node.adoptAgent(agent.socket);
    for (const chunk of [streamHeader('compute-1'), prelude, ...cut(bytes, dice)]) agent.receive(chunk);
    scene.rest();
    const during = scene.node.tables().map(({ paths }) => paths);
    agent.close();
    for (let i = 0; i < 100 && scene.remains() !== before; i++) scene.rest();
    deepStrictEqual(scene.remains(), before);
    scene.pass();
    const fault = scene.said.find((line) => /an error inside this program|a handler failed/.test(line));
    if (fault !== undefined) throw new Error(fault);
    const problems = scene.said.map(
      (line) => /"because":"([^"\\]*)/.exec(line)?.[1]?.replaceAll(/\d+|:.*/g, '') ?? '',
    );
    const kinds = whole.stanzas.map((stanza) => (stanza as Stanza).type);
    return `${kinds.slice(0, 6).join()} ${whole.condition} ${during.map((paths) => Math.min(paths, 3)).join('')} ${[...new Set(problems)].join()}`;
  },
};
