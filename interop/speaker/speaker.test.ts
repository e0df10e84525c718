// The twenty lines of the README of bgp, run as they stand against a real GoBGP, but for its address.
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import { runningExample } from '../readme-example.ts';

t.setTimeout(60_000);
const found = findGobgp();
const skip = 'missing' in found ? found.missing : false;

t.test('the example announces its routes to GoBGP and prints what GoBGP tells', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [own, gobgpAddress] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn: 65002,
    routerId: '10.0.0.3',
    address: gobgpAddress,
    neighbors: [{ address: own, asn: 65001, families: ['ipv4-unicast', 'l3vpn-ipv4-unicast'] }],
  });
  t.teardown(() => gobgp.stop());
  const rib = (words: string): Promise<string> => gobgp.gobgp('global', 'rib', ...words.split(' '));
  await rib('add -a ipv4 198.51.100.0/24 nexthop 10.0.0.3 community 65002:7');
  await rib('add -a vpnv4 9.9.9.0/24 label 500 rd 10.0.0.3:100 rt 64512:100 nexthop 10.0.0.3');

  const example = await runningExample(t, 'Twenty lines', {
    "address: '127.0.0.2'": `address: '${gobgpAddress}', localAddress: '${own}'`,
  });

  const prints = (what: RegExp) =>
    gobgp.process.answers(async () => (what.test(example.printed()) ? true : undefined), 20_000);
  await prints(/^up: /m);
  await prints(/^route: {2}198\.51\.100\.0\/24 via 10\.0\.0\.3 .*"communities":\["65002:7"\]/m);
  await prints(/^route: 10\.0\.0\.3:100 9\.9\.9\.0\/24 via 10\.0\.0\.3 500 .*target:64512:100/m);
  t.pass('both routes of GoBGP are printed');

  const unicast = await gobgp.process.answers(async () => {
    const table = (await gobgp.json('global', 'rib', '-a', 'ipv4')) as Record<string, unknown[]>;
    return table['203.0.113.0/24'] as { attrs: { type: number }[] }[] | undefined;
  });
  t.match(unicast[0]?.attrs, [
    { type: 1, value: 0 },
    { type: 2, as_paths: [{ asns: [65001] }] },
    { type: 3, nexthop: '192.0.2.1' },
    { type: 8, communities: [65001 * 65536 + 100] },
  ]);
  const vpn = await gobgp.process.answers(async () => (await gobgp.paths('10.9.0.1/32'))[0]);
  t.match(vpn, { rd: '10.1.1.1:1', label: 1001, nextHop: '192.0.2.1', routeTargets: ['64512:100'] });

  await rib('del -a ipv4 198.51.100.0/24');
  await prints(/^withdrawn: 198\.51\.100\.0\/24$/m);
  t.equal(await example.interrupt(), 0, 'the process ends when the speaker has stopped');
  t.match(example.printed(), /^down: sent Cease.*gone for lunch$/m);
  t.notMatch(example.printed(), /failed/);
});
