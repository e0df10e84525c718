// What control node and gateway write into MRT files, read back by three readers that nobody here wrote.
import { MrtPathReader } from '@vaportrail/bgp/mrt';
import { readMrt, writeDump } from '@vaportrail/bgp/mrt-file';
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, camaro, cent111, runningControlNode } from '../running-control-node.ts';
import { floatingIp, missing, pathsAt, peerOf, runningLab, until } from '../running-lab.ts';

const run = promisify(execFile);
const readers = { bgpdump: '/usr/bin/bgpdump', bgpctl: '/usr/sbin/bgpctl', python: '/usr/bin/python3' };
const absent = Object.values(readers).find((path) => !existsSync(path));
const noReader = absent === undefined ? false : `${absent} is not installed`;
const block = new LoopbackBlock();

/** The data of every record, as mrtparse has it. */
async function mrtparse(path: string): Promise<Record<string, unknown>[]> {
  const script = `
import sys, json, mrtparse
def plain(o):
    if isinstance(o, (list, tuple)): return [plain(x) for x in o]
    slots = [s for c in type(o).__mro__ for s in getattr(c, '__slots__', [])]
    if slots: return {s: plain(getattr(o, s, None)) for s in slots if s not in ('buf', 'p')}
    return o if o is None or isinstance(o, (int, str)) else str(o)
for reader in mrtparse.Reader(sys.argv[1]):
    print(json.dumps(plain(reader.mrt)))
`;
  const { stdout } = await run(readers.python, ['-c', script, path], { maxBuffer: 1 << 26 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function isMembership(rib: unknown): boolean {
  return (rib as { safi?: number } | null)?.safi === 132;
}

async function hasMrtparse(): Promise<boolean> {
  return run(readers.python, ['-c', 'import mrtparse']).then(
    () => true,
    () => false,
  );
}

t.test(
  'a control node dumps its tables and logs its messages: bgpdump, bgpctl and mrtparse read them',
  { skip: noReader || missing('frr') },
  async (t) => {
    const folder = t.testdir({});
    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      ...camaro,
      address: theirs,
      neighbors: [{ address: ours, asn: camaro.asn }],
    });
    t.teardown(() => frr.stop());
    const node = await runningControlNode(t, {
      ...cent111,
      address: ours,
      peers: [{ name: 'camaro', address: theirs, port: frr.port }],
      mrt: {
        table: { file: join(folder, 'rib.%Y%m%d.%H%M%S.mrt.gz'), interval: 1 },
        messages: { file: join(folder, 'updates.%Y%m%d.%H%M%S.mrt'), rotate: 3600 },
      },
    });
    const agent = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
    t.teardown(async () => agent.kill());
    agent.subscribe(PUBLIC, 9);
    await frr.process.answers(async () => (await frr.established(ours)) || undefined);
    agent.publish({ instance: PUBLIC, prefix: floatingIp, label: 44 });
    await frr.process.answers(async () => ((await frr.paths(floatingIp)).length === 1 ? true : undefined));

    const all = join(folder, 'all.mrt');
    const { longestPause } = await writeDump(node.dump(), all);
    t.ok(longestPause < 1000, 'it gives other work its turn');
    const dumped = await run(readers.bgpdump, ['-v', '-m', all]);
    t.match(
      dumped.stdout,
      /^TABLE_DUMP2\|\d+\|B\|127[.\d]+\|0\|101\.101\.101\.252\/32\|\|INCOMPLETE\|10\.169\.25\.20\|200\|100\|\|NAG\|\|$/m,
      'bgpdump has the unicast route of the routing instance',
    );
    const shown = await run(readers.bgpctl, ['show', 'mrt', 'detail', 'file', all]);
    t.match(shown.stdout, /rd 10\.169\.25\.20:9 101\.101\.101\.252\/32/, 'bgpctl has the VPN route');
    t.match(shown.stdout, /rt 500:500/, 'with its route target');
    if (await hasMrtparse()) {
      const records = await mrtparse(all);
      t.ok(records.length >= 4);
      // It takes route-target memberships for prefixes, and complains of their length.
      const wrong = records.filter(({ err, rib }) => err !== 0 && err !== null && !isMembership(rib));
      t.same(wrong, [], 'mrtparse finds nothing wrong');
      const text = JSON.stringify(records);
      t.match(text, '101.101.101.252');
      t.match(text, String((44 << 4) | 1), 'the label with its bottom-of-stack bit');
    } else t.comment('mrtparse is not installed');

    const byInterval = await until(
      async () => readdirSync(folder).filter((name) => /^rib\.\d{8}\.\d{6}\.mrt\.gz$/.test(name)),
      (names) => names.length > 0,
    );
    const compressed = await run(readers.bgpdump, ['-v', '-m', join(folder, byInterval[0]!)]);
    t.match(compressed.stdout, '101.101.101.252/32', 'the dump of the interval, compressed');

    await node.stop();
    const names = readdirSync(folder);
    t.same(
      names.filter((name) => name.endsWith('.part')),
      [],
      'nothing is left half written',
    );
    const log = join(
      folder,
      names.find((name) => name.startsWith('updates.'))!,
    );
    const messages = await run(readers.bgpdump, ['-v', '-m', log]);
    t.match(messages.stdout, /^BGP4MP_ET\|[\d.]+\|STATE\|127[.\d]+\|60100\|5\|6$/m, 'the session came up');
    t.match(messages.stdout, /\|STATE\|127[.\d]+\|60100\|6\|1$/m, 'and went down');
    // mrtparse 1.6 stumbles over extended timestamps, and bgpdump leaves VPN routes out.
    const reader = new MrtPathReader();
    const told: string[] = [];
    for await (const record of readMrt(log))
      for (const path of reader.read(record))
        told.push(path.type === 'state' ? path.type : `${path.type} ${path.prefix}`);
    t.ok(told.includes('announce 10.169.25.20:9:101.101.101.252/32'), 'what FRR was told');
  },
);

t.test('a gateway dumps its VRF and its VPN table on demand', { skip: noReader }, async (t) => {
  const lab = await runningLab(t, 'gateway');
  await lab.setBackends(2);
  const gateway = peerOf(lab, 'gateway');
  await pathsAt(gateway, 2);
  const url = gateway.url!;
  const path = join(t.testdir({}), 'camaro.mrt');
  const response = await fetch(new URL('/dump', url));
  t.equal(response.status, 200);
  writeFileSync(path, Buffer.from(await response.arrayBuffer()));
  const lines = (await run(readers.bgpdump, ['-v', '-m', path])).stdout.split('\n');
  const routes = lines.filter((line) => line.includes('|101.101.101.252/32|'));
  t.equal(routes.length, 2, 'both paths of the VRF');
  const shown = await run(readers.bgpctl, ['show', 'mrt', 'detail', 'file', path]);
  t.match(shown.stdout, /rd 10\.169\.25\.20:9 101\.101\.101\.252\/32/);
  t.match(shown.stdout, /rd 10\.169\.25\.21:5 101\.101\.101\.252\/32/);
  const refused = await fetch(new URL('/dump?table=nonsense', url));
  t.equal(refused.status, 400);
});
