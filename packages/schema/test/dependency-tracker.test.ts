import t from 'tap';
import type { ConfigObject, Reference } from '../src/config-object.ts';
import { DependencyTracker } from '../src/dependency-tracker.ts';
import { FollowedGraph } from '../src/followed-graph.ts';
import { FollowedRouter } from '../src/followed-router.ts';
import type { ObjectTypeName } from '../src/object-type.ts';
import { idPerms } from './sample-id-perms.ts';

interface Ties {
  readonly parent?: ConfigObject;
  readonly to?: readonly ConfigObject[];
  readonly properties?: ConfigObject['properties'];
}

/** An object with a name for a UUID, which is enough for who hangs on whom. */
function object(type: ObjectTypeName, uuid: string, { parent, to = [], properties = {} }: Ties = {}) {
  const references: Record<string, Reference[]> = {};
  for (const one of to) (references[one.type] ??= []).push({ uuid: one.uuid, attr: null });
  const above = parent && { type: parent.type, uuid: parent.uuid };
  const fqName = [...(parent?.fqName ?? []), uuid];
  return { type, uuid, fqName, parent: above, properties, references, idPerms } satisfies ConfigObject;
}

const system = object('global-system-config', 'system');
const project = object('project', 'project', { parent: object('domain', 'domain') });
const network = object('virtual-network', 'red', { parent: project });
const group = object('security-group', 'group', { parent: project });
const machine = object('virtual-machine', '111111-pod');
const tap = object('virtual-machine-interface', 'tap', { parent: project, to: [network, machine, group] });
const address = object('instance-ip', 'address', { to: [tap] });
const pool = object('floating-ip-pool', 'pool', { parent: network });
const floating = object('floating-ip', 'floating', { parent: pool, to: [tap] });
const node = object('virtual-router', 'node', { parent: system, to: [machine] });

function tracked() {
  const followed = new FollowedGraph((error) => {
    throw error;
  });
  for (const one of [system, project, network, group, machine, tap, address, pool, floating, node])
    followed.take(one);
  const routers = new Map([['followed', new FollowedRouter()]]);
  const tracker = new DependencyTracker(followed, routers);
  const concerned: boolean[] = [];
  followed.follow((event) => concerned.push(tracker.note(event)));
  const noted = () => {
    const { interfaces, routers: nodes, instances } = tracker.take();
    return { interfaces: [...interfaces], routers: [...nodes], instances };
  };
  return { followed, concerned, noted };
}

t.test('what hangs on an interface concerns that interface and no node as a whole', (t) => {
  for (const [what, changed] of Object.entries({
    address: { ...address, properties: { instance_ip_address: '10.0.0.1' } },
    'floating IP': { ...floating, properties: { floating_ip_address: '198.51.100.1' } },
    'security group': { ...group, properties: { security_group_id: 8_000_001 } },
  })) {
    const { followed, noted } = tracked();
    followed.take(changed);
    t.strictSame(noted(), { interfaces: ['tap'], routers: [], instances: false }, what);
  }
  t.end();
});

t.test('a floating IP that is taken from an interface concerns it all the same', (t) => {
  const { followed, noted } = tracked();
  followed.take({ ...floating, references: {} });
  t.strictSame(noted().interfaces, ['tap']);
  t.end();
});

t.test('a workload that leaves a node concerns its own interface and those that begin like it', (t) => {
  const { followed, noted } = tracked();
  const twin = object('virtual-machine', '111111-twin');
  const other = object('virtual-machine', '222222-other');
  for (const one of [twin, other]) {
    followed.take(one);
    followed.take(object('virtual-machine-interface', `tap of ${one.uuid}`, { parent: project, to: [one] }));
  }
  followed.take({
    ...node,
    references: object('virtual-router', 'node', { to: [machine, twin, other] }).references,
  });
  noted();
  followed.take({ ...node, references: object('virtual-router', 'node', { to: [twin, other] }).references });
  t.strictSame(noted(), { interfaces: ['tap', 'tap of 111111-twin'], routers: [], instances: false });
  t.end();
});

t.test('a network concerns the workloads and floating IPs in it, and the routing instances', (t) => {
  const { followed, noted } = tracked();
  followed.take({ ...network, properties: { router_external: true } });
  t.strictSame(noted(), { interfaces: ['tap'], routers: [], instances: true });
  t.end();
});

t.test(
  'a node that comes is looked at as a whole, and subnets are looked at on every node that is followed',
  (t) => {
    const { followed, noted } = tracked();
    followed.take(object('virtual-router', 'another', { parent: system }));
    t.strictSame(noted().routers, ['another']);
    followed.take(object('network-ipam', 'ipam', { parent: project }));
    t.strictSame(noted().routers, ['followed']);
    t.end();
  },
);

t.test('a project concerns nobody, and what was taken is not noted any more', (t) => {
  const { followed, concerned, noted } = tracked();
  followed.take({ ...project, properties: { display_name: 'Project' } });
  followed.take({ ...address, properties: { instance_ip_address: '10.0.0.1' } });
  t.strictSame(concerned, [false, true]);
  noted();
  t.strictSame(noted(), { interfaces: [], routers: [], instances: false });
  t.end();
});
