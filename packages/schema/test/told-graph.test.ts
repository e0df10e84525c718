import t from 'tap';
import type { ConfigEvent } from '../src/config-event.ts';
import { ToldGraph } from '../src/told-graph.ts';
import type { WrittenLink, WrittenName, WrittenNode, WrittenProperty } from '../src/written-object.ts';

function node(type: string, name: string, ...properties: WrittenProperty[]): WrittenNode {
  return { kind: 'node', type, name, properties };
}

function link(metadata: string, ...ends: [WrittenName, WrittenName]): WrittenLink {
  return { kind: 'link', ends, metadata };
}

const network = node('virtual-network', 'd:p:n');
const ipam = node('network-ipam', 'd:p:i');
const vmi = node('virtual-machine-interface', 'd:p:v');
const instance = node('routing-instance', 'd:p:n:n');
const inNetwork = link('virtual-machine-interface-virtual-network', vmi, network);
const childOf = link('virtual-network-routing-instance', network, instance);
const between = node('virtual-network-network-ipam', 'attr(d:p:n,d:p:i)', {
  name: 'value',
  value: [
    {
      name: 'ipam-subnets',
      value: [
        {
          name: 'subnet',
          value: [
            { name: 'ip-prefix', value: '10.0.0.0' },
            { name: 'ip-prefix-len', value: '8' },
          ],
        },
      ],
    },
  ],
});
const halves = [
  link('virtual-network-network-ipam', between, network),
  link('virtual-network-network-ipam', between, ipam),
];

function graph(): { told: ToldGraph; events: string[] } {
  const told = new ToldGraph((error) => t.fail(String(error)));
  const events: string[] = [];
  told.follow(({ type, object }: ConfigEvent) => void events.push(`${type} ${object.type}`));
  return { told, events };
}

t.test('nodes and links make the same objects in whatever order they come', async (t) => {
  const all = [network, ipam, vmi, instance, inNetwork, childOf, between, ...halves];
  for (const order of [all, all.toReversed(), [...all.slice(4), ...all.slice(0, 4)]]) {
    const { told } = graph();
    for (const one of order) told.put([one]);
    const found = told.graph.byName('virtual-network', ['d', 'p', 'n'])!;
    t.match(told.graph.children(found.uuid, 'routing-instance'), [{ fqName: ['d', 'p', 'n', 'n'] }]);
    t.match(told.graph.referrers(found.uuid, 'virtual-machine-interface'), [{ fqName: ['d', 'p', 'v'] }]);
    t.match(found.references['network-ipam'], [
      { attr: { ipam_subnets: [{ subnet: { ip_prefix: '10.0.0.0', ip_prefix_len: 8 } }] } },
    ]);
  }
});

t.test('links count while both of their ends are there', async (t) => {
  const { told, events } = graph();
  told.put([inNetwork, vmi]);
  const uuid = told.graph.byName('virtual-machine-interface', ['d', 'p', 'v'])!.uuid;
  t.same(told.graph.get(uuid)?.references, {}, 'it refers to what nobody has told of');
  told.put([network]);
  t.match(told.graph.get(uuid)?.references, { 'virtual-network': [{ attr: null }] });
  told.put([network, vmi, inNetwork]);
  t.same(
    events,
    ['created virtual-machine-interface', 'created virtual-network', 'updated virtual-machine-interface'],
    'what is told again is no event',
  );
  told.remove([inNetwork]);
  t.same(told.graph.get(uuid)?.references, {});
  told.put([inNetwork]);
  told.remove([network]);
  t.same(told.graph.get(uuid)?.references, {}, 'the links of a node go with it');
  told.put([network]);
  t.same(told.graph.get(uuid)?.references, {}, 'and do not come back with it');
  told.remove([network, vmi, vmi, inNetwork]);
  t.equal(told.graph.size, 0);
  t.equal(told.size, 0);
});

t.test('an attribute that changes, or loses what it stands between', async (t) => {
  const { told } = graph();
  told.put([network, ipam, between, ...halves]);
  const found = () => told.graph.byName('virtual-network', ['d', 'p', 'n'])!;
  told.put([
    node(between.type, between.name, { name: 'value', value: [{ name: 'ipam-subnets', value: 'none' }] }),
  ]);
  t.match(found().references['network-ipam'], [{ attr: null }], 'what does not fit says nothing');
  told.put([between]);
  t.match(found().references['network-ipam'], [{ attr: { ipam_subnets: [{}] } }]);
  const other = node('network-ipam', 'd:p:other');
  const third = link('virtual-network-network-ipam', between, other);
  told.put([other, third]);
  t.same(found().references, {}, 'between three it says nothing');
  told.remove([third]);
  t.match(found().references['network-ipam'], [{ attr: { ipam_subnets: [{}] } }]);
  told.remove([between]);
  t.same(found().references, {});
});

t.test('what somebody else does not tell again is there until it is swept', async (t) => {
  const { told } = graph();
  told.put([network, vmi, inNetwork, instance, childOf]);
  told.renew();
  told.put([network, instance, childOf]);
  t.equal(told.graph.size, 3, 'it stays meanwhile');
  t.equal(told.sweep(), 2);
  t.equal(told.graph.size, 2);
  t.equal(told.graph.byName('virtual-machine-interface', ['d', 'p', 'v']), undefined);
  t.equal(told.sweep(), 0);
});

t.test('a node that has another UUID than before is another object', async (t) => {
  const { told, events } = graph();
  const at = (low: string): WrittenNode =>
    node('virtual-network', 'd:p:n', {
      name: 'id-perms',
      value: [
        {
          name: 'uuid',
          value: [
            { name: 'uuid-mslong', value: '1' },
            { name: 'uuid-lslong', value: low },
          ],
        },
      ],
    });
  told.put([at('1'), vmi, inNetwork]);
  events.length = 0;
  told.put([at('2')]);
  t.same(events.toSorted(), [
    'created virtual-network',
    'deleted virtual-network',
    'updated virtual-machine-interface',
  ]);
  const found = told.graph.byName('virtual-network', ['d', 'p', 'n'])!;
  t.match(found.uuid, /2$/);
  t.match(told.graph.referrers(found.uuid, 'virtual-machine-interface'), [{}]);
});

t.test('thousands of links at one node between mean nothing', async (t) => {
  const { told } = graph();
  const many = Array.from({ length: 20_000 }, (_, n) => node('virtual-network', `d:p:${n}`));
  told.put([
    ipam,
    between,
    ...many,
    ...many.map((one) => link('virtual-network-network-ipam', between, one)),
  ]);
  t.same(told.graph.byName('virtual-network', ['d', 'p', '7'])?.references, {});
});

t.test('types that are none here are kept apart', async (t) => {
  const { told } = graph();
  const unknown = node('qos-config', 'a:b');
  t.same(
    told.put([unknown, link('qos-config-global-system-config', unknown, network), node('__proto__', '')]),
    [],
  );
  t.equal(told.graph.size, 0);
  t.equal(told.size, 3);
});
