import t from 'tap';
import { reportText, soak } from './soak/soak.ts';
import { SeededRandom } from './soak/seeded-random.ts';

t.setTimeout(110_000);

t.test(
  'after half a minute of churn with control nodes killed and restarted every table is as it must be',
  { timeout: 110_000 },
  async (t) => {
    const report = await soak({
      seconds: 20,
      seed: 7,
      agents: 12,
      floatingIps: 16,
      storm: 100,
      rate: 20,
      // The machine runs other tests at the same time: how fast it answers is the long soak's question.
      delayBound: 10_000,
      stallBound: 1000,
      tracesStalls: false,
      tell: (line) => t.comment(line),
    });
    t.comment(reportText(report));
    t.same(report.failures, []);
    t.same(report.differences, [], 'nothing lost, nothing stale');
    t.same(report.gaps, [], 'the routes of undisturbed nodes were there all the time');
    t.ok(report.outages.SIGKILL + report.outages.SIGTERM > 0, 'a control node went and came back');
    t.ok(report.storm.connected > 0, 'a crowd of agents came and was cut off');
    t.ok(
      report.stalls.every(({ seconds }) => seconds > 0),
      'the event loops of the control nodes were watched',
    );
    t.ok(report.tables > 2 * 12, 'the tables of every party were compared');
    for (const [name, times] of Object.entries(report.disturbances)) t.ok(times > 0, name);
  },
);

t.test('a seed gives the same numbers again', async (t) => {
  const numbers = (seed: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, () => random.between(0, 99));
  };
  t.same(numbers(1), numbers(1));
  t.notSame(numbers(1), numbers(2));
  const many = new SeededRandom(3);
  const drawn = new Set(Array.from({ length: 1000 }, () => many.between(5, 9)));
  t.same([...drawn].sort(), [5, 6, 7, 8, 9], 'both ends are drawn, and nothing beyond');
});
