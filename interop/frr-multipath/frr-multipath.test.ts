import t from 'tap';
import { missing, pathsAt, peerOf, runningLab } from '../running-lab.ts';

t.test('FRR uses one of two equal paths, or both: maximum-paths', { skip: missing('frr') }, async (t) => {
  const lab = await runningLab(t, 'frr');
  const frr = peerOf(lab, 'frr');
  await lab.setBackends(2);

  const one = await pathsAt(frr, 2, (paths) => paths.some(({ best }) => best));
  t.equal(one.filter(({ best }) => best).length, 1);
  t.equal(one.filter(({ multipath }) => multipath).length, 0);
  t.equal(one.find(({ best }) => best)!.reason, 'Nothing left to compare', 'equal in every step');

  await frr.setMultipath(true);
  const both = await pathsAt(frr, 2, (paths) => paths.every(({ multipath }) => multipath));
  t.equal(both.filter(({ best }) => best).length, 1, 'one is still called best');
  t.match(await frr.vtysh('show bgp ipv4 unicast'), /^\*= ?101|^\*>.*\n\*=/m, 'marked = in the table');

  await frr.setMultipath(false);
  await pathsAt(frr, 2, (paths) => paths.every(({ multipath }) => !multipath));
});
