import t from 'tap';
import { missing, pathsAt, peerOf, runningLab } from '../running-lab.ts';

t.test('a pod that goes takes its route along, everywhere', { skip: missing('frr', 'gobgp') }, async (t) => {
  const lab = await runningLab(t, 'frr', 'gobgp', 'gateway');
  await lab.setBackends(2);
  for (const peer of lab.peers) await pathsAt(peer, 2);
  await lab.setBackends(1);
  for (const peer of lab.peers) {
    t.match(await pathsAt(peer, 1), [{ nextHop: '10.169.25.21', label: 28, best: true }], peer.kind);
  }
  await lab.setBackends(0);
  for (const peer of lab.peers) t.same(await pathsAt(peer, 0), [], peer.kind);
  t.same(await lab.vpnRoutes(), []);
  t.ok(await peerOf(lab, 'frr').established(lab.peerAddress), 'and no session was lost over it');
});
