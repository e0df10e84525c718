/** Fuzz target: what agents write, through a whole control node without a network, beside an agent that minds its own business. */
import { deepStrictEqual } from 'node:assert/strict';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { ManualClock } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';
import { type ReplayedConnection, replayedConnection } from '@vaportrail/show/recording';
import { MASTER_INSTANCE, type Stanza, type StreamError, XmppStream, headerBytes } from '@vaportrail/xmpp';

import { type Dice, mutate } from './mutation.ts';
import type { Target } from './target.ts';

const LONGEST = 8192;
const RED = 'default-domain:demo:red:red';

/** Pieces with which XML, or a reader of it, goes wrong. */
const nasty = [
  '<!-- -->',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '<?x?>',
  '<?xml version="1.0"?>',
  '<![CDATA[25]]>',
  ']]>',
  '&amp;',
  '&#x32;',
  '&#0;',
  '&#xD800;',
  '&lol;',
  '<x:y/>',
  '<a xmlns:x="y"><x:b/></a>',
  "'",
  '"',
  '</stream:stream>',
  '<stream:error/>',
  '<stream:stream xmlns:stream="http://etherx.jabber.org/streams">',
  '\u0200',
  '\u0000',
  '\ud7ff',
  '\u{10ffff}',
  '\ufeff',
  '</iq>',
  '<iq type="set"/>',
  '<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>',
  '<item/>',
  '<next-hop/>',
  '<associate/>',
  '/',
  ':',
];
const values = [
  '',
  '0',
  '1',
  '-1',
  '+1',
  '16',
  '1048575',
  '1048576',
  '16777215',
  '16777216',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '1e3',
  '0x10',
  'true',
  'false',
  '10.0.0.1',
  '10.0.0.1/32',
  '10.0.0.1/33',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '::/0',
  '2001:db8::1/128',
  '::ffff:10.0.0.1',
  'ff:ff:ff:ff:ff:ff',
  '00:00:00:00:00:00',
  'gre',
  'vxlan',
  'no-export',
  '64512:1',
  '1-1048575',
  RED,
  MASTER_INSTANCE,
  'constructor',
  '__proto__',
];

type Change = (text: string, dice: Dice, other: string) => string;

/** Changes by the grammar: lines, values and tags instead of octets. */
const changes: readonly Change[] = [
  (text, dice) => inserted(text, dice.roll(text.length + 1), dice.pick(nasty)),
  (text, dice) => replacedOne(text, />[^<>]*</g, dice, () => `>${dice.pick(values)}<`),
  (text, dice) => replacedOne(text, /"[^"]*"/g, dice, () => `"${dice.pick(values)}"`),
  (text, dice) => replacedOne(text, /<\/?[a-z-]+/g, dice, (tag) => `${tag}x`),
  (text, dice) => replacedOne(text, /\n[^\n]*/g, dice, (line) => line.repeat(dice.roll(4))),
  (text, dice) => replacedOne(text, /<iq .*?<\/iq>/gs, dice, (stanza) => stanza.repeat(dice.roll(3))),
  (text, dice) => replacedOne(text, /<item>.*?<\/item>/gs, dice, (item) => item.repeat(dice.roll(4))),
  (text, dice) => replacedOne(text, /<next-hop>.*?<\/next-hop>/gs, dice, (hop) => hop.repeat(dice.roll(3))),
  (text, dice) =>
    text.replaceAll(
      dice.roll(2) === 0 ? 'associate' : 'dissociate',
      dice.roll(2) === 0 ? 'associate' : 'dissociate',
    ),
  (text, dice, other) => inserted(text, dice.roll(text.length + 1), dice.pick(other.split('\n'))),
  (text, _dice, other) => text + other,
];

function inserted(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

/** One of the places that match, chosen by the dice, with another text. */
function replacedOne(text: string, pattern: RegExp, dice: Dice, another: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index, 0: match } = dice.pick(matches);
  return text.slice(0, index) + another(match) + text.slice(index + match.length);
}

const header = (from: string): Buffer =>
  headerBytes({ from, to: 'network-control@contrailsystems.com', namespace: '' });
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
    beside.receive(header('compute-2'));
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
  vary(seed, other, dice) {
    let text = Buffer.from(seed).toString('utf8');
    const piece = Buffer.from(other).toString('utf8');
    for (let left = 1 + dice.roll(3); left > 0; left--) text = dice.pick(changes)(text, dice, piece);
    const bytes = new Uint8Array(Buffer.from(text).subarray(0, LONGEST));
    return bytes.length > 0 && dice.roll(4) === 0 ? mutate(bytes, other, dice, LONGEST) : bytes;
  },
  run(bytes, dice) {
    const whole = read([Buffer.from(bytes)]);
    const torn = read(cut(bytes, dice));
    deepStrictEqual(torn.stanzas, whole.stanzas);
    deepStrictEqual(torn.isOver, whole.isOver);
    scene.start();
    const before = scene.remains();
    scene.said.length = 0;
    const agent = replayedConnection(scene.clock, '10.1.1.3', 4000);
    scene.node.adoptAgent(agent.socket);
    for (const chunk of [header('compute-1'), prelude, ...cut(bytes, dice)]) agent.receive(chunk);
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

/** What a stream makes of chunks behind its header. */
function read(chunks: readonly Buffer[]): { stanzas: unknown[]; isOver: boolean; condition: string } {
  const stanzas: unknown[] = [];
  const errors: StreamError[] = [];
  let isClosed = false;
  const stream = new XmppStream({
    header: () => {},
    stanza: (stanza) => void stanzas.push(stanza),
    negotiation: (step) => void stanzas.push(step),
    keepalive: () => {},
    closed: () => {
      isClosed = true;
    },
    failed: (error) => void errors.push(error),
  });
  stream.push(header('compute-1'));
  for (const chunk of chunks) stream.push(chunk);
  if (errors.length > 1) throw new Error('failed twice');
  if (errors[0]?.condition === 'internal-server-error') throw errors[0].cause;
  // A stanza that does not end in the input may be found wrong early or not at all.
  return { stanzas, isOver: isClosed, condition: errors[0]?.condition ?? '' };
}

/** The octets one by one, or in a few pieces. */
function cut(bytes: Uint8Array, dice: Dice): Buffer[] {
  const chunks: Buffer[] = [];
  const longest = dice.pick([1, 7, 100, LONGEST]);
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + dice.roll(longest));
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}
