// Routes of instances: where they are copied to, which of them are, and what becomes of them when a workload moves.
import type { PathView } from '@vaportrail/show';
import t from 'tap';

import type { ControlNode } from '../src/control-node.ts';
import { BLUE, FIP, RED, agent, controlNode, eventually, items, route } from './running.ts';

const GREEN = 'default-domain:demo:green:green';
const there = { ...route, nextHop: '10.1.1.4', label: 31 };

const pathsIn = (node: ControlNode, table: string): readonly PathView[] =>
  node.routes({ table }).flatMap(({ paths }) => paths);
const exported = (node: ControlNode): string[] =>
  node.routes({ table: 'bgp.l3vpn.0' }).map(({ prefix }) => prefix);

t.test('a workload that moves, moves on and comes back is where the highest number is', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  const isAt = (place: string): Promise<true> =>
    eventually(() => (items(one, FIP).at(-1) === place && items(two, FIP).at(-1) === place) || undefined);
  one.publish({ ...route, sequence: 1 });
  await isAt('10.1.1.3 25');
  two.publish({ ...there, sequence: 2 });
  await isAt('10.1.1.4 31');
  one.publish({ ...route, sequence: 3 });
  await isAt('10.1.1.3 25');
  t.same(exported(node), [`10.1.1.3:4:${FIP}`]);
  t.match(pathsIn(node, `${RED}.inet.0`), [
    { source: 'compute-1', best: true, sequence: 3, secondaryTables: ['bgp.l3vpn.0'] },
    {
      source: 'compute-2',
      best: false,
      sequence: 2,
      notBest: {
        step: 'mobility-sequence',
        reason: 'lower mobility sequence number',
        ours: '2',
        theirs: '3',
      },
    },
  ]);
  two.withdraw(there);
  await eventually(() => pathsIn(node, `${RED}.inet.0`).length === 1 || undefined);
  t.equal(items(one, FIP).at(-1), '10.1.1.3 25', 'what the older place says no longer counts');
  one.withdraw(route);
  await one.hears(/<retract id="172\.16\.0\.3\/32" \/>/);
  t.same(exported(node), []);
});

t.test(
  'both places with one number share the load; of unequal preferences only the higher one leaves',
  async (t) => {
    const node = await controlNode(t);
    const one = await agent(t, node, 'compute-1');
    const two = await agent(t, node, 'compute-2', '127.0.0.2');
    one.subscribe(RED, 4);
    two.subscribe(RED, 7);
    one.publish(route);
    two.publish(there);
    await eventually(() => exported(node).length === 2 || undefined);
    t.same(exported(node).sort(), [`10.1.1.3:4:${FIP}`, `10.1.1.4:7:${FIP}`]);
    two.publish({ ...there, localPref: 100 });
    await eventually(() => exported(node).length === 1 || undefined);
    t.same(exported(node), [`10.1.1.3:4:${FIP}`]);
    const paths = pathsIn(node, `${RED}.inet.0`);
    t.match(paths, [
      { best: true, multipath: true },
      { best: false, multipath: false, notBest: { step: 'local-preference', ours: '100', theirs: '200' } },
    ]);
    t.equal(await eventually(() => items(two, FIP).findLast((hops) => !hops.includes(','))), '10.1.1.3 25');
  },
);

t.test('a copy names the table it came from, and is copied no further', async (t) => {
  const node = await controlNode(t, {
    'routing-instances': [
      { name: RED, 'vn-index': 6, 'route-targets': ['64512:1'] },
      { name: BLUE, 'vn-index': 7, 'route-targets': ['64512:2'], import: ['64512:1'] },
      { name: GREEN, 'vn-index': 8, 'route-targets': ['64512:3'], import: ['64512:2'] },
    ],
  });
  const one = await agent(t, node, 'compute-1');
  for (const [place, instance] of [RED, BLUE, GREEN].entries()) one.subscribe(instance, 4 + place);
  one.publish(route);
  await one.hears(new RegExp(`<items node="1/1/${BLUE}">\\s*<item id="${FIP}">`));
  t.match(pathsIn(node, `${RED}.inet.0`), [{ secondaryTables: [`${BLUE}.inet.0`, 'bgp.l3vpn.0'] }]);
  t.match(pathsIn(node, `${BLUE}.inet.0`), [
    {
      primaryTable: `${RED}.inet.0`,
      originVirtualNetwork: 'default-domain:demo:red',
      routeTargets: ['64512:1'],
      label: 25,
      secondaryTables: undefined as never,
    },
  ]);
  t.same(node.routes({ table: `${GREEN}.inet.0` }), [], 'who imports the importer does not see it');
  t.same(exported(node), [`10.1.1.3:4:${FIP}`], 'the VPN table has it once');
  const counts = (name: string) => node.tables().find((table) => table.name === `${name}.inet.0`);
  t.match(counts(RED), { paths: 1, primaryPaths: 1, secondaryPaths: 0 });
  t.match(counts(BLUE), { paths: 1, primaryPaths: 0, secondaryPaths: 1 });
  one.publish({ ...route, instance: BLUE, label: 40 });
  await eventually(() => pathsIn(node, `${GREEN}.inet.0`)[0]);
  t.match(
    pathsIn(node, `${GREEN}.inet.0`),
    [{ label: 40, primaryTable: `${BLUE}.inet.0` }],
    'its own it sees',
  );
  one.withdraw(route);
  await eventually(() => pathsIn(node, `${RED}.inet.0`).length === 0 || undefined);
  t.match(pathsIn(node, `${BLUE}.inet.0`), [{ label: 40 }], 'a copy goes with its original');
});

t.test('who exports under another target than it imports tells and hears accordingly', async (t) => {
  const node = await controlNode(t, {
    'routing-instances': [
      { name: RED, 'vn-index': 6, import: ['64512:10'], export: ['64512:11', '64512:12'] },
      { name: BLUE, 'vn-index': 7, import: ['64512:11'], export: ['64512:10'] },
      { name: GREEN, 'vn-index': 8, import: ['64512:12'], export: ['64512:13'] },
    ],
  });
  const one = await agent(t, node, 'compute-1');
  for (const [place, instance] of [RED, BLUE, GREEN].entries()) one.subscribe(instance, 4 + place);
  one.publish(route);
  one.publish({ ...route, instance: GREEN, prefix: '10.3.0.1/32', label: 33 });
  one.publish({ ...route, instance: BLUE, prefix: '10.2.0.1/32', label: 32 });
  const prefixes = (instance: string) =>
    node.routes({ table: `${instance}.inet.0` }).map(({ prefix }) => prefix);
  await eventually(() => prefixes(RED).length === 2 || undefined);
  t.same(prefixes(RED).sort(), ['10.2.0.1/32', FIP].sort(), "a spoke's and its own");
  t.same(prefixes(BLUE).sort(), ['10.2.0.1/32', FIP].sort());
  t.same(prefixes(GREEN).sort(), ['10.3.0.1/32', FIP].sort());
  t.match(node.routes({ table: 'bgp.l3vpn.0', prefix: `10.1.1.3:4:${FIP}` })[0]?.paths, [
    { routeTargets: ['64512:11', '64512:12'] },
  ]);
});
