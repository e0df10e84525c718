import t from 'tap';
import { compareRibs, differencesText } from '../src/rib/compare.ts';
import { readFrrJson } from '../src/rib/frr-json.ts';
import { readGobgpJson } from '../src/rib/gobgp-json.ts';

const path = (route: string, nextHop: string, attributes = {}) => ({ route, nextHop, attributes });

t.test('only here, only there, and other attributes', async (t) => {
  const differences = compareRibs(
    [path('a', '10.0.0.1', { label: 1, med: 5 }), path('a', '10.0.0.2'), path('b', '10.0.0.1', { med: 7 })],
    [path('a', '10.0.0.1', { label: 2, med: 5 }), path('b', '10.0.0.1', { label: 9 }), path('c', '10.0.0.3')],
  );
  t.equal(
    differencesText(differences),
    '! a via 10.0.0.1 label 1 → 2\n- a via 10.0.0.2\n+ c via 10.0.0.3',
    'an attribute that one side cannot tell is no difference',
  );
});

t.test('of several paths with one next hop those are held together that differ least', async (t) => {
  const one = path('a', '10.0.0.1', { label: 1 });
  const two = path('a', '10.0.0.1', { label: 2 });
  t.same(compareRibs([one, two], [two, one]), []);
  t.match(compareRibs([one, two], [two]), [{ type: 'only-in-first', path: { attributes: { label: 1 } } }]);
});

t.test('FRR prints tables and single routes in different forms', async (t) => {
  const nexthops = [{ ip: '10.169.25.20' }];
  const table = {
    routes: { '10.0.0.0/8': [{ valid: true, bestpath: true, path: '65001', locPrf: 100, nexthops }] },
  };
  t.match(readFrrJson(table), [
    { route: '10.0.0.0/8', best: true, attributes: { asPath: '65001', localPref: 100 } },
  ]);
  const vpn = { routes: { routeDistinguishers: { '10.169.25.20:9': { '10.0.0.0/8': [{ nexthops }] } } } };
  t.match(readFrrJson(vpn), [{ route: '10.169.25.20:9:10.0.0.0/8', nextHop: '10.169.25.20' }]);
  const bestpath = { overall: true, selectionReason: 'Router ID' };
  const single = { prefix: '10.0.0.0/8', paths: [{ bestpath, nexthops, aspath: { string: 'Local' } }] };
  t.match(readFrrJson(single), [{ best: true, reason: 'Router ID', attributes: { asPath: '' } }]);
  t.match(readFrrJson({ '10.169.25.20:9': single }), [{ route: '10.169.25.20:9:10.0.0.0/8' }]);
  t.equal(readFrrJson([1, 2]), undefined);
});

t.test('GoBGP prints attributes by number, and null for an empty AS path', async (t) => {
  const nlri = { prefix: '10.0.0.0/8', labels: [44], rd: { type: 1, admin: '10.169.25.20', assigned: 9 } };
  const attrs = [
    { type: 1, value: 2 },
    { type: 2, as_paths: null },
    { type: 4, metric: 100 },
    { type: 14, nexthop: '10.169.25.20' },
    { type: 16, value: [{ type: 0, subtype: 2, value: '500:500' }] },
  ];
  t.match(readGobgpJson({ x: [{ nlri, best: true, attrs }] }), [
    {
      route: '10.169.25.20:9:10.0.0.0/8',
      nextHop: '10.169.25.20',
      best: true,
      attributes: { label: 44, med: 100, origin: 'incomplete', asPath: '', routeTargets: '500:500' },
    },
  ]);
  t.equal(readGobgpJson({ x: 1 }), undefined);
});
