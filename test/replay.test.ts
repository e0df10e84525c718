// Every folder of test/replay is a recording and the tables it must lead to; see its README for how to add one.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fleet, agentFileConfig } from '@vaportrail/agent';
import t from 'tap';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'test/replay');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function replay(...args: string[]): { status: number | null; output: string } {
  const command = join(root, 'packages/cli/bin/vaportrail.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'replay', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, output: stdout + stderr };
}

t.setTimeout(120_000);

t.ok(names.length >= 4, 'there are recordings');

for (const name of names) {
  t.test(`${name.replaceAll('-', ' ')}: the same tables as ever`, async (t) => {
    const recording = join(folder, name, 'recording.ndjson');
    const expected = join(folder, name, 'expected.json');
    if (process.env['UPDATE_REPLAYS'] === '1' || !existsSync(expected)) {
      if (process.env['UPDATE_REPLAYS'] !== '1')
        t.fail('expected.json is missing: UPDATE_REPLAYS=1 writes it');
      const { tables } = JSON.parse(replay(recording, '--json').output) as { tables: unknown };
      writeFileSync(expected, `${JSON.stringify({ tables }, null, 2)}\n`);
    }
    t.match(replay(recording, '--expect', expected), { status: 0, output: /the same tables/ });
  });
}

t.test('other tables than expected are told, with exit code 1', async (t) => {
  const recording = join(folder, 'floating-ip-on-two-nodes/recording.ndjson');
  const expected = readFileSync(join(folder, 'floating-ip-on-two-nodes/expected.json'), 'utf8');
  const other = join(t.testdir(), 'expected.json');
  writeFileSync(other, expected.replaceAll('"label": 40', '"label": 41'));
  const { status, output } = replay(recording, '--expect', other);
  t.equal(status, 1);
  t.match(output, /^tables|routes\[\d+\]\.paths\[0\]\.label: 41 expected, 40 found$/m);
});

t.test('a control node that is killed has recorded what it was told', async (t) => {
  const place = t.testdir({
    'control-node.yaml': `
name: ctrl-1
router-id: 10.1.1.1
bgp: { listen: [] }
xmpp: { listen: { address: 127.0.0.1, port: 0 } }
routing-instances: [{ name: "d:p:red:red", route-targets: ["64512:4"] }]
introspect: { address: 127.0.0.1, port: 0 }
`,
  });
  const recording = join(place, 'run.ndjson');
  const command = join(root, 'packages/cli/bin/vaportrail.js');
  const args = ['control-node', '-c', join(place, 'control-node.yaml'), '--record', recording];
  const daemon = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => daemon.kill('SIGKILL'));
  let log = '';
  daemon.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const port = await until(() => /"xmpp":\{"address":"127\.0\.0\.1","port":(\d+)/.exec(log)?.[1]);
  const fleet = new Fleet(
    agentFileConfig.parse({
      name: 'compute-1',
      address: '10.1.1.3',
      'control-nodes': [{ address: '127.0.0.1', port: Number(port) }],
      interfaces: [{ name: 'tap1', vrf: 'd:p:red:red', address: '10.0.0.7' }],
    }),
  );
  t.teardown(() => fleet.stop());
  await fleet.start();
  const [agent] = [...fleet];
  await until(() => agent!.route('d:p:red:red', '10.0.0.7/32')?.paths[1]);
  daemon.kill('SIGKILL');
  await new Promise((resolve) => daemon.once('exit', resolve));
  const { status, output } = replay(recording);
  t.equal(status, 0);
  t.match(output, /10\.1\.1\.3:1:10\.0\.0\.7\/32\s+10\.1\.1\.3\s+16\s+200\s+100\s+compute-1/);
});

async function until<T>(what: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const value = what();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${String(what)}`);
}

t.test('a replay can stop at a time, and says what it cannot use', async (t) => {
  const recording = join(folder, 'floating-ip-on-two-nodes/recording.ndjson');
  const whole = JSON.parse(replay(recording, '--json').output) as { startedAt: string; records: number };
  const start = JSON.parse(replay(recording, '--json', '--until', '+0').output) as {
    records: number;
    end: string;
  };
  t.match(start, { end: 'until', startedAt: whole.startedAt, at: whole.startedAt });
  t.ok(start.records < whole.records);
  const late = new Date(Date.parse(whole.startedAt) + 3_600_000).toISOString();
  t.match(JSON.parse(replay(recording, '--json', '--until', late).output), { end: 'stopped', at: late });
  t.match(replay(recording, '--until', 'tomorrow'), {
    status: 2,
    output: /"tomorrow" is neither a time nor \+SECONDS/,
  });
  t.match(replay(recording, '--run', '2'), { status: 2, output: /there is no run 2, the last is 1/ });
  t.match(replay(join(folder, 'README.md')), { status: 2, output: /there is no recording in it/ });
  t.match(replay('/no/such/file'), { status: 2, output: /no such file/ });
  t.match(replay(recording, '--until', '2999-01-01'), {
    status: 2,
    output: /more than a year after the last/,
  });
  const broken = join(t.testdir(), 'broken.ndjson');
  writeFileSync(broken, readFileSync(recording, 'utf8').replace('"router-id":"', '"router-id":"x'));
  t.match(replay(broken), { status: 2, output: /configuration in the recording: router-id: / });
});
