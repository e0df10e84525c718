/**
 * The stages a route goes through here, each beside the plain way of doing it:
 * `node packages/rib/dist/test/bench/stages.js [--json] [ROUTES]`. A round of each, several times; medians.
 */
import { MAX_MESSAGE, type AttributeFields, encodeAttributes, encodeUpdate } from '@vaportrail/bgp/wire';
import { hexText, ipv4Bytes, ipv4Text, parseIpv4 } from '@vaportrail/net';
import { AttributePool } from '../../src/attribute-pool.ts';
import { BATCH_SIZE } from '../../src/batch.ts';
import { layoutOf } from '../../src/family-layout.ts';
import { Rib } from '../../src/index.ts';
import { PackedTable } from '../../src/packed-table.ts';
import { Ranking } from '../../src/ranking.ts';
import { RouteStore } from '../../src/route-store.ts';
import { rfc4271 } from '../../src/selection/rfc4271.ts';
import { Contest, Selection } from '../../src/selection/select.ts';
import { UpdateEncoder } from '../../src/update-encoder.ts';

const ROUNDS = 5;
/** Attribute sets of the load, and paths of a destination where paths are compared. */
const SETS = 1000;
const PATHS = 4;
const NLRI_PER_UPDATE = 100;
/** `rd number << 6 | prefix length`, as keys of VPN tables begin. */
const HEAD = (1 << 6) | 32;

const json = process.argv.includes('--json');
const routes = Number(process.argv.slice(2).find((argument) => argument !== '--json') ?? 200_000);

const fields = Array.from({ length: SETS }, (_, i): AttributeFields => ({
  origin: 'igp',
  asPath: [{ type: 'sequence', asns: [65_001, 65_002, 100_000 + i] }],
  med: i % 7,
  localPref: 100 + (i % 2),
  communities: [0xfde8_0000 | (i & 0xffff)],
}));
const attributes = fields.map((set) => encodeAttributes(set));
const nextHop = ipv4Bytes(parseIpv4('10.0.0.1'));

const source = new Rib({ asn: 64_512, routerId: 1 }).addSource({
  name: 'sender',
  protocol: 'bgp',
  address: nextHop,
  routerId: 2,
  asn: 64_512,
  internal: true,
});
const store = new RouteStore(
  { asn: 64_512, routerId: 1, clusterId: undefined },
  () => {},
  () => {},
  Date.now,
  () => {},
);
store.sources.push(source);
const ranking = new Ranking(store.pool, store.sets, store.discriminators, rfc4271, undefined);
const selection = new Selection(rfc4271);
const table = new PackedTable(store, 1, layoutOf('inet-vpn'), ranking, selection);
store.distinguishers.number(0x0001_0a00, 0x0001_0001);
const sets = attributes.map((bytes) => store.pool.internBytes(bytes, nextHop, 1, 0));
for (const set of sets) store.pool.acquire(set);

/** Prefix `i` of the load, spread so that neighbours in time are not neighbours in memory. */
const prefixOf = (i: number): number => Math.imul(i, 0x9e37_79b1) | 0;

const numbers = new Int32Array(routes);
const byText = new Map<string, number>();
for (let i = 0; i < routes; i++) {
  numbers[i] = table.fixed!.require(Int32Array.of(HEAD, prefixOf(i)), 0);
  table.destinations.occupy(numbers[i]!);
  byText.set(`10.0.0.1:1:${ipv4Text(prefixOf(i) >>> 0)}/32`, i);
}

/** One way of doing a stage: does it for `routes` routes and returns something that depends on each. */
type Way = () => number;

const hexPool = new Map<string, number>();
function internInMap(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    const key = hexText(attributes[i % SETS]!);
    let set = hexPool.get(key);
    if (set === undefined) hexPool.set(key, (set = hexPool.size));
    sum += set;
  }
  return sum;
}

const pool = new AttributePool(
  () => {},
  () => {},
);
const views = attributes.map(({ buffer, byteOffset, byteLength }) => ({
  view: new DataView(buffer, byteOffset, byteLength),
  length: byteLength,
}));
const nextHopView = new DataView(nextHop.buffer, nextHop.byteOffset, nextHop.byteLength);
function internInPool(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    const { view, length } = views[i % SETS]!;
    sum += pool.intern(view, 0, length, nextHopView, 0, 4, 1, 0);
  }
  return sum;
}

function lookupByText(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    sum += byText.get(`10.0.0.1:1:${ipv4Text(prefixOf(i) >>> 0)}/32`)!;
  }
  return sum;
}

const key = Int32Array.of(HEAD, 0);
function lookupOneByOne(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    key[1] = prefixOf(i);
    sum += table.fixed!.find(key, 0);
  }
  return sum;
}

function lookupInBatches(): number {
  let sum = 0;
  const { batch } = table;
  for (let from = 0; from < routes; from += BATCH_SIZE) {
    batch.count = Math.min(BATCH_SIZE, routes - from);
    for (let i = 0; i < batch.count; i++) {
      batch.keys[i * 2] = HEAD;
      batch.keys[i * 2 + 1] = prefixOf(from + i);
    }
    table.fixed!.resolve(batch);
    for (let i = 0; i < batch.count; i++) sum += batch.found[i]!;
    batch.clear();
  }
  return sum;
}

interface PathObject {
  readonly localPref: number;
  readonly asPath: readonly number[];
  readonly origin: number;
  readonly med: number;
  readonly neighborAs: number;
  readonly routerId: number;
}
const pathObjects = fields.map(({ localPref, med }, i): PathObject => ({
  localPref: localPref!,
  asPath: [65_001, 65_002, 100_000 + i],
  origin: 0,
  med: med!,
  neighborAs: 65_001,
  routerId: 2,
}));

/** As textbooks have it, MED and all; it is right only while all paths come from one neighbouring AS. */
function better(a: PathObject, b: PathObject): number {
  if (a.localPref !== b.localPref) return b.localPref - a.localPref;
  if (a.asPath.length !== b.asPath.length) return a.asPath.length - b.asPath.length;
  if (a.origin !== b.origin) return a.origin - b.origin;
  if (a.neighborAs === b.neighborAs && a.med !== b.med) return a.med - b.med;
  return a.routerId - b.routerId;
}

function selectBySort(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    const paths: PathObject[] = [];
    for (let path = 0; path < PATHS; path++) paths.push(pathObjects[(i + path * 13) % SETS]!);
    sum += paths.sort(better)[0]!.localPref;
  }
  return sum;
}

const contest = new Contest();
function selectBySteps(): number {
  let sum = 0;
  for (let i = 0; i < routes; i++) {
    contest.clear();
    for (let path = 0; path < PATHS; path++) contest.add(sets[(i + path * 13) % SETS]!, 0, path);
    sum += contest.sets[selection.choose(contest, ranking)]!;
  }
  return sum;
}

function encodeObjects(): number {
  let octets = 0;
  for (let from = 0; from < routes; from += NLRI_PER_UPDATE) {
    octets += encodeUpdate({
      routes: Array.from({ length: Math.min(NLRI_PER_UPDATE, routes - from) }, (_, i) => ({
        op: 'announce' as const,
        afi: 1,
        safi: 128,
        pathId: null,
        rd: '10.0.0.1:1',
        prefix: `${ipv4Text(prefixOf(from + i) >>> 0)}/32`,
        labels: [16],
        nextHop: '10.0.0.1',
      })),
      attributes: {
        origin: 'igp',
        asPath: [65_001, 65_002, 100_000 + (from % SETS)],
        med: 1,
        localPref: 100,
        communities: ['65000:1'],
      },
    }).length;
  }
  return octets;
}

const encoder = new UpdateEncoder(table, 'inet-vpn', MAX_MESSAGE);
function encodePacked(): number {
  let octets = 0;
  for (let from = 0; from < routes; from += NLRI_PER_UPDATE) {
    const set = attributes[from % SETS]!;
    encoder.openReach(set, 0, set.length, nextHop, 0, 4);
    const end = Math.min(from + NLRI_PER_UPDATE, routes);
    for (let i = from; i < end; i++) encoder.nlri(numbers[i]!, false);
    encoder.close();
    for (const { length } of encoder.take().buffers) octets += length;
  }
  return octets;
}

/** Stage before the colon; the first way of a stage is the naive one. */
const ways: Readonly<Record<string, Way>> = {
  'intern: hexadecimal text in a Map': internInMap,
  'intern: octets in the attribute pool': internInPool,
  'key lookup: text in a Map': lookupByText,
  'key lookup: packed, one by one': lookupOneByOne,
  'key lookup: packed, in batches': lookupInBatches,
  'selection of 4 paths: objects sorted': selectBySort,
  'selection of 4 paths: ranks, step by step': selectBySteps,
  'encode: objects, 100 NLRI in an UPDATE': encodeObjects,
  'encode: packed records, 100 NLRI in an UPDATE': encodePacked,
};

const microseconds = new Map<string, number[]>();
let total = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const cpu = process.cpuUsage();
    total += way();
    const { user, system } = process.cpuUsage(cpu);
    const times = microseconds.get(name) ?? [];
    times.push((user + system) / routes);
    microseconds.set(name, times);
  }
}
if (!(total > 0)) throw new Error('no way did anything');
const rows = [...microseconds].map(([name, times]) => ({
  name,
  microseconds: times.toSorted((a, b) => a - b)[times.length >> 1]!,
}));
if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
for (const { name, microseconds: each } of json ? [] : rows) {
  process.stdout.write(`${name.padEnd(48)} ${(each * 1000).toFixed(0).padStart(7)} ns CPU per route\n`);
}
