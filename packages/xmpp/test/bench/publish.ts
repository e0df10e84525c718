/**
 * What a publish costs on its way in and an item on its way out, each beside the plain way of doing it:
 * `node packages/xmpp/dist/test/bench/publish.js [--json] [publishes]`. A round of each, several times; medians.
 */
import { Parser, type Element } from '@xmpp/xml';
import { prefixText, type Prefix } from '@vaportrail/net';
import {
  announceStanzas,
  itemId,
  itemsBodies,
  readStanza,
  StanzaScanner,
  StrictParser,
  XmppStream,
  type ItemAttributes,
  type UnicastItem,
} from '../../src/index.ts';
import { Framer } from '../../src/framer.ts';
import { attributes, publicInstance } from '../items.ts';
import { agentHeader } from '../recorded-stream.ts';

/** One way of doing the work: how many publishes or items it has done. */
type Way = () => number;

const ROUNDS = 7;
const CHUNK = 64 * 1024;

/** Publishes of so many prefixes; one in `distinct` has attributes (a label) of its own. */
function publishes(count: number, distinct: boolean): { items: UnicastItem[]; bytes: Buffer } {
  const items = Array.from({ length: count }, (_, i): UnicastItem => {
    const prefix: Prefix = { bytes: Uint8Array.of(10, i >> 16, i >> 8, i), length: 32 };
    const [hop] = attributes.nextHops;
    const own: ItemAttributes = distinct
      ? { ...attributes, nextHops: [{ ...hop!, label: 16 + i }] }
      : attributes;
    return { family: 'inet', prefix, attributes: own };
  });
  return {
    items,
    bytes: Buffer.concat(items.map((item, i) => announceStanzas('compute-1', publicInstance, item, i))),
  };
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK));
  return chunks;
}

/** The parser of @xmpp/xml and its tree, as its own connections use it. */
function naive(bytes: Buffer): number {
  let count = 0;
  const parser = new Parser();
  (parser as unknown as { on(event: 'element', listener: (element: Element) => void): void }).on(
    'element',
    (element) => {
      if (readStanza(element).type === 'publish') count++;
    },
  );
  (parser as unknown as { write(text: string): void }).write(agentHeader.toString());
  for (const chunk of chunksOf(bytes))
    (parser as unknown as { write(text: string): void }).write(chunk.toString());
  return count;
}

function strict(bytes: Buffer): number {
  const framer = new Framer(32);
  const parser = new StrictParser();
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== 0x3c) {
      at++;
      continue;
    }
    framer.begin();
    const end = framer.scan(bytes, at + 1, bytes.length);
    if (readStanza(parser.parse(bytes.subarray(at, end))).type === 'publish') count++;
    at = end;
  }
  return count;
}

function stream(bytes: Buffer): number {
  let count = 0;
  const reader = new XmppStream({
    header: () => {},
    stanza: ({ type }) => {
      if (type === 'publish') count++;
    },
    negotiation: () => {},
    keepalive: () => {},
    closed: () => {},
    failed: (error) => {
      throw error;
    },
  });
  reader.push(agentHeader);
  for (const chunk of chunksOf(bytes)) reader.push(chunk);
  return count;
}

function scanned(bytes: Buffer): number {
  const scanner = new StanzaScanner();
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    const stanza = scanner.scan(bytes, at, bytes.length);
    if (stanza === undefined) throw new Error('a publish that the scanner does not know');
    if (stanza.type === 'publish') count++;
    at = scanner.end + 1;
  }
  return count;
}

/** An item as a template, the plain way. */
function templates(items: readonly UnicastItem[]): number {
  let octets = 0;
  for (const { prefix, attributes: own } of items) {
    const [hop] = own.nextHops;
    const text = prefixText(prefix);
    const encapsulations = hop!.encapsulations.map(
      (name) => `<tunnel-encapsulation>${name}</tunnel-encapsulation>`,
    );
    octets += Buffer.from(
      `<item id="${text}"><entry><nlri><af>1</af><safi>1</safi><address>${text}</address></nlri><next-hops><next-hop>` +
        `<af>1</af><address>${hop!.address.join('.')}</address><mac></mac><label>${hop!.label}</label><vni>0</vni>` +
        `<tunnel-encapsulation-list>${encapsulations.join('')}</tunnel-encapsulation-list><virtual-network>` +
        `${hop!.virtualNetwork}</virtual-network><tag-list /><local-sequence-number>0</local-sequence-number></next-hop>` +
        `</next-hops><version>${own.version}</version><virtual-network></virtual-network><mobility seqno="1" sticky="false" />` +
        `<sequence-number>1</sequence-number><security-group-list><security-group>${own.securityGroups[0]}</security-group>` +
        `</security-group-list><community-tag-list /><local-preference>${own.localPref}</local-preference><med>${own.med}</med>` +
        `<load-balance><load-balance-fields /><load-balance-decision>field-hash</load-balance-decision></load-balance>` +
        `<sub-protocol>interface</sub-protocol></entry></item>`,
    ).length;
  }
  return octets > 0 ? items.length : 0;
}

function bodies(items: readonly UnicastItem[]): number {
  const octets = itemsBodies('inet', publicInstance, items).reduce((sum, body) => sum + body.length, 0);
  return octets > 0 ? items.length : 0;
}

const json = process.argv.includes('--json');
const count = Number(process.argv.slice(2).find((argument) => argument !== '--json') ?? 20_000);
const shared = publishes(count, false);
const distinct = publishes(count, true);
const ways: Record<string, Way> = {
  'publish in: ltx tree (@xmpp/xml)': () => naive(shared.bytes),
  'publish in: framer, saxes, tree': () => strict(shared.bytes),
  'publish in: scanner, attributes known': () => scanned(shared.bytes),
  'publish in: scanner, attributes new': () => scanned(distinct.bytes),
  'publish in: whole stream, attributes known': () => stream(shared.bytes),
  'publish in: whole stream, attributes new': () => stream(distinct.bytes),
  'item out: one template each': () => templates(shared.items),
  'item out: bodies of 32, attributes known': () => bodies(shared.items),
  'item out: bodies of 32, attributes new': () =>
    bodies(distinct.items.map((item) => ({ ...item, attributes: { ...item.attributes } }))),
  'item id': () => shared.items.reduce((sum, item) => sum + (itemId(item).length > 0 ? 1 : 0), 0),
};

const microseconds = new Map<string, number[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const cpu = process.cpuUsage();
    const done = way();
    const { user, system } = process.cpuUsage(cpu);
    const times = microseconds.get(name) ?? [];
    times.push((user + system) / done);
    microseconds.set(name, times);
  }
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const base = median(microseconds.get('publish in: ltx tree (@xmpp/xml)')!);
const rows = [...microseconds].map(([name, times]) => ({ name, microseconds: median(times) }));
if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
for (const { name, microseconds: each } of json ? [] : rows) {
  const ratio = name.startsWith('publish in') ? `${(base / each).toFixed(1)}×` : '';
  const perSecond = Math.round(1e6 / each).toLocaleString('en');
  process.stdout.write(
    `${name.padEnd(44)} ${each.toFixed(2).padStart(7)} µs CPU ${perSecond.padStart(12)}/s ${ratio}\n`,
  );
}
