/**
 * `npm run bench -- micro`: what each stage costs a route or an item, beside the naive way of doing it. The stages of
 * the route engine and of XMPP are measured by the benchmarks of their packages, in processes of their own.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import {
  UpdateFrame,
  checkMultiprotocol,
  decodeUpdate,
  families,
  locateUpdate,
  validateAttributes,
  walkNlri,
} from '@vaportrail/bgp/wire';
import { announcements } from './route-load.ts';
import { median } from './statistics.ts';

const USAGE = `npm run bench -- micro [--routes N] [--publishes N] [--json]

  --routes N      routes per round in decode, intern, key lookup, selection and encode (50000)
  --publishes N   publishes and items per round (3000)
  --json          one document instead of a table
`;
const ROUNDS = 5;

/** As the benchmarks of the packages print them; what stands before the colon of a name is the stage. */
interface Row {
  readonly name: string;
  readonly microseconds: number;
}

/** A row beside the first one of its stage, which is the naive way. */
interface Comparison {
  readonly stage: string;
  readonly way: string;
  readonly nanoseconds: number;
  /** How many times faster than the naive way. */
  readonly ratio: number;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      routes: { type: 'string', default: '50000' },
      publishes: { type: 'string', default: '3000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const routes = countOf('--routes', values.routes);
  const publishes = countOf('--publishes', values.publishes);
  const rows = [
    ...decoding(routes),
    ...(await rowsOf('rib/dist/test/bench/stages.js', routes)),
    ...(await rowsOf('xmpp/dist/test/bench/publish.js', publishes)),
  ];
  const comparisons = compared(rows);
  if (values.json)
    process.stdout.write(`${JSON.stringify({ node: process.version, results: comparisons })}\n`);
  else process.stdout.write(tableOf(comparisons));
  return 0;
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1000 || count > 4_000_000) {
    throw new RangeError(`${option} ${text}: a number from 1000 to 4000000 was expected`);
  }
  return count;
}

/** UPDATEs of a hundred VPNv4 routes: as objects, and as the route engine reads them. */
function decoding(routes: number): Row[] {
  const { bytes } = announcements({
    routes,
    perUpdate: 100,
    attributeSets: 1000,
    setChanges: 'every-update',
    labels: 'one',
    prefixes: 'own',
    localPref: 100,
    sender: 0,
  });
  const messages: [start: number, end: number][] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + ((bytes[at + 16]! << 8) | bytes[at + 17]!);
    messages.push([at, end]);
    at = end;
  }
  const context = { asn4: true, internal: true, addPath: () => false };
  const frame = new UpdateFrame();
  const own = new Uint8Array(4096);
  /** The steps of a receiver for one message; `checked`: with what RFC 7606 asks of its attributes. */
  const receive = (start: number, end: number, checked: boolean): number => {
    if (locateUpdate(bytes, start, end, frame) !== undefined) throw new Error('an UPDATE that is wrong');
    const octets = frame.copyAttributes(own, 0);
    if (checked) {
      const problems = validateAttributes(own, 0, octets, { asn4: true, internal: true, announces: 'mp' });
      if (problems.length > 0 || checkMultiprotocol(frame).length > 0)
        throw new Error('attributes that are wrong');
    }
    let count = 0;
    const { reachNlriAt, reachNlriEnd } = frame;
    walkNlri(families['inet-vpn'], bytes, reachNlriAt, reachNlriEnd, false, false, () => count++);
    return count;
  };
  const ways: Record<string, () => number> = {
    'decode: routes and attributes as objects': () =>
      messages.reduce((sum, [start, end]) => sum + decodeUpdate(bytes, start, end, context).routes.length, 0),
    'decode: located in place': () => {
      let count = 0;
      for (const [start, end] of messages) {
        if (locateUpdate(bytes, start, end, frame) !== undefined) throw new Error('an UPDATE that is wrong');
        const { reachNlriAt, reachNlriEnd } = frame;
        walkNlri(families['inet-vpn'], bytes, reachNlriAt, reachNlriEnd, false, false, () => count++);
      }
      return count;
    },
    'RFC 7606: located, copied and walked without checks': () =>
      messages.reduce((sum, [start, end]) => sum + receive(start, end, false), 0),
    'RFC 7606: with the checks of attributes': () =>
      messages.reduce((sum, [start, end]) => sum + receive(start, end, true), 0),
  };
  return Object.entries(ways).map(([name, way]) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      const decoded = way();
      const { user, system } = process.cpuUsage(before);
      if (decoded !== routes) throw new Error(`${name}: ${decoded} routes instead of ${routes}`);
      times.push((user + system) / routes);
    }
    return { name, microseconds: median(times) };
  });
}

/** Rows of a benchmark of a package. */
async function rowsOf(script: string, count: number): Promise<Row[]> {
  const path = fileURLToPath(new URL(`../../../packages/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, '--json', String(count)]);
  return JSON.parse(stdout) as Row[];
}

function compared(rows: readonly Row[]): Comparison[] {
  const naive = new Map<string, number>();
  return rows.map(({ name, microseconds }) => {
    const [stage, way = name] = name.split(': ', 2) as [string, string?];
    if (!naive.has(stage)) naive.set(stage, microseconds);
    return { stage, way, nanoseconds: microseconds * 1000, ratio: naive.get(stage)! / microseconds };
  });
}

function tableOf(comparisons: readonly Comparison[]): string {
  let previous = '';
  return comparisons
    .map(({ stage, way, nanoseconds, ratio }) => {
      const heading = stage === previous ? '' : `${stage}\n`;
      const comparison = stage === previous ? `${ratio.toFixed(1).padStart(6)}x` : '';
      previous = stage;
      return `${heading}  ${way.padEnd(44)} ${nanoseconds.toFixed(0).padStart(8)} ns CPU ${comparison}\n`;
    })
    .join('');
}
