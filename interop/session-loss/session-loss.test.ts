import { Frr, frrSettings } from '@vaportrail/lab';
import t from 'tap';
import { missing, pathsAt, peerOf, runningLab } from '../running-lab.ts';

t.test(
  'an FRR that was killed gets everything again when it returns',
  { skip: missing('frr') },
  async (t) => {
    const lab = await runningLab(t, 'frr', 'gateway');
    const frr = peerOf(lab, 'frr');
    await lab.setBackends(2);
    await pathsAt(frr, 2);
    await frr.process.stop('SIGKILL');
    await lab.setBackends(1);
    t.match(
      await pathsAt(peerOf(lab, 'gateway'), 1),
      [{ label: 28 }],
      'the other gateway lost nothing meanwhile',
    );

    const gateway = lab.topology.gateways.find(({ kind }) => kind === 'frr')!;
    const again = await Frr.start(frrSettings(lab.topology, gateway, lab.addressing));
    t.teardown(() => again.stop());
    t.match(
      await pathsAt(again, 1),
      [{ nextHop: '10.169.25.21', label: 28 }],
      'what is true now, nothing of before',
    );
  },
);

t.test(
  'the routes of an agent that leaves are withdrawn, and come back with it',
  { skip: missing('frr') },
  async (t) => {
    const lab = await runningLab(t, 'frr');
    const frr = peerOf(lab, 'frr');
    await lab.setBackends(2);
    await pathsAt(frr, 2);
    await lab.stopAgent('cent222');
    t.match(await pathsAt(frr, 1), [{ nextHop: '10.169.25.21', label: 28 }]);
    await lab.startAgent('cent222');
    t.match(await pathsAt(frr, 2), [{ label: 28 }, { label: 43 }]);
  },
);

t.test('FRR resets the session: it comes back with the same routes', { skip: missing('frr') }, async (t) => {
  const lab = await runningLab(t, 'frr');
  const frr = peerOf(lab, 'frr');
  await lab.setBackends(2);
  await pathsAt(frr, 2);
  await frr.vtysh(`clear bgp ${lab.peerAddress}`);
  await pathsAt(frr, 0);
  await pathsAt(frr, 2);
  t.ok(await frr.established(lab.peerAddress));
});
