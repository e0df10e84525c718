import { Lab, readTopology, tell } from '@vaportrail/lab';
import t from 'tap';
import { until } from '../running-lab.ts';

t.test('a gateway that imports another route target: the story stops there and says so', async (t) => {
  const topology = readTopology();
  const wrong = topology.gateways.map((gateway) => ({ ...gateway, 'route-targets': ['500:501'] }));
  const lab = await Lab.start({ topology: { ...topology, gateways: wrong }, peers: ['gateway'] });
  t.teardown(() => lab.stop());
  const report = (await tell(lab, { limit: 1000 }))!;
  t.equal(report.held, false);
  t.same(
    report.steps.map(({ step, held }) => [step, held]),
    [
      ['sessions-up', true],
      ['service-created', true],
      ['published', true],
      ['vpn-route', true],
      ['imported', false],
    ],
  );
  t.match(report.steps.at(-1), { problem: /^gateway: no paths instead of 1/, peers: { gateway: [] } });
});

t.test('who is interrupted hears no end of the story', async (t) => {
  const lab = await Lab.start({ topology: readTopology(), peers: ['gateway'] });
  t.teardown(() => lab.stop());
  t.equal(await tell(lab, { signal: AbortSignal.abort() }), undefined);
});

t.test('a lab that cannot start leaves nothing behind', async (t) => {
  const first = await Lab.start({ topology: readTopology(), peers: ['gateway'] });
  t.teardown(() => first.stop());
  const { addressing } = first;
  const again = { topology: readTopology(), peers: ['gateway'] as const, addressing };
  await t.rejects(Lab.start(again), /in use.*127\.\d+\.\d+\.\d+|127\.\d+\.\d+\.\d+.*in use/);
  await until(
    () => first.look(),
    ({ down }) => down.length === 0,
  );
});
