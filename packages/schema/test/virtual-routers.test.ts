/** What nodes are told as the configuration changes, held against what follows from the configuration as it is. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { ConfigObject, Reference } from '../src/config-object.ts';
import { FollowedGraph } from '../src/followed-graph.ts';
import type { ObjectTypeName } from '../src/object-type.ts';
import type { VirtualRouterChange } from '../src/virtual-router-change.ts';
import {
  virtualRouterSettings,
  type FloatingIpSettings,
  type InterfaceSettings,
  type VirtualRouterSettings,
  type VrfSettings,
} from '../src/virtual-router-settings.ts';
import { DEFAULT_SYSTEM, VirtualRouters } from '../src/virtual-routers.ts';
import { idPerms } from './sample-id-perms.ts';

const NODES = [0, 1] as const;
const PODS = [0, 1, 2, 3] as const;
const NETWORKS = [0, 1] as const;
const GROUPS = [0, 1] as const;

interface Pod {
  /** The node it is on; 2 stands for none. */
  readonly node: number;
  readonly network: number;
  readonly hasInterface: boolean;
  readonly hasAddress: boolean;
  readonly group: number;
}

/** A configuration, by the choices that were made. */
interface Scene {
  readonly address: string;
  readonly subnet: string;
  readonly groupIds: number;
  /** Networks whose routing instance is the default one: the others have no VRF. */
  readonly routed: readonly number[];
  readonly pods: readonly Pod[];
  /** Pods that each floating IP leads to. The first two are of a pool, the third of the first pod's address. */
  readonly floatingIps: readonly (readonly number[])[];
  readonly mapped: boolean;
  /** The first floating IP is that of a load balancer, whose members are these pods. */
  readonly balanced: boolean;
  readonly members: readonly number[];
  readonly port: number;
}

/** The first value in half of all cases. */
function often<T>(first: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(fc.constant(first), fc.constantFrom(...others));
}

const pods = fc.subarray([...PODS]);
const scenes: fc.Arbitrary<Scene> = fc.record({
  address: fc.constantFrom('10.1.0.1', '10.1.0.2'),
  subnet: fc.constantFrom('10.32.0.0', '10.64.0.0'),
  groupIds: fc.constantFrom(8_000_001, 8_000_100),
  routed: often<readonly number[]>([...NETWORKS], [0], [1], []),
  pods: fc.tuple(
    ...PODS.map(() =>
      fc.record({
        node: often(0, 1, 2),
        network: fc.constantFrom(...NETWORKS),
        hasInterface: often(true, false),
        hasAddress: often(true, false),
        group: fc.constantFrom(...GROUPS),
      }),
    ),
  ),
  floatingIps: fc.tuple(pods, pods, pods),
  mapped: fc.boolean(),
  balanced: fc.boolean(),
  members: pods,
  port: fc.constantFrom(80, 8080),
});

/** One thing changes at a time: where everything does, everything is looked at. */
interface Step {
  readonly aspect: keyof Scene;
  readonly pod: number;
  readonly from: Scene;
}

const aspects: (keyof Scene)[] = [
  'address',
  'subnet',
  'groupIds',
  'routed',
  'pods',
  'floatingIps',
  'mapped',
  'balanced',
  'members',
  'port',
];
const steps: fc.Arbitrary<Step> = fc.record({
  aspect: fc.oneof(fc.constant<keyof Scene>('pods'), fc.constantFrom(...aspects)),
  pod: fc.constantFrom(...PODS),
  from: scenes,
});

function after(scene: Scene, { aspect, pod, from }: Step): Scene {
  if (aspect === 'pods') return { ...scene, pods: scene.pods.with(pod, from.pods[pod]!) };
  return { ...scene, [aspect]: from[aspect] };
}

/** The first two pods' machines begin alike. */
function uuid(type: ObjectTypeName, number: number): string {
  const alike = type === 'virtual-machine' && number > 1 ? number : 0;
  const letters = [...type].reduce((sum, letter) => sum + letter.charCodeAt(0), 0).toString(16);
  return `${alike}000000${number}-${letters.padStart(4, '0')}-4000-8000-000000000000`;
}

function at(type: ObjectTypeName, numbers: readonly number[], attr: unknown = null): Reference[] {
  return numbers.map((number) => ({ uuid: uuid(type, number), attr }));
}

/** The objects of a configuration, each after those that it hangs on. */
function objectsOf(scene: Scene): ConfigObject[] {
  const objects: ConfigObject[] = [];
  const add = (
    type: ObjectTypeName,
    number: number,
    above: readonly [ObjectTypeName, number] | undefined,
    properties: ConfigObject['properties'] = {},
    references: ConfigObject['references'] = {},
  ): void => {
    const parent = above && { type: above[0], uuid: uuid(...above) };
    const over = objects.find((object) => object.uuid === parent?.uuid)?.fqName ?? [];
    const fqName = [...over, type === 'global-system-config' ? DEFAULT_SYSTEM : `${type}-${number}`];
    objects.push({ type, uuid: uuid(type, number), fqName, parent, properties, references, idPerms });
  };
  add('global-system-config', 0, undefined);
  add('domain', 0, undefined);
  add('project', 0, ['domain', 0]);
  add('network-ipam', 0, ['project', 0]);
  for (const group of GROUPS)
    add('security-group', group, ['project', 0], { security_group_id: scene.groupIds + group });
  const subnet = { subnet: { ip_prefix: scene.subnet, ip_prefix_len: 12 } };
  for (const network of NETWORKS) {
    const ipam = at('network-ipam', [0], { ipam_subnets: [subnet] });
    add('virtual-network', network, ['project', 0], {}, { 'network-ipam': ipam });
    const isDefault = { routing_instance_is_default: scene.routed.includes(network) };
    add('routing-instance', network, ['virtual-network', network], isDefault);
  }
  scene.pods.forEach((pod, number) => {
    add('virtual-machine', number, undefined);
    if (!pod.hasInterface) return;
    const references = {
      'virtual-network': at('virtual-network', [pod.network]),
      'virtual-machine': at('virtual-machine', [number]),
      'security-group': at('security-group', [pod.group]),
    };
    add('virtual-machine-interface', number, ['project', 0], {}, references);
    if (!pod.hasAddress) return;
    const to = { 'virtual-machine-interface': at('virtual-machine-interface', [number]) };
    add('instance-ip', number, undefined, { instance_ip_address: `10.32.0.${number}` }, to);
  });
  for (const node of NODES) {
    const machines = PODS.filter((number) => scene.pods[number]!.node === node);
    const properties = { virtual_router_ip_address: scene.address };
    const references = { 'virtual-machine': at('virtual-machine', machines) };
    add('virtual-router', node, ['global-system-config', 0], properties, references);
  }
  const withInterface = (numbers: readonly number[]): number[] =>
    numbers.filter((number) => scene.pods[number]!.hasInterface);
  // The load balancer's own interface.
  add('virtual-machine-interface', 9, ['project', 0]);
  add('floating-ip-pool', 0, ['virtual-network', 1]);
  scene.floatingIps.forEach((led, number) => {
    const ofPod = number === 2;
    if (ofPod && !(scene.pods[0]!.hasInterface && scene.pods[0]!.hasAddress)) return;
    const to = [...withInterface(led), ...(number === 0 && scene.balanced ? [9] : [])];
    const mappings = { port_mappings: [{ protocol: 'TCP', src_port: 8888, dst_port: scene.port }] };
    const properties = {
      floating_ip_address: `100.64.0.${number}`,
      floating_ip_port_mappings_enable: scene.mapped,
      ...(scene.mapped ? { floating_ip_port_mappings: mappings } : {}),
    };
    const references = { 'virtual-machine-interface': at('virtual-machine-interface', to) };
    add('floating-ip', number, ofPod ? ['instance-ip', 0] : ['floating-ip-pool', 0], properties, references);
  });
  if (!scene.balanced) return objects;
  const to = (type: ObjectTypeName, number = 0): ConfigObject['references'] => ({
    [type]: at(type, [number]),
  });
  const listener = { loadbalancer_listener_properties: { protocol: 'TCP', protocol_port: 8888 } };
  add('loadbalancer', 0, ['project', 0], {}, to('virtual-machine-interface', 9));
  add('loadbalancer-listener', 0, ['project', 0], listener, to('loadbalancer'));
  add('loadbalancer-pool', 0, ['project', 0], {}, to('loadbalancer-listener'));
  for (const number of withInterface(scene.members)) {
    const annotations = {
      key_value_pair: [{ key: 'vmi', value: uuid('virtual-machine-interface', number) }],
    };
    const properties = { loadbalancer_member_properties: { protocol_port: scene.port }, annotations };
    add('loadbalancer-member', number, ['loadbalancer-pool', 0], properties);
  }
  return objects;
}

/** Brings a configuration to a scene, in an order in which a config node could. */
function become(followed: FollowedGraph, objects: readonly ConfigObject[]): void {
  const wanted = new Set(objects.map((object) => object.uuid));
  const present = followed.graph.uuids().filter((each) => !wanted.has(each));
  for (const object of objects) followed.take(object);
  for (const gone of present.toReversed()) followed.lose(gone);
}

function nodeName(node: number): string {
  return `virtual-router-${node}`;
}

/** What a node has to have, from scratch. */
function derived(node: number, { graph }: FollowedGraph): VirtualRouterSettings {
  const settings = virtualRouterSettings(
    graph.named('virtual-router', [DEFAULT_SYSTEM, nodeName(node)]),
    graph,
  );
  return { ...settings, interfaces: settings.interfaces.toSorted(byName) };
}

/** A node that does as it is told. */
class ToldNode {
  readonly #vrfs = new Map<string, VrfSettings>();
  readonly #interfaces = new Map<string, InterfaceSettings>();

  apply(changes: readonly VirtualRouterChange[]): void {
    for (const change of changes) this.#step(change);
  }

  get contents(): Pick<VirtualRouterSettings, 'vrfs' | 'interfaces'> {
    return {
      vrfs: [...this.#vrfs.values()].toSorted(byName),
      interfaces: [...this.#interfaces.values()].toSorted(byName),
    };
  }

  /** Throws where a step is not possible. */
  #step(change: VirtualRouterChange): void {
    const of = (name: string): InterfaceSettings => {
      const present = this.#interfaces.get(name);
      if (present === undefined) throw new Error(`${change.type}: there is no ${name}`);
      return present;
    };
    const set = (name: string, now: Partial<InterfaceSettings>): void =>
      void this.#interfaces.set(name, { ...of(name), ...now });
    switch (change.type) {
      case 'add-vrf':
        this.#vrfs.set(change.vrf.name, change.vrf);
        break;
      case 'remove-vrf':
        this.#vrfs.delete(change.name);
        break;
      case 'add-interface':
        this.#interfaces.set(change.interface.name, change.interface);
        break;
      case 'remove-interface':
        this.#interfaces.delete(of(change.name).name);
        break;
      case 'set-preference':
        set(change.name, { preference: change.preference });
        break;
      case 'add-floating-ip':
      case 'change-floating-ip':
      case 'remove-floating-ip': {
        const removes = change.type === 'remove-floating-ip';
        const { address, vrf } = removes ? change : change.floatingIp;
        const others = of(change.interface)['floating-ips'].filter(
          (one) => one.address !== address || one.vrf !== vrf,
        );
        const now = removes ? others : [...others, change.floatingIp].toSorted(byPlace);
        set(change.interface, { 'floating-ips': now });
        break;
      }
      default:
        throw new Error(`${change.type} was not to be expected`);
    }
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function byPlace(a: FloatingIpSettings, b: FloatingIpSettings): number {
  return `${a.vrf} ${a.address}` < `${b.vrf} ${b.address}` ? -1 : 1;
}

function followedRouters(followed: FollowedGraph): { routers: VirtualRouters; settle: () => void } {
  const later: (() => void)[] = [];
  const routers = new VirtualRouters(followed, (work) => later.push(work));
  return { routers, settle: () => later.splice(0).forEach((work) => work()) };
}

function failing(error: unknown): never {
  throw error;
}

t.test('what a node is told, change by change, is what the configuration says from scratch', async () => {
  fc.assert(
    fc.property(scenes, fc.array(fc.array(steps, { minLength: 1, maxLength: 3 })), (first, turns) => {
      const followed = new FollowedGraph(failing);
      const { routers, settle } = followedRouters(followed);
      const told = NODES.map((node) => {
        const one = new ToldNode();
        routers.follow(nodeName(node), (changes) => one.apply(changes));
        return one;
      });
      let scene = first;
      return [[], ...turns].every((changes: readonly Step[]) => {
        scene = changes.reduce(after, scene);
        become(followed, objectsOf(scene));
        settle();
        return NODES.every((node) => {
          const settings = derived(node, followed);
          const { vrfs, interfaces } = settings;
          return (
            isDeepStrictEqual(routers.settings(nodeName(node)), settings) &&
            isDeepStrictEqual(told[node]!.contents, { vrfs, interfaces })
          );
        });
      });
    }),
    { numRuns: 300 },
  );
});

t.test('a workload that comes to a node leaves the others there alone', (t) => {
  const followed = new FollowedGraph(failing);
  const { routers, settle } = followedRouters(followed);
  routers.follow(nodeName(0), () => {});
  const one = { network: 0, hasInterface: true, hasAddress: true, group: 0 };
  const scene = (...nodes: readonly number[]): Scene => ({
    address: '10.1.0.1',
    subnet: '10.32.0.0',
    groupIds: 8_000_001,
    pods: nodes.map((node) => ({ ...one, node })),
    routed: [...NETWORKS],
    floatingIps: [[], [], []],
    mapped: false,
    balanced: false,
    members: [],
    port: 80,
  });
  become(followed, objectsOf(scene(1, 2, 0, 2)));
  settle();
  const [before] = routers.settings(nodeName(0))!.interfaces;
  become(followed, objectsOf(scene(1, 2, 0, 0)));
  settle();
  const after = routers.settings(nodeName(0))!.interfaces;
  t.equal(after.length, 2);
  t.ok(
    after.some((each) => each === before),
    'its settings are the same object: nobody looked at it',
  );
  t.end();
});
