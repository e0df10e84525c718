/**
 * A load balancer with provider opencontrail, from configuration objects to packets: an active and a standby haproxy in
 * the namespaces of two compute nodes, real pods behind, FRR and GoBGP as gateways.
 */
import { Agent } from '@vaportrail/agent';
import { ConfigNode, configNodeConfig, type NewObject } from '@vaportrail/config';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { Frr, Gobgp, LoopbackBlock, Namespace, type Peer } from '@vaportrail/lab';
import type { ConfigObject } from '@vaportrail/schema';
import { silentLog, type LoadBalancerView } from '@vaportrail/show';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { missing, until } from '../running-lab.ts';
import { ComputeNetwork, type Pod } from './compute-network.ts';

const ASN = 60100;
t.setTimeout(180_000);

const VIP = '10.96.89.48';
const FIP = '101.101.101.252';
const found = [
  existsSync('/usr/sbin/haproxy')
    ? undefined
    : 'haproxy is not installed (Debian, Ubuntu: apt-get install haproxy)',
  existsSync('/usr/bin/curl') ? undefined : 'curl is not installed',
  missing('frr', 'gobgp') || undefined,
  await Namespace.unavailable(),
];
const skip = found.find((reason) => reason !== undefined) ?? false;

/** The objects of a load balancer with an external address, in the configuration of a node. */
class Objects {
  readonly #config: ConfigNode;
  pool!: ConfigObject;
  listener!: ConfigObject;
  balancer!: ConfigObject;

  constructor(config: ConfigNode) {
    this.#config = config;
  }

  make(
    type: Parameters<ConfigNode['database']['create']>[0],
    fqName: readonly string[],
    more: Partial<NewObject> = {},
  ): Promise<ConfigObject> {
    return this.#config.database.create(type, { fqName, ...more });
  }

  async begin(nodes: readonly string[]): Promise<void> {
    const { database } = this.#config;
    const at = (object: ConfigObject, attr: unknown = null) => [{ uuid: object.uuid, attr }];
    const system = database.byName('global-system-config', ['default-global-system-config']);
    for (const [index, name] of nodes.entries())
      await this.make('virtual-router', [...system.fqName, name], {
        parent: system,
        properties: { virtual_router_ip_address: `10.169.25.${20 + index}` },
      });
    const names = ['default-domain', 'k8s-ns-user-1'];
    const project = await this.make('project', names, {
      parent: database.byName('domain', ['default-domain']),
    });
    const network = async (name: string, prefix: string, length: number, targets: readonly string[]) => {
      const ipam = await this.make('network-ipam', [...names, `${name}-ipam`], { parent: project });
      const subnets = { ipam_subnets: [{ subnet: { ip_prefix: prefix, ip_prefix_len: length } }] };
      return this.make('virtual-network', [...names, name], {
        parent: project,
        properties: targets.length === 0 ? {} : { route_target_list: { route_target: targets } },
        references: { 'network-ipam': at(ipam, subnets) },
      });
    };
    const services = await network('service-network', '10.96.0.0', 12, []);
    const external = await network('public', '101.101.101.0', 24, ['target:500:500']);
    const floating = await this.make('floating-ip-pool', [...external.fqName, 'pool'], { parent: external });
    const vmi = await this.make('virtual-machine-interface', [...names, 'web-vip'], {
      parent: project,
      references: { 'virtual-network': at(services) },
    });
    await this.make('instance-ip', ['web-vip'], {
      properties: { instance_ip_address: VIP },
      references: { 'virtual-network': at(services), 'virtual-machine-interface': at(vmi) },
    });
    this.balancer = await this.make('loadbalancer', [...names, 'web'], {
      parent: project,
      properties: {
        loadbalancer_provider: 'opencontrail',
        loadbalancer_properties: { vip_address: VIP, admin_state: true },
      },
      references: { 'virtual-machine-interface': at(vmi) },
    });
    this.listener = await this.make('loadbalancer-listener', [...names, 'web-80'], {
      parent: project,
      properties: { loadbalancer_listener_properties: { protocol: 'HTTP', protocol_port: 80 } },
      references: { loadbalancer: at(this.balancer) },
    });
    const monitor = await this.make('loadbalancer-healthmonitor', [...names, 'alive'], {
      parent: project,
      properties: {
        loadbalancer_healthmonitor_properties: { monitor_type: 'HTTP', delay: 1, timeout: 3, max_retries: 3 },
      },
    });
    this.pool = await this.make('loadbalancer-pool', [...names, 'web-80'], {
      parent: project,
      properties: { loadbalancer_pool_properties: { protocol: 'HTTP', loadbalancer_method: 'ROUND_ROBIN' } },
      references: { 'loadbalancer-listener': at(this.listener), 'loadbalancer-healthmonitor': at(monitor) },
    });
    await this.make('floating-ip', [...floating.fqName, 'web'], {
      parent: floating,
      properties: { floating_ip_address: FIP },
      references: { project: at(project), 'virtual-machine-interface': at(vmi) },
    });
  }

  member({ name, address, port }: Pod): Promise<ConfigObject> {
    return this.make('loadbalancer-member', [...this.pool.fqName, name], {
      parent: this.pool,
      properties: { loadbalancer_member_properties: { address, protocol_port: port, weight: 1 } },
    });
  }

  method(method: string): Promise<ConfigObject> {
    return this.#config.database.update('loadbalancer-pool', this.pool.uuid, {
      properties: { loadbalancer_pool_properties: { protocol: 'HTTP', loadbalancer_method: method } },
    });
  }
}

interface Scene {
  readonly objects: Objects;
  readonly network: ComputeNetwork;
  readonly agents: readonly [Agent, Agent];
  readonly peers: readonly Peer[];
  readonly config: ConfigNode;
}

async function scene(t: Test): Promise<Scene> {
  const network = await ComputeNetwork.make(t);
  const block = new LoopbackBlock();
  const folder = mkdtempSync(join(tmpdir(), 'vt-haproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const config = new ConfigNode(
    configNodeConfig.parse({
      asn: ASN,
      store: { folder: join(folder, 'store') },
      listen: { address: '127.0.0.1', port: 0 },
    }),
    { log: silentLog },
  );
  await config.start();
  t.teardown(() => config.stop());
  const [cn, frrAddress, gobgpAddress] = [block.take(), block.take(), block.take()];
  const neighbors = [{ address: cn, asn: ASN }];
  const frr = await Frr.start({
    asn: ASN,
    routerId: '192.168.0.204',
    address: frrAddress,
    importTargets: ['500:500'],
    neighbors,
  });
  t.teardown(() => frr.stop());
  const vrfs = [{ name: 'public', routeDistinguisher: '192.168.0.205:500', routeTargets: ['500:500'] }];
  const gobgp = await Gobgp.start({
    asn: ASN,
    routerId: '192.168.0.205',
    address: gobgpAddress,
    vrfs,
    neighbors,
  });
  t.teardown(() => gobgp.stop());
  const controlNode = new ControlNode(
    controlNodeConfig.parse({
      name: 'control-node',
      asn: ASN,
      'router-id': '10.169.25.19',
      bgp: {
        listen: [{ address: cn, port: 1790 }],
        peers: [frr, gobgp].map(({ address, port }) => ({
          address,
          port,
          'local-address': cn,
          'connect-retry': 1,
        })),
      },
      xmpp: { listen: { address: cn, port: 5269 }, 'end-of-rib-delay': 0 },
      config: config.url,
    }),
  );
  await controlNode.start();
  t.teardown(() => controlNode.stop());
  const agents = network.nodes.map((namespace, index) =>
    Agent.from({
      name: `node${index + 1}`,
      address: `10.169.25.${20 + index}`,
      'local-address': block.take(),
      'control-nodes': [{ address: cn, port: 5269 }],
      config: config.url!,
      haproxy: { folder: join(folder, String(index)), namespace: namespace.name, 'restart-delay': 8 },
    }),
  ) as [Agent, Agent];
  for (const agent of agents) {
    t.teardown(() => agent.stop());
    await agent.start();
  }
  return { objects: new Objects(config), network, agents, peers: [frr, gobgp], config };
}

const view = async (agent: Agent): Promise<LoadBalancerView | undefined> =>
  (await agent.loadBalancers.views())[0];

t.test(
  'clients reach the pods through the active proxy, and through the standby when it dies',
  { skip },
  async (t) => {
    const { objects, network, agents, peers, config } = await scene(t);
    const [active, standby] = agents;
    const pods = [
      await network.pod('web-1', '10.47.255.236'),
      await network.pod('web-2', '10.47.255.237'),
      await network.pod('web-3', '10.47.255.238'),
    ];
    await objects.begin(['node1', 'node2']);
    const members = [];
    for (const pod of pods.slice(0, 2)) members.push(await objects.member(pod));

    /** Waits until every gateway has one path to the floating IP: by this node, with this LOCAL_PREF. */
    const everywhere = async (nextHop: string, localPref: number): Promise<void> => {
      const wanted = `${nextHop} ${localPref}`;
      await until(
        async () => {
          const all = await Promise.all(peers.map((peer) => peer.paths(`${FIP}/32`)));
          return all.map((paths) => paths.map((path) => `${path.nextHop} ${path.localPref}`).join(' and '));
        },
        (seen) => seen.every((text) => text === wanted),
      );
      t.pass(`FRR and GoBGP have ${FIP}/32 by ${wanted}`);
    };
    await everywhere('10.169.25.20', 200);
    const up = (agent: Agent, count: number): Promise<unknown> =>
      until(
        () => view(agent),
        (seen) => {
          const rows = seen?.listeners[0]?.members ?? [];
          return (
            seen?.state === 'serving' && rows.length === count && rows.every(({ status }) => status === 'UP')
          );
        },
      );
    await up(active, 2);
    await up(standby, 2);

    const url = `http://${VIP}/`;
    await network.lead(VIP, network.nodeAddresses[0]);
    const ask = async (times: number, from?: string): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for (let n = 0; n < times; n++) {
        const body = await network.ask(url, from);
        counts[body] = (counts[body] ?? 0) + 1;
      }
      return counts;
    };
    t.same(await ask(6), { 'web-1': 3, 'web-2': 3 }, 'round robin');
    t.match(await view(active), { state: 'serving', listeners: [{ sessionsTotal: 6 }] });
    t.match(await view(standby), { state: 'serving', listeners: [{ sessionsTotal: 0 }] });

    members.push(await objects.member(pods[2]!));
    await up(active, 3);
    t.same(await ask(6), { 'web-1': 2, 'web-2': 2, 'web-3': 2 }, 'a third member');
    await objects.method('SOURCE_IP');
    await until(
      async () => (await view(active))?.reloads,
      (reloads) => reloads === 2,
    );
    await up(active, 3);
    for (const from of ['10.47.255.5', '10.47.255.6', '10.47.255.7'])
      t.equal(Object.keys(await ask(4, from)).length, 1, `${from} always reaches the same pod`);
    await objects.method('ROUND_ROBIN');
    await config.database.delete('loadbalancer-member', members[0]!.uuid);
    await up(active, 2);
    t.same(await ask(4), { 'web-2': 2, 'web-3': 2 }, 'the first member is gone');

    process.kill((await view(active))!.pid!, 'SIGKILL');
    await everywhere('10.169.25.21', 100);
    await network.lead(VIP, network.nodeAddresses[1]);
    t.same(await ask(4), { 'web-2': 2, 'web-3': 2 }, 'the standby serves');
    await everywhere('10.169.25.20', 200);
    t.match(await view(active), { state: 'serving', restarts: 1 }, 'the active has been started again');

    const pids = [(await view(active))!.pid!, (await view(standby))!.pid!];
    for (const { uuid } of config.database.graph.children(objects.pool.uuid))
      await config.database.delete('loadbalancer-member', uuid);
    await config.database.delete('loadbalancer-pool', objects.pool.uuid);
    await config.database.delete('loadbalancer-listener', objects.listener.uuid);
    await config.database.delete('loadbalancer', objects.balancer.uuid);
    await until(
      () => Promise.all(peers.map(async (peer) => (await peer.paths(`${FIP}/32`)).length)),
      (counts) => counts.every((count) => count === 0),
    );
    await until(
      async () => pids.filter(isRunning),
      (running) => running.length === 0,
    );
    t.notMatch(await network.nodes[0]!.ip('address', 'show', 'lo'), VIP, 'its address is gone from the node');
  },
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
