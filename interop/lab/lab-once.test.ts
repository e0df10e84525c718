// `vaportrail lab --once --json` as a user or a script runs it: one JSON document, an exit code, nothing left behind.
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bookManifests, Namespace, story, type PeerPath, type StoryReport } from '@vaportrail/lab';
import t, { type Test } from 'tap';
import { floatingIp, missing } from '../running-lab.ts';

const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const skip = missing('frr', 'gobgp');

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

function lab(
  args: readonly string[],
  { as = [] as readonly string[], path = process.env['PATH'] } = {},
): Outcome {
  const began = performance.now();
  const [program, ...rest] = [...as, process.execPath, vaportrail, 'lab', ...args];
  const { status, stdout, stderr } = spawnSync(program!, rest, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PATH: path, VAPORTRAIL_LOG: 'error', NODE_OPTIONS: '' },
  });
  return { status, stdout, stderr, seconds: (performance.now() - began) / 1000 };
}

function report(t: Test, { status, stdout, stderr, seconds }: Outcome): StoryReport {
  t.equal(status, 0, stderr);
  t.ok(seconds < 40, `took ${seconds.toFixed(1)} s`);
  const document = JSON.parse(stdout) as StoryReport;
  t.equal(document.held, true);
  t.same(
    document.steps.map(({ step }) => step),
    story.map(({ step }) => step),
  );
  return document;
}

const pathsOf = ({ steps }: StoryReport, step: string, peer: string): readonly PeerPath[] =>
  steps.find((each) => each.step === step)!.peers[peer]!;

t.test('the whole story holds with FRR, GoBGP and our gateway', { skip }, async (t) => {
  const document = report(t, lab(['--once', '--json', '--peers', 'frr,gobgp,gateway']));
  for (const peer of ['frr', 'gobgp', 'gateway']) {
    const two = pathsOf(document, 'not-best', peer);
    t.same(two.map(({ nextHop }) => nextHop).sort(), ['10.169.25.20', '10.169.25.21'], peer);
    t.ok(two.every((path) => path.prefix === floatingIp && path.routeTargets.includes('500:500')));
  }
  for (const peer of ['frr', 'gateway']) {
    const two = pathsOf(document, 'not-best', peer);
    t.equal(two.filter(({ best }) => best).length, 1, `${peer} chose one`);
    t.equal(two.filter(({ multipath }) => multipath).length < 2, true, `${peer} does not use the other`);
    t.ok(
      pathsOf(document, 'multipath', peer).every(({ multipath }) => multipath),
      `${peer} uses both`,
    );
    t.same(pathsOf(document, 'service-deleted', peer), []);
  }
  t.type(pathsOf(document, 'not-best', 'gateway').find(({ best }) => !best)!.reason, 'string');
});

/** Runs a command as nobody; only root can. */
const asNobody = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];
const notAsNobody =
  spawnSync(asNobody[0]!, [...asNobody.slice(1), process.execPath, vaportrail, '--version']).status !== 0 &&
  'cannot run it as another user here (not root, or this folder is not readable for others)';

t.test('it runs without privileges', { skip: skip || notAsNobody }, async (t) => {
  report(t, lab(['--once', '--json', '--peers', 'frr,gobgp,gateway'], { as: asNobody }));
});

t.test(
  'it runs in namespaces, with the real addresses',
  { skip: skip || (await Namespace.unavailable()) || false },
  async (t) => {
    const { peers } = report(t, lab(['--once', '--json', '--namespaces', '--peers', 'frr,gobgp,gateway']));
    t.match(peers['frr'], /192\.168\.0\.205:179/);
  },
);

t.test('two labs at once do not disturb each other, one of them with our gateway alone', async (t) => {
  const told = await Promise.all(
    ['gateway', skip === false ? 'frr,gateway' : 'gateway'].map((peers) =>
      promisify(execFile)(process.execPath, [vaportrail, 'lab', '--once', '--json', '--peers', peers]),
    ),
  );
  for (const { stdout } of told) t.equal((JSON.parse(stdout) as StoryReport).held, true);
});

t.test('what is wrong with a Service of the manifests is said, and the story goes on', async (t) => {
  const manifests = t.testdir();
  cpSync(bookManifests, manifests, { recursive: true });
  const metadata = { name: 'bad', annotations: { 'opencontrail.org/fip-pool': 'no pool' } };
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
  const service = JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  writeFileSync(join(manifests, '99-bad.yaml'), service);
  const outcome = lab(['--once', '--json', '--peers', 'gateway', '--manifests', manifests]);
  t.match(outcome.stderr, /99-bad\.yaml:1: Service default\/bad: opencontrail\.org\/fip-pool .*: no pool\n/);
  t.equal((JSON.parse(outcome.stdout) as StoryReport).held, true);
});

t.test('a peer that is not installed ends it with exit code 1 and says how to get it', async (t) => {
  const { status, stdout, stderr } = lab(['--once', '--json', '--peers', 'gobgp'], { path: '/nonexistent' });
  t.equal(status, 1);
  t.equal(stdout, '');
  t.match(stderr, /GoBGP is not installed .*apt-get install gobgpd/);
});

t.test('a person reads every step with the output of the routers', { skip }, async (t) => {
  const { status, stdout } = lab(['--once']);
  t.equal(status, 0, stdout);
  for (const { title } of story) t.match(stdout, title);
  t.match(stdout, "$ vtysh -c 'show bgp ipv4 unicast 101.101.101.252/32'");
  t.match(stdout, '$ gobgp global rib -a vpnv4');
  t.match(stdout, 'All 11 steps held.');
  t.notMatch(stdout, '\u001b[', 'no colors into a pipe');
});
