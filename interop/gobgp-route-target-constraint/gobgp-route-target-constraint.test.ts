import t from 'tap';
import { missing, pathsAt, peerOf, runningLab, until } from '../running-lab.ts';

t.test('GoBGP gets the routes whose targets it asks for', { skip: missing('gobgp') }, async (t) => {
  const lab = await runningLab(t, 'gobgp');
  const gobgp = peerOf(lab, 'gobgp');
  await lab.setBackends(2);
  await pathsAt(gobgp, 2);

  const memberships = async (): Promise<string[]> =>
    Object.keys(((await gobgp.json('global', 'rib', '-a', 'rtc')) ?? {}) as object).sort();
  const received = await until(memberships, (keys) => keys.length > 1);
  t.ok(received.includes('60100:500:500'), 'the control node asks for the public network');
  t.ok(received.includes('60100:64512:8000003'), 'and for the pod network');

  const prefixes = async (): Promise<string[]> => [
    ...new Set((await gobgp.vpnPaths()).map(({ prefix }) => prefix)),
  ];
  t.same(await prefixes(), ['101.101.101.252/32'], 'nothing of networks it does not import');

  await gobgp.gobgp(...'vrf add pods rd 192.168.0.206:7 rt both 64512:8000003'.split(' '));
  await until(prefixes, (each) => each.includes('10.47.255.238/32') && each.includes('10.47.255.236/32'));
  t.notOk((await prefixes()).includes('10.105.139.153/32'), 'the service network was not asked for');

  await gobgp.gobgp('vrf', 'del', 'pods');
  await until(prefixes, (each) => each.length === 1);
  await pathsAt(gobgp, 2);
});
