import { hexText, parseRouteTarget } from '@vaportrail/net';
import { routeTargetNlri } from '@vaportrail/rib';
import t from 'tap';

import { RouteTargetMembership } from '../src/route-target-membership.ts';

const red = parseRouteTarget('500:500');
const blue = parseRouteTarget('64512:8000016');

t.test('a target is asked for once, as long as any instance wants it', async (t) => {
  const membership = new RouteTargetMembership();
  t.same(membership.want([red, blue]), [
    { type: 'announce', target: red },
    { type: 'announce', target: blue },
  ]);
  t.same(membership.want([red]), []);
  t.same(membership.release([red, blue]), [{ type: 'withdraw', target: blue }]);
  t.same(membership.targets, [red]);
  t.same(membership.release([red]), [{ type: 'withdraw', target: red }]);
  t.same(membership.release([red]), [], 'releasing what nobody wants does nothing');
  t.same(membership.want([red]), [{ type: 'announce', target: red }]);
});

t.test('the membership of the Day One lab on the wire', async (t) => {
  t.equal(hexText(routeTargetNlri(60100, red)), '600000eac4000201f4000001f4');
});
