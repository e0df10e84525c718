import t from 'tap';
import { nothing, readTold, together, type NodeContents } from '../src/told-settings.ts';

const vrf = {
  name: 'default-domain:tenant:pods:pods',
  'virtual-network': 'default-domain:tenant:pods',
  subnets: [],
};
const pod = (n: number): object => ({
  name: `tap${n}`,
  vrf: vrf.name,
  address: [`10.1.0.${n}`],
  preference: 200,
});
const floating = { address: '101.101.101.252', vrf: vrf.name, direction: 'ingress', 'port-maps': [] };
const balancer = {
  uuid: '10000000-0000-4000-8000-000000000000',
  name: 'web',
  interface: 'tap1',
  address: '10.1.0.1',
};
const names = ({ interfaces }: NodeContents): string[] => interfaces.map(({ name }) => name);

t.test('the first line of a stream says everything, the others what changes', async (t) => {
  const first = readTold({ changes: [], settings: { vrfs: [vrf], interfaces: [pod(1)] } }, nothing, true);
  t.same(names(first.contents), ['tap1']);
  const { contents, problems } = readTold(
    {
      changes: [
        { type: 'remove-interface', name: 'tap1' },
        { type: 'add-interface', interface: pod(2) },
        { type: 'add-interface', interface: pod(1) },
        { type: 'add-floating-ip', interface: 'tap1', floatingIp: floating },
        { type: 'change-floating-ip', interface: 'tap1', floatingIp: { ...floating, direction: 'both' } },
        { type: 'set-preference', name: 'tap2', preference: 100 },
        { type: 'set-load-balancer', 'load-balancer': balancer },
        { type: 'set-load-balancer', 'load-balancer': { ...balancer, name: 'web2' } },
      ],
    },
    first.contents,
    false,
  );
  t.same(problems, []);
  t.match(contents, {
    interfaces: [
      { name: 'tap2', preference: 100 },
      { name: 'tap1', 'floating-ips': [{ address: '101.101.101.252', direction: 'both' }] },
    ],
    'load-balancers': [{ name: 'web2' }],
  });
  t.equal(contents.interfaces[1]!['floating-ips'].length, 1);
  const after = readTold(
    {
      changes: [
        { type: 'remove-floating-ip', interface: 'tap1', address: floating.address, vrf: vrf.name },
        { type: 'remove-load-balancer', uuid: balancer.uuid },
        { type: 'remove-interface', name: 'tap2' },
        { type: 'remove-vrf', name: vrf.name },
      ],
    },
    contents,
    false,
  ).contents;
  t.match(after, { vrfs: [], interfaces: [{ name: 'tap1', 'floating-ips': [] }], 'load-balancers': [] });
});

t.test('a node that is not configured any more has nothing', async (t) => {
  const before = readTold({ settings: { interfaces: [pod(1)] } }, nothing, true).contents;
  t.same(readTold({ changes: [] }, before, true).contents, nothing, 'on a new stream');
  t.same(readTold({ changes: [] }, before, false).contents, before, 'on the same one nothing changed');
});

t.test('an entry that cannot be read is named and does not cost the others', async (t) => {
  const { contents, problems } = readTold(
    { settings: { interfaces: [{ ...pod(1), address: ['10.1.0.999'] }, pod(2)], 'load-balancers': [{}] } },
    nothing,
    true,
  );
  t.same(names(contents), ['tap2']);
  t.match(problems, [/^interfaces\.0\.address/, /^load-balancers\.0\.uuid/]);
  const next = readTold(
    { changes: [{ type: 'explode' }, { type: 'remove-interface', name: 'tap2' }] },
    contents,
    false,
  );
  t.same(names(next.contents), []);
  t.match(next.problems, [/^changes\.0/]);
  for (const bad of [null, 5, 'x', { settings: { vrfs: 5 } }])
    t.throws(() => readTold(bad, nothing, true), /config node told/, JSON.stringify(bad));
  t.throws(() => readTold({}, nothing, false), /neither settings nor changes/);
});

t.test('what the file says under a name counts, whatever is told under it', async (t) => {
  const file = readTold(
    { settings: { vrfs: [vrf], interfaces: [{ ...pod(1), preference: 7 }] } },
    nothing,
    true,
  ).contents;
  const told = readTold({ settings: { vrfs: [vrf], interfaces: [pod(1), pod(2)] } }, nothing, true).contents;
  const both = together(file, told);
  t.match(both, {
    vrfs: [{ name: vrf.name }],
    interfaces: [{ name: 'tap1', preference: 7 }, { name: 'tap2' }],
  });
  t.equal(both.vrfs.length, 1);
});
