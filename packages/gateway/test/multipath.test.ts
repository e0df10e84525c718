import t from 'tap';
import { multipathEntry, type MultipathMember } from '../src/multipath.ts';

const floatingIp = '101.101.101.252/32';

function member(nextHop: string, label: number, outgoing: string, metric2 = 0): MultipathMember {
  return {
    leg: { protocolNextHop: nextHop, label, gateways: [{ interface: outgoing }] },
    med: 100,
    metric2,
  };
}

const cent222 = member('10.169.25.20', 72, 'gr-2/3/0.32771');
const cent333 = member('10.169.25.21', 52, 'gr-2/2/0.32771', 20);

t.test('two legs make an entry with the MED of the active path and the lower cost', async (t) => {
  t.same(multipathEntry(floatingIp, [cent222, cent333], undefined, 1000), {
    legs: [cent222.leg, cent333.leg],
    selected: 1,
    metric: 100,
    metric2: 0,
    since: 1000,
  });
});

t.test('one leg makes none, nor do two that leave alike', async (t) => {
  t.equal(multipathEntry(floatingIp, [cent222], undefined, 0), undefined);
  t.equal(multipathEntry(floatingIp, [], undefined, 0), undefined);
  const copy = member('10.169.25.22', 72, 'gr-2/3/0.32771');
  t.equal(multipathEntry(floatingIp, [cent222, copy], undefined, 0), undefined);
});

t.test('its age begins anew only when a leg changes', async (t) => {
  const before = multipathEntry(floatingIp, [cent222, cent333], undefined, 1000);
  t.equal(multipathEntry(floatingIp, [{ ...cent222, med: 50 }, cent333], before, 9000)?.since, 1000);
  const moved = member('10.169.25.21', 53, 'gr-2/2/0.32771');
  t.equal(multipathEntry(floatingIp, [cent222, moved], before, 9000)?.since, 9000);
});
