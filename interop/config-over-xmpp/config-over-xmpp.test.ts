/**
 * The whole chain with Contrail's configuration channel in it: manifests → kube → config node → control nodes → agents,
 * which publish, → FRR and GoBGP. Pods come and go, one of two control nodes is killed, the config node is started anew.
 */
import { Agent } from '@vaportrail/agent';
import { ConfigNode, configNodeConfig, RestConfigClient } from '@vaportrail/config';
import { KubeManager, ManifestSource } from '@vaportrail/kube';
import { bookManifests, DaemonProcess, Frr, Gobgp, LoopbackBlock, type Peer } from '@vaportrail/lab';
import { type DaemonView, fetchView, type NeighborView, silentLog } from '@vaportrail/show';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { freePort } from '../free-port.ts';
import { runningControlNode, toldByConfigNode } from '../running-control-node.ts';
import { floatingIp, missing, until } from '../running-lab.ts';

const asn = 60100;
const ports = { bgp: 1790, xmpp: 5269, views: 8083 };
const nodes = { cent222: '10.169.25.20', cent333: '10.169.25.21' } as const;
const both = Object.values(nodes).join();
const skip = missing('frr', 'gobgp');
const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

t.setTimeout(240_000);

t.test('configuration goes over XMPP, and routes follow it', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const folder = t.testdir({ manifests: {}, store: {} });
  const manifests = join(folder, 'manifests');
  cpSync(bookManifests, manifests, { recursive: true });
  const [one, two, frrAddress, gobgpAddress] = [block.take(), block.take(), block.take(), block.take()];
  const listen = { address: '127.0.0.1', port: await freePort() };
  const settings = configNodeConfig.parse({
    store: { folder: join(folder, 'store') },
    listen,
    token: 'secret',
    asn,
  });
  const url = `http://127.0.0.1:${listen.port}`;
  let config = new ConfigNode(settings, { log: silentLog });
  await config.start();
  t.teardown(() => config.stop());

  const neighbors = [one, two].map((address) => ({ address, asn }));
  const gateway = { asn, routerId: '192.168.0.204', importTargets: ['500:500'], neighbors };
  const frr = await Frr.start({ ...gateway, address: frrAddress });
  t.teardown(() => frr.stop());
  const gobgp = await Gobgp.start({
    asn,
    routerId: '192.168.0.205',
    address: gobgpAddress,
    neighbors,
    vrfs: [{ name: 'k8s-test', routeDistinguisher: '192.168.0.205:500', routeTargets: ['500:500'] }],
  });
  t.teardown(() => gobgp.stop());
  const gateways: readonly Peer[] = [frr, gobgp];

  /** A control node as a process of its own, as an operator starts it. */
  const start = async (name: string, address: string, other: string): Promise<DaemonProcess> => {
    const file = join(folder, `${name}.yaml`);
    const peers = [other, frrAddress, gobgpAddress].map((peer) => ({
      address: peer,
      // GoBGP of the lab listens where BGP does.
      port: ports.bgp,
      'local-address': address,
      'connect-retry': 1,
    }));
    const content = {
      name,
      asn,
      'router-id': name === 'ctrl-1' ? '10.169.25.18' : '10.169.25.19',
      bgp: { listen: [{ address, port: ports.bgp }], peers },
      xmpp: { listen: { address, port: ports.xmpp }, 'end-of-rib-delay': 0 },
      config: { url, token: 'secret' },
      introspect: { address, port: ports.views },
    };
    writeFileSync(file, JSON.stringify(content));
    const daemon = new DaemonProcess(name, [process.execPath, program, 'control-node', '-c', file]);
    t.teardown(() => daemon.stop());
    await daemon.answers(() => fetchView(`http://${address}:${ports.views}`, '/daemon'), 30_000);
    return daemon;
  };
  const controlNodes = new Map(
    await Promise.all([
      start('ctrl-1', one, two).then((daemon) => [one, daemon] as const),
      start('ctrl-2', two, one).then((daemon) => [two, daemon] as const),
    ]),
  );
  const agents = Object.entries(nodes).map(([name, address]) =>
    Agent.from({
      name,
      address,
      'local-address': block.take(),
      'control-nodes': [one, two].map((server) => ({ address: server, port: ports.xmpp })),
      config: 'xmpp',
      introspect: {},
    }),
  );
  for (const agent of agents) {
    t.teardown(() => agent.stop());
    await agent.start();
  }

  const client = await RestConfigClient.open(url, { token: 'secret', log: silentLog });
  t.teardown(() => client.close());
  const kube = new KubeManager({ client, reports: {}, log: silentLog });
  await kube.start();
  t.teardown(() => kube.stop());
  const { serviceSubnet } = kube.settings;
  const source = new ManifestSource(kube, { paths: [manifests], serviceSubnet, log: silentLog });
  source.start();
  t.teardown(() => source.stop());

  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(manifests, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  const nextHops = async (peer: Peer): Promise<string> =>
    [...new Set((await peer.paths(floatingIp)).map(({ nextHop }) => nextHop))].toSorted().join();
  const everywhere = async (wanted: string, message: string): Promise<void> => {
    await until(
      () => Promise.all(gateways.map(nextHops)),
      (all) => all.every((hops) => hops === wanted),
      30_000,
    );
    t.pass(message);
  };

  await everywhere(nodes.cent222, 'FRR and GoBGP have the route of the node with the pod');
  const [first] = agents as [Agent, Agent];
  const told = await fetchView<DaemonView>(first.url!, '/daemon');
  const server = first.channel!.view.url;
  t.match(
    told.configuration,
    { url: /^xmpp:\/\/127\..*:5269$/, state: 'following' },
    'and it says who told it',
  );
  const serving = [one, two].find((address) => server.includes(`//${address}:`))!;
  const spare = serving === one ? two : one;
  const [view] = (
    await fetchView<NeighborView[]>(`http://${serving}:${ports.views}`, '/neighbors', { name: 'cent222' })
  ).filter(({ configuration }) => configuration !== undefined);
  t.ok((view?.configuration?.nodes ?? 0) > 5, 'the control node says what it told');

  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 1', 'replicas: 2'));
  await everywhere(both, 'scaled up');
  const ready = 'namespace: ns-user-1\nspec:';
  const notReady = 'namespace: ns-user-1\n  annotations: { vaportrail.io/not-ready: "0" }\nspec:';
  edit('20-deploy-webserver.yaml', (text) => text.replace(ready, notReady));
  await everywhere(nodes.cent333, 'the first pod is not ready');
  edit('20-deploy-webserver.yaml', (text) => text.replace(notReady, ready));
  await everywhere(both, 'and ready again');

  const seen = new Set<string>();
  let watching = true;
  const watch = (async () => {
    while (watching) {
      for (const peer of gateways) seen.add(await nextHops(peer));
      await sleep(50);
    }
  })();
  await controlNodes.get(serving)!.stop('SIGKILL');
  await until(
    async () => agents.map(({ channel }) => channel!.view),
    (views) => views.every((one) => one.url.includes(`//${spare}:`) && one.state === 'following'),
    30_000,
  );
  await until(
    async () => (await frr.vpnPaths(floatingIp)).length,
    (count) => count === 2,
    30_000,
  );
  watching = false;
  await watch;
  t.same(
    [...seen],
    [both],
    'the config server was killed, agents ask the other one, and no gateway lost a route',
  );

  const service = readFileSync(join(manifests, '32-service-web-lb.yaml'), 'utf8');
  rmSync(join(manifests, '32-service-web-lb.yaml'));
  await everywhere('', 'the Service is deleted, heard over the other channel');
  writeFileSync(join(manifests, '32-service-web-lb.yaml'), service);
  await everywhere(both, 'and applied again');

  await config.stop();
  const waits = async (): Promise<string | undefined> =>
    (await fetchView<DaemonView>(`http://${spare}:${ports.views}`, '/daemon')).configuration?.state;
  await until(waits, (state) => state === 'waiting', 30_000);
  await everywhere(both, 'without a config node everything stays');
  config = new ConfigNode(settings, { log: silentLog });
  await config.start();
  await until(waits, (state) => state === 'following', 30_000);
  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 2', 'replicas: 0'));
  await everywhere('', 'what a new config node says is followed');
});

t.test('a workload that is plugged in is told of until it is unplugged', async (t) => {
  const block = new LoopbackBlock();
  const listen = { address: '127.0.0.1', port: await freePort() };
  const config = new ConfigNode(configNodeConfig.parse({ store: { folder: t.testdir({}) }, listen }), {
    log: silentLog,
  });
  await config.start();
  t.teardown(() => config.stop());
  const controlNode = await runningControlNode(t, {
    ...toldByConfigNode,
    address: block.take(),
    config: `http://127.0.0.1:${listen.port}`,
  });
  const agent = Agent.from({
    name: 'compute-1',
    address: '10.0.0.1',
    'local-address': block.take(),
    'control-nodes': [controlNode.xmppAddress!],
    config: 'xmpp',
  });
  t.teardown(() => agent.stop());
  await agent.start();
  const { database } = config;
  const parent = database.byName('domain', ['default-domain']);
  const system = database.byName('global-system-config', ['default-global-system-config']);
  await database.create('virtual-router', { fqName: [...system.fqName, 'compute-1'], parent: system });
  const project = await database.create('project', { fqName: ['default-domain', 'demo'], parent });
  const to = ({ uuid }: { uuid: string }) => [{ uuid, attr: null }];
  const ipam = await database.create('network-ipam', {
    fqName: [...project.fqName, 'ipam'],
    parent: project,
  });
  const subnets = { ipam_subnets: [{ subnet: { ip_prefix: '10.1.0.0', ip_prefix_len: 24 } }] };
  const network = await database.create('virtual-network', {
    fqName: [...project.fqName, 'red'],
    parent: project,
    references: { 'network-ipam': [{ uuid: ipam.uuid, attr: subnets }] },
  });
  const machine = await database.create('virtual-machine', { fqName: ['vm-1'] });
  const vmi = await database.create('virtual-machine-interface', {
    fqName: [...project.fqName, 'vm-1'],
    parent: project,
    references: { 'virtual-network': to(network), 'virtual-machine': to(machine) },
  });
  await database.create('instance-ip', {
    fqName: ['vm-1'],
    properties: { instance_ip_address: '10.1.0.7' },
    references: { 'virtual-network': to(network), 'virtual-machine-interface': to(vmi) },
  });
  const reflected = async (): Promise<boolean> =>
    agent
      .route('default-domain:demo:red:red', '10.1.0.7/32')
      ?.paths.some(({ received }) => received !== undefined) === true;
  await until(
    async () => agent.channel!.view.state,
    (state) => state === 'following',
  );
  t.notOk(await reflected(), 'configuration puts it on no node');
  agent.plug(machine.uuid);
  await until(reflected, (there) => there);
  t.pass('its route came back from the control node');
  agent.unplug(machine.uuid);
  await until(
    async () => agent.route('default-domain:demo:red:red', '10.1.0.7/32'),
    (route) => route === undefined,
  );
  t.pass('and is gone with it');
});
