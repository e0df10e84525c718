import t from 'tap';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { serveHealth } from '../src/health.ts';
import { ViewServer } from '../src/server.ts';
import { metrics, metricsText } from '../src/text/metrics.ts';
import type { NeighborView } from '../src/views.ts';

const traffic = { messages: 3, octets: 57, updates: 1 };
const neighbor: NeighborView = {
  name: 'cam"aro',
  address: '192.168.0.204',
  protocol: 'bgp',
  type: 'internal',
  state: 'Established',
  establishedAt: new Date(1000).toISOString(),
  flaps: 2,
  received: traffic,
  sent: traffic,
  paths: 7,
  backlog: 0,
};
const daemon = {
  name: 'cent111',
  kind: 'control-node',
  version: '0.1.0',
  startedAt: new Date(0).toISOString(),
} as const;
const table = { name: 'bgp.l3vpn.0', family: 'inet-vpn', prefixes: 4, paths: 5 };
const measured = { daemon, neighbors: [neighbor], tables: [table], now: 61_000 };

t.test('sessions and tables become metrics with labels', async (t) => {
  const text = metricsText(measured);
  t.match(text, '# TYPE vaportrail_neighbor_up gauge\n');
  const labels = '{neighbor="cam\\"aro",address="192.168.0.204",protocol="bgp"}';
  t.match(text, `\nvaportrail_neighbor_up${labels} 1\n`);
  t.match(text, `\nvaportrail_neighbor_flaps_total${labels} 2\n`);
  t.match(text, `\nvaportrail_neighbor_established_seconds${labels} 60\n`);
  t.match(text, '\nvaportrail_table_paths{table="bgp.l3vpn.0",family="inet-vpn"} 5\n');
  t.notMatch(text, 'vaportrail_table_stale_paths', 'what a view does not tell is no metric');
});

const promtool = '/usr/bin/promtool';
t.test(
  'promtool finds nothing wrong',
  { skip: existsSync(promtool) ? false : 'promtool is not installed' },
  async (t) => {
    const said = execFileSync(promtool, ['check', 'metrics'], {
      input: metricsText(measured),
      encoding: 'utf8',
    });
    t.equal(said, '');
  },
);

t.test('a daemon is ready when a session is established, or when there is none to wait for', async (t) => {
  let neighbors: NeighborView[] = [];
  const server = serveHealth(new ViewServer(), {
    daemon: () => daemon,
    neighbors: () => neighbors,
    tables: () => [table],
  });
  await server.listen();
  t.teardown(() => server.close());
  const status = async (path: string): Promise<number> => (await fetch(new URL(path, server.url))).status;
  t.equal(await status('/health'), 200);
  t.equal(await status('/ready'), 200);
  neighbors = [{ ...neighbor, state: 'Connect' }];
  t.equal(await status('/ready'), 503);
  neighbors.push(neighbor);
  t.equal(await status('/ready'), 200);
  const answer = await fetch(new URL('/metrics', server.url));
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  t.match(await answer.text(), /^vaportrail_process_resident_memory_bytes \d+$/m);
});

t.test('the Grafana dashboard asks for metrics that there are', async (t) => {
  const file = new URL('../../../../deploy/grafana-dashboard.json', import.meta.url);
  const asked = [...readFileSync(file, 'utf8').matchAll(/vaportrail_(\w+)/g)].map((match) => match[1]!);
  t.ok(asked.length > 10);
  t.same(
    asked.filter((name) => !(name in metrics)),
    [],
  );
});
