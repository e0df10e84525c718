// `why --peer` and `diff` against FRR and GoBGP as a running lab has them, asked by the command itself.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { floatingIp, missing, pathsAt, peerOf, runningLab } from '../running-lab.ts';

const bin = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function vaportrail(...args: readonly string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [bin, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

// Other labs of this machine leave their notes elsewhere.
const runtime = mkdtempSync(join(tmpdir(), 'why-peer-'));
process.env['XDG_RUNTIME_DIR'] = runtime;
t.setTimeout(120_000);
t.teardown(() => rmSync(runtime, { recursive: true, force: true }));

t.test('why --peer frr and diff read what FRR itself says', { skip: missing('frr') }, async (t) => {
  t.setTimeout(90_000);
  const lab = await runningLab(t, 'frr', 'gateway');
  await lab.setBackends(2);
  const frr = peerOf(lab, 'frr');
  await pathsAt(frr, 2);
  await pathsAt(peerOf(lab, 'gateway'), 2);
  const [chosen] = (await frr.paths(floatingIp)).filter(({ best }) => best);

  const text = await vaportrail('why', floatingIp, '--peer', 'frr');
  t.equal(text.stderr, '');
  t.match(text.stdout, new RegExp(`^FRR\\n(.*\\n)* +\\* ${chosen!.nextHop} `, 'm'));
  t.match(text.stdout, /(agrees with|differs from) camaro k8s-test\.inet\.0: /);
  const { stdout } = await vaportrail('why', floatingIp, '--peer', 'frr', '--json');
  const { peer } = JSON.parse(stdout) as {
    peer: { paths: { nextHop: string; best: boolean; reason?: string }[]; comparisons: { table: string }[] };
  };
  t.equal(peer.paths.length, 2);
  t.equal(peer.paths.find(({ best }) => best)?.nextHop, chosen!.nextHop);
  t.equal(typeof peer.paths.find(({ best }) => best)?.reason, 'string', 'with the reason FRR gives');
  t.ok(peer.comparisons.some(({ table }) => table === 'k8s-test.inet.0'));

  const same = await vaportrail('diff', 'cent111', 'frr', '--prefix', floatingIp);
  t.same(same, { code: 0, stdout: '', stderr: '' }, 'FRR has what the control node has');

  const folder = t.testdir({});
  const dump = join(folder, 'before.mrt');
  t.equal((await vaportrail('dump', '--from', 'cent111', '-o', dump)).code, 0);
  t.equal((await vaportrail('diff', dump, 'cent111')).code, 0, 'the dump is what the node has');
  await lab.setBackends(1);
  await pathsAt(frr, 1);
  const after = await vaportrail('diff', dump, 'cent111');
  t.equal(after.code, 1);
  t.match(after.stdout, /^- 10\.169\.25\.\d+:\d+:101\.101\.101\.252\/32 via /m);
  t.notMatch(after.stdout, /^\+ .*101\.101\.101\.252/m);

  const table = join(folder, 'frr.json');
  writeFileSync(table, await frr.vtysh('show bgp ipv4 vpn json'));
  t.equal((await vaportrail('diff', table, 'cent111', '--prefix', floatingIp)).code, 0, 'what FRR printed');
  t.match(await vaportrail('diff', join(folder, 'none'), 'cent111'), { code: 2, stderr: /none: / });
});

t.test('why --peer gobgp and diff read what GoBGP itself says', { skip: missing('gobgp') }, async (t) => {
  t.setTimeout(90_000);
  const lab = await runningLab(t, 'gobgp');
  await lab.setBackends(2);
  await pathsAt(peerOf(lab, 'gobgp'), 2);
  const text = await vaportrail('why', floatingIp, '--peer', 'gobgp');
  t.match(text.stdout, /^GoBGP\n(.*\n)* +\* 10\.169\.25\.20 /m);
  t.same(await vaportrail('diff', 'cent111', 'gobgp', '--prefix', floatingIp), {
    code: 0,
    stdout: '',
    stderr: '',
  });
});

t.test('what-if answers by the rules of the gateway and changes nothing', async (t) => {
  t.setTimeout(90_000);
  const lab = await runningLab(t, 'gateway');
  await lab.setBackends(2);
  const gateway = peerOf(lab, 'gateway');
  await pathsAt(gateway, 2);
  const best = (await gateway.paths(floatingIp)).find((path) => path.best)!.nextHop;
  const other = best === '10.169.25.20' ? '10.169.25.21' : '10.169.25.20';
  const worse = await vaportrail(
    'what-if',
    floatingIp,
    '--at',
    'camaro',
    '--set',
    `local-pref 50 from ${best}`,
    '--json',
  );
  const [outcome] = JSON.parse(worse.stdout) as {
    faithful: boolean;
    after: { nextHop: string; best: boolean; because?: string }[];
  }[];
  t.equal(outcome!.faithful, true, 'without a change the same path is chosen as by the gateway');
  t.match(outcome!.after, [
    { nextHop: other, best: true },
    { nextHop: best, because: /local-preference 50 against 200/ },
  ]);
  const knob = await vaportrail(
    'what-if',
    floatingIp,
    '--at',
    'camaro',
    '--set',
    'multipath vpn-unequal-cost',
  );
  t.match(knob.stdout, new RegExp(`then\\n +\\* ${best} .*\\n += ${other} `));
  t.equal((await gateway.paths(floatingIp)).find((path) => path.best)!.nextHop, best, 'nothing was changed');
  t.match(await vaportrail('what-if', floatingIp, '--set', 'colour red'), {
    code: 2,
    stderr: /none of local-pref/,
  });
});
