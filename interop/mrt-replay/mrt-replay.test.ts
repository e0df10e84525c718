// Dumps and logs played to FRR, BIRD, OpenBGPD and GoBGP, and what these dump in turn read as bgpdump reads it.
import {
  Bird,
  DaemonProcess,
  Frr,
  Gobgp,
  LoopbackBlock,
  findBird,
  findFrr,
  findGobgp,
  findProgram,
  removeFolder,
  temporaryFolder,
} from '@vaportrail/lab';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { network6, networks, writeLogFile, writeTableFile } from './mrt-files.ts';

t.setTimeout(300_000);
const run = promisify(execFile);
const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const bgpdump = '/usr/bin/bgpdump';
const block = new LoopbackBlock();
const maxBuffer = 1 << 28;
const peerAsn = 65010;

/** `vaportrail mrt replay` in a process of its own; `report` is what it has done once the file has ended. */
function replay(t: Test, to: { address: string; port: number }, file: string, ...options: string[]) {
  const args = ['mrt', 'replay', file, '--to', to.address, '--port', String(to.port), '--json', ...options];
  const child: ChildProcess = spawn(process.execPath, [vaportrail, ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let told = '';
  child.stderr!.on('data', (piece: Buffer) => (told += piece.toString()));
  const report = new Promise<{ announced: number; withdrawn: number; furtherPaths: number; seconds: number }>(
    (resolve, reject) => {
      child.stdout!.on('data', (piece: Buffer) => resolve(JSON.parse(piece.toString())));
      child.on('exit', (code) => reject(new Error(`exit code ${code}: ${told}`)));
    },
  );
  report.catch(() => {});
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  };
  return { report, stop };
}

async function lines(command: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await run(command, args, { maxBuffer, env: { ...process.env, NODE_OPTIONS: '' } });
  return stdout.split('\n');
}

/** Our lines of a file are those of bgpdump. */
async function readAlike(t: Test, file: string, atLeast: number): Promise<void> {
  if (!existsSync(bgpdump)) return void t.comment('bgpdump is not installed');
  const [theirs, ours] = await Promise.all([
    lines(bgpdump, '-v', '-m', file),
    lines(process.execPath, vaportrail, 'mrt', file),
  ]);
  const different = theirs.findIndex((line, i) => line !== ours[i]);
  t.equal(ours[different], theirs[different], 'no line differs');
  t.equal(ours.length, theirs.length);
  t.ok(ours.length > atLeast, `${ours.length} lines`);
}

const frrFound = findFrr();
t.test(
  'FRR takes a table of another AS, and its own dump reads as bgpdump reads it',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn: peerAsn,
      routerId: '192.0.2.10',
      address: theirs,
      neighbors: [{ address: ours, asn: 65000, families: { 'ipv4 unicast': [], 'ipv6 unicast': [] } }],
      settings: ['bgp suppress-duplicates'],
    });
    t.teardown(() => frr.stop());
    const folder = t.testdir({});
    chmodSync(folder, 0o777);
    const file = join(folder, 'rib.mrt');
    const prefixes = networks(500);
    writeTableFile(file, prefixes);
    const who = ['--local-address', ours, '--peer', '198.51.100.2', '--peer-as', String(peerAsn)];
    const options = [...who, '--next-hop', '192.0.2.99,2001:db8::99'];
    const { report, stop } = replay(t, frr, file, ...options);
    t.match(await report, { announced: 501, withdrawn: 0, furtherPaths: 0, notCarried: {} });
    const table = await frr.process.answers(async () => {
      const { routes } = (await frr.json('show bgp ipv4 unicast')) as {
        routes: Record<string, unknown[]>;
      };
      return Object.keys(routes).length === 500 ? routes : undefined;
    });
    t.match(table['10.0.5.0/24'], [
      { path: '65000 64602 3356 200001', metric: 7, nexthops: [{ ip: '192.0.2.99' }] },
    ]);
    const six = (await frr.json(`show bgp ipv6 unicast ${network6}`)) as { paths: unknown[] };
    t.match(six.paths, [{ aspath: { string: '65000 64602 3356 200125' } }], 'the IPv6 network too');

    const dump = join(folder, 'frr.mrt');
    await frr.configure(`dump bgp routes-mrt ${dump}`);
    await frr.process.answers(async () => (existsSync(dump) ? true : undefined), 20_000);
    await readAlike(t, dump, 500);
    t.equal(await stop(), 0);
    await frr.process.answers(async () => {
      const { routes } = (await frr.json('show bgp ipv4 unicast')) as {
        routes: Record<string, unknown>;
      };
      return Object.keys(routes).length === 0 ? true : undefined;
    });
    t.pass('the session was closed, the routes are gone');
  },
);

const birdFound = findBird();
t.test(
  'BIRD takes a table inside its AS with its next hops, as fast as it can, and its own dump reads as bgpdump reads it',
  { skip: 'missing' in birdFound && birdFound.missing },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const bird = await Bird.start({
      asn: peerAsn,
      routerId: '192.0.2.11',
      address: theirs,
      neighbors: [
        {
          name: 'player',
          address: ours,
          asn: peerAsn,
          channels: ['ipv4 { import all; export none; };', 'ipv6 { import all; export none; };'],
        },
      ],
      // Next hops inside an AS are looked up.
      after: [
        'protocol static { ipv4; route 198.51.100.0/24 blackhole; }',
        'protocol static { ipv6; route 2001:db8::/64 blackhole; }',
      ],
    });
    t.teardown(() => bird.stop());
    const folder = t.testdir({});
    chmodSync(folder, 0o777);
    const file = join(folder, 'rib.mrt');
    writeTableFile(file, networks(20_000));
    const { report, stop } = replay(t, bird, file, '--local-address', ours, '--local-as', String(peerAsn));
    t.match(await report, { announced: 20_001, furtherPaths: 20_001 });
    const shown = await bird.process.answers(async () => {
      const text = await bird.birdc('show route 10.1.2.0/24 all');
      return text.includes('10.1.2.0/24') ? text : undefined;
    }, 30_000);
    t.match(shown, /BGP\.as_path: 64601 3356 200064/);
    t.match(shown, /BGP\.next_hop: 198\.51\.100\.1/);
    t.match(shown, /BGP\.local_pref: 100/);
    t.match(shown, /BGP\.large_community: \(200000, 1, 64\)/);
    await bird.process.answers(async () =>
      /20001 of 20001 routes/.test(await bird.birdc('show route count table master4')) ? true : undefined,
    );
    const dump = join(folder, 'bird.mrt');
    await bird.birdc(`mrt dump table "master4" to "${dump}"`);
    await bird.process.answers(async () => (existsSync(dump) ? true : undefined), 20_000);
    await readAlike(t, dump, 20_000);
    t.equal(await stop(), 0);
  },
);

const gobgpFound = findGobgp();
const noGobgp = 'missing' in gobgpFound && gobgpFound.missing;

async function gobgpPaths(gobgp: Gobgp): Promise<Record<string, unknown[]>> {
  return (await gobgp.json('global', 'rib', '-a', 'ipv4')) as Record<string, unknown[]>;
}

t.test('GoBGP takes all paths of a table with path identifiers', { skip: noGobgp }, async (t) => {
  const [ours, theirs] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn: peerAsn,
    routerId: '192.0.2.12',
    address: theirs,
    neighbors: [
      {
        address: ours,
        asn: 65000,
        families: ['ipv4-unicast', 'ipv6-unicast'],
        addPaths: { receive: true, sendMax: 0 },
      },
    ],
  });
  t.teardown(() => gobgp.stop());
  const file = join(t.testdir({}), 'rib.mrt');
  writeTableFile(file, networks(50));
  const options = ['--local-address', ours, '--add-path', '--next-hop', '192.0.2.99,2001:db8::99'];
  const { report } = replay(t, gobgp, file, ...options, '--rate', '200');
  t.match(await report, { announced: 102, furtherPaths: 0 });
  t.ok((await report).seconds > 0.3, `200 routes a second: ${(await report).seconds} s for 102`);
  const table = await gobgp.process.answers(async () => {
    const paths = await gobgpPaths(gobgp);
    return Object.values(paths).flat().length === 100 ? paths : undefined;
  });
  t.match(
    JSON.stringify(table['10.0.7.0/24']),
    /65000,64602,3356.*65000,64601,3356|65000,64601,3356.*65000,64602,3356/,
  );
  t.match(JSON.stringify(table['10.0.7.0/24']), '192.0.2.99');
});

const openbgpd = findProgram(
  ['/usr/sbin/bgpd'],
  'OpenBGPD is not installed (Debian: apt-get install openbgpd)',
);
const noOpenbgpd =
  'missing' in openbgpd ? openbgpd.missing : process.getuid?.() === 0 ? false : 'OpenBGPD needs root';
t.test(
  'OpenBGPD takes a table, and its dumps read as bgpdump reads them',
  { skip: noOpenbgpd },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    // Not among the fixtures: the path of a socket has a hundred octets at most.
    const folder = await temporaryFolder('openbgpd');
    t.teardown(() => removeFolder(folder));
    const config = join(folder, 'bgpd.conf');
    const [messages, updates, table] = ['all.mrt', 'updates.mrt', 'rib.mrt'].map((name) =>
      join(folder, name),
    );
    const lines = [
      `AS ${peerAsn}`,
      'router-id 192.0.2.13',
      `listen on ${theirs} port 1790`,
      `socket "${join(folder, 'bgpd.sock')}"`,
      'fib-update no',
      `dump all in "${messages}"`,
      `dump updates in "${updates}"`,
      `dump table-v2 "${table}" 1`,
      `neighbor ${ours} {`,
      '  remote-as 65000',
      `  local-address ${theirs}`,
      '  passive',
      '  announce IPv4 unicast',
      '  announce IPv6 unicast',
      '}',
      'allow from any',
      'allow to any',
      '',
    ];
    writeFileSync(config, lines.join('\n'), { mode: 0o600 });
    mkdirSync('/run/openbgpd', { recursive: true });
    const daemon = new DaemonProcess('bgpd', ['/usr/sbin/bgpd', '-d', '-f', config]);
    t.teardown(() => daemon.stop());
    await daemon.answers(async () => (daemon.output.includes('RDE reconfigured') ? true : undefined));
    const file = join(folder, 'in.mrt');
    writeTableFile(file, networks(300));
    const who = ['--local-address', ours, '--peer', '198.51.100.2', '--peer-as', String(peerAsn)];
    const to = { address: theirs, port: 1790 };
    const { report, stop } = replay(t, to, file, ...who, '--next-hop', '192.0.2.99,2001:db8::99');
    t.match(await report, { announced: 301 });
    const whole = statSync(file).size / 2;
    await daemon.answers(async () => (statSync(table!).size > whole ? true : undefined));
    await daemon.answers(async () => (statSync(updates!).size > 0 ? true : undefined));
    // It stays as it is from now on: OpenBGPD writes it anew every second.
    copyFileSync(table!, join(folder, 'copy.mrt'));
    await readAlike(t, join(folder, 'copy.mrt'), 300);
    t.equal(await stop(), 0);
    await daemon.answers(async () => (daemon.output.includes('NOTIFICATION received') ? true : undefined));
    await readAlike(t, messages!, 300);
    await readAlike(t, updates!, 300);
  },
);

t.test('GoBGP hears a log in its order and at its pace', { skip: noGobgp }, async (t) => {
  const [ours, theirs] = [block.take(), block.take()];
  const log = join(t.testdir({}), 'gobgp.mrt');
  const gobgp = await Gobgp.start({
    asn: peerAsn,
    routerId: '192.0.2.12',
    address: theirs,
    neighbors: [{ address: ours, asn: 65000, families: ['ipv4-unicast'] }],
    after: `[[mrt-dump]]\n  [mrt-dump.config]\n    dump-type = "updates"\n    file-name = "${log}"`,
  });
  t.teardown(() => gobgp.stop());
  const file = join(dirname(log), 'updates.mrt');
  writeLogFile(file, [
    { after: 0, peer: 0, announce: '10.1.0.0/16' },
    { after: 0, peer: 0, announce: '10.2.0.0/16' },
    { after: 10, peer: 0, withdraw: '10.1.0.0/16' },
    { after: 20, peer: 1, announce: '10.3.0.0/16' },
  ]);
  // GoBGP takes no loopback address for a next hop.
  const paced = ['--speed', '10', '--next-hop', '192.0.2.99'];
  const { report } = replay(t, gobgp, file, '--local-address', ours, ...paced);
  const seen = async (wanted: string) =>
    gobgp.process.answers(async () =>
      Object.keys(await gobgpPaths(gobgp))
        .sort()
        .join() === wanted
        ? true
        : undefined,
    );
  await seen('10.1.0.0/16,10.2.0.0/16');
  await seen('10.2.0.0/16');
  await seen('10.2.0.0/16,10.3.0.0/16');
  t.match(await report, { announced: 3, withdrawn: 1 });
  t.ok((await report).seconds >= 2, `twenty seconds ten times as fast: ${(await report).seconds} s`);
  await gobgp.process.answers(async () => (existsSync(log) && statSync(log).size > 200 ? true : undefined));
  await readAlike(t, log, 4);
});

t.test('a peer that is not there, or of another AS, ends it with the reason', async (t) => {
  const file = join(t.testdir({}), 'rib.mrt');
  writeTableFile(file, networks(1));
  const nobody = replay(t, { address: block.take(), port: 9 }, file, '--wait', '1');
  await t.rejects(nobody.report, /exit code 1: .*no session within 1 seconds: .*ECONNREFUSED/s);
  const wrong = replay(t, { address: 'camaro', port: 179 }, file);
  await t.rejects(wrong.report, /exit code 2: .*camaro/s);
});
