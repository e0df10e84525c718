// The examples of the README of bgp as they stand, but for addresses and file names, against FRR and GoBGP.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Speaker } from '@vaportrail/bgp';
import { Frr, Gobgp, LoopbackBlock, findFrr, findGobgp, findProgram } from '@vaportrail/lab';
import t, { type Test } from 'tap';
import { freePort } from '../free-port.ts';
import { runningExample } from '../readme-example.ts';

t.setTimeout(120_000);
const frrFound = findFrr();
const gobgpFound = findGobgp();
const withoutFrr = 'missing' in frrFound && frrFound.missing;
const withoutGobgp = 'missing' in gobgpFound && gobgpFound.missing;
const bzip2 = findProgram(['/usr/bin/bzip2', '/bin/bzip2'], 'bzip2 is not installed');
const withoutBzip2 = bzip2.path === undefined && bzip2.missing;
const block = new LoopbackBlock();

/** An FRR that waits for a session with us about IPv4. */
async function expecting(t: Test, own: string, address: string): Promise<Frr> {
  const frr = await Frr.start({
    asn: 65002,
    routerId: '10.0.0.2',
    address,
    neighbors: [{ address: own, asn: 65001, families: { 'ipv4 unicast': [] } }],
  });
  t.teardown(() => frr.stop());
  return frr;
}

t.test('a peer that waits prints what FRR announces and withdraws', { skip: withoutFrr }, async (t) => {
  const [own, address] = [block.take(), block.take()];
  const port = await freePort(own);
  const waiting = await runningExample(t, 'A peer that waits', {
    'port: 1790': `address: '${own}', port: ${port}`,
    '127.0.0.0/8': `${address}/32`,
  });
  const frr = await Frr.start({
    asn: 65002,
    routerId: '10.0.0.2',
    address,
    neighbors: [
      {
        address: own,
        port,
        asn: 65001,
        families: { 'ipv4 unicast': [], 'ipv6 unicast': [] },
      },
    ],
    families: { 'ipv4 unicast': ['network 198.51.100.0/24'], 'ipv6 unicast': ['network 2001:db8:7::/48'] },
  });
  t.teardown(() => frr.stop());
  const prints = (what: RegExp) =>
    frr.process.answers(async () => (what.test(waiting.printed()) ? true : undefined), 20_000);
  await prints(/: 198\.51\.100\.0\/24 via 127\.[\d.]+ \[65002\]$/m);
  await prints(/: 2001:db8:7::\/48 via \S+ \[65002\]$/m);
  await prints(/: that is all of inet6$/m);
  await frr.configure('router bgp 65002', 'address-family ipv4 unicast', 'no network 198.51.100.0/24');
  await prints(/: 198\.51\.100\.0\/24 is gone$/m);
  t.equal(await waiting.interrupt(), 0);
});

t.test(
  'FRR has both paths, and when it does not want us the program ends',
  { skip: withoutFrr },
  async (t) => {
    const [own, address] = [block.take(), block.take()];
    const frr = await expecting(t, own, address);
    const sending = await runningExample(t, 'Several paths, and a session that ends', {
      "address: '127.0.0.2', port: 1790": `address: '${address}', port: ${frr.port}, localAddress: '${own}'`,
    });
    interface Path {
      readonly metric?: number;
      readonly aspath?: { readonly string: string };
      readonly community?: { readonly string: string };
      readonly largeCommunity?: { readonly string: string };
      readonly addPathId?: number;
      readonly rxPathId?: number;
      readonly nexthops?: readonly { readonly ip: string }[];
    }
    const paths = await frr.process.answers(async () => {
      const route = (await frr.json('show bgp ipv4 unicast 203.0.113.0/24')) as { paths?: Path[] };
      return route.paths?.length === 2 ? route.paths : undefined;
    }, 20_000);
    const of = (address: string): Path | undefined =>
      paths.find(({ nexthops }) => nexthops?.[0]?.ip === address);
    t.match(of('192.0.2.1'), { aspath: { string: '65001' }, community: { string: /65001:100/ } });
    t.match(of('192.0.2.1')?.community?.string, /no-export/);
    t.match(of('192.0.2.2'), { metric: 50, largeCommunity: { string: '65001:1:2' } });
    t.match(await frr.vtysh('show bgp ipv4 unicast 203.0.113.0/24'), /AddPath ID: RX 2,/);

    await frr.configure('router bgp 65002', `neighbor ${own} shutdown message maintenance tonight`);
    t.equal(await sending.ended, 0, 'it has stopped by itself');
    t.match(sending.printed(), /: received Cease.*maintenance tonight$/m);
  },
);

t.test(
  'a table that FRR dumped is read, packed by bzip2',
  { skip: withoutFrr || withoutBzip2 },
  async (t) => {
    const [own, address] = [block.take(), block.take()];
    const frr = await expecting(t, own, address);
    await using speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
    speaker.peer({ address, port: frr.port, localAddress: own, asn: 65002 });
    speaker.announce({ prefix: '198.51.100.0/24', nextHop: '192.0.2.1' });
    speaker.announce({ prefix: '198.51.101.0/24', nextHop: '192.0.2.2', attributes: { asPath: [65009] } });
    await speaker.start();
    await frr.process.answers(async () => {
      const { paths } = (await frr.json('show bgp ipv4 unicast 198.51.101.0/24')) as { paths?: unknown[] };
      return paths;
    }, 20_000);
    const dump = join(frr.folder, 'rib.mrt');
    await frr.configure(`dump bgp routes-mrt ${dump}`);
    const octets = await frr.process.answers(async () => {
      const read = await readFile(dump).catch(() => undefined);
      return read !== undefined && read.includes(Buffer.from([24, 198, 51, 101])) ? read : undefined;
    }, 20_000);
    await writeFile(`${dump}.table`, octets);
    await promisify(execFile)(bzip2.path!, [`${dump}.table`]);
    const reading = await runningExample(t, 'MRT files', { 'rib.20261123.1200.bz2': `${dump}.table.bz2` });
    t.equal(await reading.ended, 0);
    t.match(reading.printed(), /^198\.51\.100\.0\/24 65001 192\.0\.2\.1 65001$/m);
    t.match(reading.printed(), /^198\.51\.101\.0\/24 65001 192\.0\.2\.2 65001 65009$/m);
  },
);

t.test('GoBGP tells the station of routes and of a session that ends', { skip: withoutGobgp }, async (t) => {
  const [own, address, third] = [block.take(), block.take(), block.take()];
  const port = await freePort(own);
  const station = await runningExample(t, 'A monitoring station', {
    'port: 11019': `address: '${own}', port: ${port}`,
  });
  const gobgp = await Gobgp.start({
    asn: 65002,
    routerId: '10.0.0.3',
    address,
    neighbors: [{ address: third, asn: 65001, families: ['ipv4-unicast'] }],
    after: `[[bmp-servers]]\n  [bmp-servers.config]\n    address = "${own}"\n    port = ${port}\n`,
  });
  t.teardown(() => gobgp.stop());
  const speaker = await runningExample(t, 'Several paths, and a session that ends', {
    "address: '127.0.0.2', port: 1790": `address: '${address}', port: ${gobgp.port}, localAddress: '${third}'`,
  });
  const prints = (what: RegExp) =>
    gobgp.process.answers(async () => (what.test(station.printed()) ? true : undefined), 20_000);
  await prints(/^127[.\d]+:\d+ is .*gobgp/im);
  await prints(new RegExp(`^${third}: announce 203.0.113.0/24 192.0.2.[12]$`, 'm'));
  t.equal(await speaker.interrupt(), 0);
  await prints(new RegExp(`^${third} is down: remote-`, 'm'));
  t.equal(await station.interrupt(), 0);
  t.match(station.printed(), /: closed$/m);
});
