/** Agents and control node told by a config node: one line in their files, and everything follows from there. */
import { Agent } from '@vaportrail/agent';
import { ConfigNode, configNodeConfig, type NewObject } from '@vaportrail/config';
import { LoopbackBlock } from '@vaportrail/lab';
import type { ConfigObject } from '@vaportrail/schema';
import { silentLog } from '@vaportrail/show';
import t from 'tap';
import { freePort } from '../free-port.ts';
import { runningControlNode, toldByConfigNode } from '../running-control-node.ts';
import { until } from '../running-lab.ts';

const POD_VRF = 'default-domain:tenant:pods:pods';

t.test('interfaces, networks and route targets reach agents and control node while they run', async (t) => {
  const block = new LoopbackBlock();
  const port = await freePort();
  const folder = t.testdir({});
  const settings = configNodeConfig.parse({
    store: { folder },
    listen: { address: '127.0.0.1', port },
    token: 'secret',
  });
  let config = new ConfigNode(settings, { log: silentLog });
  await config.start();
  t.teardown(() => config.stop());
  const channel = { url: `http://127.0.0.1:${port}`, token: 'secret' };
  const controlNode = await runningControlNode(t, {
    ...toldByConfigNode,
    address: block.take(),
    config: channel,
  });
  const agents = ['node-1', 'node-2'].map((name, index) =>
    Agent.from({
      name,
      address: `10.0.0.${index + 1}`,
      'local-address': block.take(),
      'control-nodes': [controlNode.xmppAddress!],
      config: channel,
      introspect: {},
    }),
  );
  for (const agent of agents) {
    t.teardown(() => agent.stop());
    await agent.start();
  }
  const [first, second] = agents as [Agent, Agent];

  const make = async (
    type: Parameters<typeof config.database.create>[0],
    fqName: readonly string[],
    more: Partial<NewObject> = {},
  ): Promise<ConfigObject> => config.database.create(type, { fqName, ...more });
  const system = config.database.byName('global-system-config', ['default-global-system-config']);
  const project = await make('project', ['default-domain', 'tenant'], {
    parent: config.database.byName('domain', ['default-domain']),
  });
  const ipam = await make('network-ipam', ['default-domain', 'tenant', 'ipam'], { parent: project });
  const network = await make('virtual-network', ['default-domain', 'tenant', 'pods'], {
    parent: project,
    references: {
      'network-ipam': [
        {
          uuid: ipam.uuid,
          attr: { ipam_subnets: [{ subnet: { ip_prefix: '10.1.0.0', ip_prefix_len: 24 } }] },
        },
      ],
    },
  });
  const pod = async (name: string, node: string, address: string): Promise<ConfigObject> => {
    const at = (uuid: string) => [{ uuid, attr: null }];
    const machine = await make('virtual-machine', [name]);
    const vmi = await make('virtual-machine-interface', ['default-domain', 'tenant', name], {
      parent: project,
      references: { 'virtual-network': at(network.uuid), 'virtual-machine': at(machine.uuid) },
    });
    await make('instance-ip', [name], {
      properties: { instance_ip_address: address },
      references: { 'virtual-network': at(network.uuid), 'virtual-machine-interface': at(vmi.uuid) },
    });
    const fqName = [...system.fqName, node];
    const router =
      config.database.graph.byName('virtual-router', fqName) ??
      (await make('virtual-router', fqName, {
        parent: system,
        properties: { virtual_router_ip_address: '10.0.0.1' },
      }));
    await config.database.changeReference(
      'virtual-router',
      router.uuid,
      'virtual-machine',
      machine.uuid,
      'ADD',
      null,
    );
    return vmi;
  };
  await pod('pod-1', 'node-1', '10.1.0.11');
  await pod('pod-2', 'node-2', '10.1.0.12');
  const leadsTo = async (agent: Agent, prefix: string, there: boolean): Promise<void> => {
    await until(
      async () => agent.route(POD_VRF, prefix)?.paths.some(({ received }) => received !== undefined) === true,
      (known) => known === there,
    );
  };
  await leadsTo(first, '10.1.0.12/32', true);
  await leadsTo(second, '10.1.0.11/32', true);
  const controlNodeTargets = (): readonly string[] =>
    controlNode.routingInstances().find(({ name }) => name === POD_VRF)?.export ?? [];
  t.match(controlNodeTargets(), [/^64512:8000\d\d\d$/], 'its own route target was given to it');

  await config.database.update('virtual-network', network.uuid, {
    properties: { route_target_list: { route_target: ['target:500:500'] } },
  });
  await until(
    async () => controlNodeTargets(),
    (targets) => targets.includes('500:500'),
  );
  t.pass('a route target reaches the control node without a restart');

  // The config node goes away: everything stays. What changed meanwhile comes with its return.
  await config.stop();
  await until(
    async () => first.channel!.view.state,
    (state) => state === 'waiting',
  );
  t.ok(second.route(POD_VRF, '10.1.0.11/32'), 'what was told stays');
  t.equal(first.peers[0]!.state, 'established');
  config = new ConfigNode(settings, { log: silentLog });
  await config.start();
  const vmi = config.database.byName('virtual-machine-interface', ['default-domain', 'tenant', 'pod-1']);
  const [instanceIp] = config.database.graph.referrers(vmi.uuid, 'instance-ip');
  await config.database.delete('instance-ip', instanceIp!.uuid);
  await pod('pod-3', 'node-1', '10.1.0.13');
  await leadsTo(second, '10.1.0.13/32', true);
  await leadsTo(second, '10.1.0.11/32', false);
  t.match(first.channel!.view, { state: 'following' });
  // The control node tries again at a time of its own.
  await until(
    async () => controlNode.daemon(),
    ({ configuration }) => configuration?.state === 'following',
  );
  t.match(controlNode.daemon(), { configuration: { url: channel.url } });
});
