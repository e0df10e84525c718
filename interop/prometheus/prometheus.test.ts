// A real Prometheus scrapes a control node and a gateway, and answers every query of the Grafana dashboard.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { freePort } from '../free-port.ts';
import { pathsAt, peerOf, runningLab, until } from '../running-lab.ts';

t.setTimeout(120_000);
const prometheus = '/usr/bin/prometheus';
const promtool = '/usr/bin/promtool';
const dashboard = fileURLToPath(new URL('../../../deploy/grafana-dashboard.json', import.meta.url));

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A Prometheus that scrapes these daemons every second; yields how to ask it. */
async function scraping(t: Test, targets: readonly string[]) {
  const folder = t.testdir({});
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    [
      'global: { scrape_interval: 1s, scrape_timeout: 1s }',
      'scrape_configs:',
      '  - job_name: vaportrail',
      `    static_configs: [{ targets: [${targets.map((url) => `"${new URL(url).host}"`).join(', ')}] }]`,
    ].join('\n'),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    prometheus,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  );
  t.teardown(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  return async (query: string): Promise<Sample[]> => {
    const url = `http://${address}/api/v1/query?query=${encodeURIComponent(query)}`;
    const response = await fetch(url).catch(() => undefined);
    // While it starts it is not there, or says in plain text that it is unavailable.
    if (response === undefined || response.status === 503) return [];
    const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } };
    if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
    return answer.data?.result ?? [];
  };
}

t.test(
  'Prometheus has sessions and tables of both daemons, and the dashboard has something to show',
  { skip: existsSync(prometheus) ? false : 'Prometheus is not installed' },
  async (t) => {
    const lab = await runningLab(t, 'gateway');
    await lab.setBackends(2);
    const gateway = peerOf(lab, 'gateway');
    await pathsAt(gateway, 2);
    const targets = [lab.controlNode.url!, gateway.url!];
    const ask = await scraping(t, targets);
    const up = await until(
      () => ask('up'),
      (samples) => samples.length === 2 && samples.every(({ value }) => value[1] === '1'),
      60_000,
    );
    t.equal(up.length, 2, 'both are scraped without an error');
    const paths = await ask('vaportrail_table_paths{table="k8s-test.inet.0"}');
    t.equal(paths.length, 1, 'the VRF of the gateway');
    t.ok(Number(paths[0]!.value[1]) >= 2, `${paths[0]!.value[1]} paths in it`);
    const sessions = await ask('vaportrail_neighbor_up == 1');
    t.ok(
      sessions.some(({ metric }) => metric['protocol'] === 'xmpp'),
      'sessions of agents',
    );
    t.ok(
      sessions.some(({ metric }) => metric['protocol'] === 'bgp'),
      'and of BGP peers',
    );

    const { panels } = JSON.parse(readFileSync(dashboard, 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    for (const { title, targets: queries = [] } of panels)
      for (const { expr } of queries) {
        const asked = expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$\w+/g, '.*');
        const found = await until(
          () => ask(asked),
          (samples) => samples.length > 0,
        ).catch(() => []);
        t.ok(found.length > 0, `${title}: ${asked}`);
      }
  },
);

t.test(
  'promtool finds nothing wrong with the metrics of running daemons',
  { skip: existsSync(promtool) ? false : 'promtool is not installed' },
  async (t) => {
    const lab = await runningLab(t, 'gateway');
    for (const url of [lab.controlNode.url!, peerOf(lab, 'gateway').url!]) {
      const text = await (await fetch(new URL('/metrics', url))).text();
      const checked = promisify(execFile)(promtool, ['check', 'metrics']);
      checked.child.stdin!.end(text);
      const { stdout, stderr } = await checked;
      t.equal(stdout + stderr, '', `${text.split('\n').length} lines`);
    }
  },
);
