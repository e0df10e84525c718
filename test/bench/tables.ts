/** `npm run bench -- tables`: a control node with a full VPN table is asked for a dump and for a reason. */
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { writeDump } from '@vaportrail/bgp/mrt-file';
import { fetchView, why, whyText, type NeighborView, type RouteView, type Witness } from '@vaportrail/show';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { BgpClient } from './bgp-client.ts';
import { ASN } from './daemons.ts';
import { announcements } from './route-load.ts';
import { median, quantile } from './statistics.ts';

const USAGE = `npm run bench -- tables [--routes N] [--asks N] [--json]

  --routes N   VPN routes in bgp.l3vpn.0, a hundred a route distinguisher (1000000)
  --asks N     times that why is asked (50)
`;
const NODE = '127.0.0.202';
const CLIENTS = ['127.0.0.203', '127.0.0.204'] as const;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      routes: { type: 'string', default: '1000000' },
      asks: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const routes = Number(values.routes);
  const node = new ControlNode(settings());
  await node.start();
  const clients: BgpClient[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'bench-tables-'));
  try {
    for (const address of CLIENTS) {
      const peer = { address: NODE, port: node.bgpAddresses[0]!.port };
      const client = new BgpClient({ address, peer, asn: ASN, verify: false });
      clients.push(client);
      await client.establish();
    }
    clients[0]!.send(
      announcements({
        routes,
        perUpdate: 100,
        attributeSets: 10_000,
        setChanges: 'every-update',
        labels: 'one',
        prefixes: 'shared',
        localPref: 100,
        sender: 1,
      }).bytes,
    );
    while (clients[1]!.tally.announced < routes) await sleep(100);
    await sleep(500);

    const toFile = await watched(() => writeDump(node.dump(['bgp.l3vpn.0']), join(folder, 'rib.mrt.gz')));
    const toReader = await watched(() => download(`${node.url}/dump?table=bgp.l3vpn.0`));
    const asked = await askWhy(node.url!, routes, Number(values.asks));
    const report = {
      routes,
      dump: {
        seconds: toFile.seconds,
        octets: toFile.result.octets,
        longestPause: toFile.longestPause,
        longestPiece: toFile.result.longestPause,
      },
      download: { seconds: toReader.seconds, octets: toReader.result, longestPause: toReader.longestPause },
      why: asked,
    };
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else process.stdout.write(text(report));
    return 0;
  } finally {
    for (const client of clients) client.close();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function settings() {
  return controlNodeConfig.parse({
    name: 'bench',
    asn: ASN,
    'router-id': NODE,
    'cluster-id': NODE,
    bgp: {
      listen: [{ address: NODE, port: 0 }],
      peers: CLIENTS.map((address) => ({
        name: `client-${address}`,
        address,
        asn: ASN,
        passive: true,
        families: ['inet-vpn'],
      })),
    },
    xmpp: { listen: { address: NODE, port: 0 } },
    introspect: { address: NODE, port: 0 },
  });
}

interface Watched<T> {
  readonly result: T;
  readonly seconds: number;
  /** Longest time for which nothing else got its turn, in milliseconds. */
  readonly longestPause: number;
}

const RESOLUTION_MILLISECONDS = 1;

async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
  const start = performance.now();
  delay.enable();
  const result = await work();
  delay.disable();
  return { result, seconds: (performance.now() - start) / 1000, longestPause: delay.max / 1e6 };
}

/** Octets of a document, read by a process of its own as fast as they come. */
async function download(url: string): Promise<number> {
  const script = `
    const response = await fetch(${JSON.stringify(url)});
    let octets = 0;
    for await (const piece of response.body) octets += piece.length;
    console.log(octets);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return Number(stdout);
}

/** What `vaportrail why` does once it runs: the views of the daemon, the explanation, its text. In milliseconds. */
async function askWhy(url: string, routes: number, times: number) {
  const taken: Record<'route' | 'prefix' | 'absent', number[]> = { route: [], prefix: [], absent: [] };
  // The first question of a process loads its HTTP client.
  await fetchView<NeighborView[]>(url, '/neighbors', {});
  for (let i = 0; i < times; i++) {
    const route = Math.floor((routes / times) * i);
    const prefix = `10.0.${route % 100}.0/24`;
    const questions = {
      route: `65000:${Math.floor(route / 100)}:${prefix}`,
      // Without a route distinguisher there are thousands of them.
      prefix,
      absent: `10.200.${i}.0/24`,
    };
    for (const [way, asked] of Object.entries(questions) as ['route' | 'prefix' | 'absent', string][]) {
      const start = performance.now();
      const [found, neighbors] = await Promise.all([
        fetchView<RouteView[]>(url, '/routes', { prefix: asked, ...(way === 'prefix' && { limit: '10' }) }),
        fetchView<NeighborView[]>(url, '/neighbors', {}),
      ]);
      const witness: Witness = { name: 'bench', kind: 'control-node', routes: found, neighbors };
      const answer = whyText(why(asked, [witness]));
      taken[way].push(performance.now() - start);
      if (way !== 'absent' && !answer.includes(prefix)) throw new Error(`no answer for ${asked}`);
    }
  }
  const summary = (list: number[]) => ({
    first: list[0]!,
    median: median(list),
    p99: quantile(list.slice(1), 0.99),
  });
  return { route: summary(taken.route), firstTen: summary(taken.prefix), absent: summary(taken.absent) };
}

interface Report {
  readonly routes: number;
  readonly dump: { seconds: number; octets: number; longestPause: number; longestPiece: number };
  readonly download: { seconds: number; octets: number; longestPause: number };
  readonly why: Awaited<ReturnType<typeof askWhy>>;
}

function text({ routes, dump, download: loaded, why: asked }: Report): string {
  const dumped = (way: string, { seconds, octets, longestPause }: Report['download']): string =>
    `dump ${way.padEnd(10)} ${seconds.toFixed(2)} s, ${(octets / 1e6).toFixed(0)} MB, longest pause ${longestPause.toFixed(1)} ms\n`;
  const answered = (what: string, times: { first: number; median: number; p99: number }): string =>
    `why ${what.padEnd(11)} the first time ${times.first.toFixed(1)} ms, then median ${times.median.toFixed(1)} ms, p99 ${times.p99.toFixed(1)} ms\n`;
  return (
    `${routes} VPN routes\n` +
    dumped('to a file', dump) +
    `  making its longest piece took ${dump.longestPiece.toFixed(1)} ms\n` +
    dumped('over HTTP', loaded) +
    answered('RD:prefix', asked.route) +
    answered('ten of many', asked.firstTen) +
    answered('nothing', asked.absent)
  );
}
