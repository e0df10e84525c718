// Recordings of agents with real sockets, and what fresh agents make of them.
import { join } from 'node:path';
import { systemClock } from '@vaportrail/net';
import { Recorder, Run } from '@vaportrail/show/recording';
import t from 'tap';
import { type Agent } from '../src/agent.ts';
import { agentFileConfig } from '../src/agent-file.ts';
import { Fleet } from '../src/fleet.ts';
import { AgentReplay } from '../src/replay.ts';
import { flowTableView, nextHopViews, routeTableView } from '../src/vrouter.ts';
import { POD_VRF, SERVICE_VRF } from './compute-node.ts';
import { ConfigPusher, empty, workload, workloadLinks } from './config-server.ts';
import { Reflector, until } from './reflector.ts';

async function replayed(path: string): Promise<AgentReplay> {
  let replay: AgentReplay | undefined;
  for await (const record of (await Run.find(path)).records()) {
    if (record.type === 'start') {
      replay = new AgentReplay(record);
      await replay.start();
    }
    if (record.type === 'stop') break;
    await replay!.apply(record);
  }
  return replay!;
}

/** What an agent forwards by. */
function tables(agent: Agent): unknown {
  const vrfs = [...agent.vrfs.inOrder()];
  return {
    vrfs: vrfs.map((vrf) => routeTableView(vrf, 'inet')),
    stale: vrfs.map((vrf) =>
      [...vrf.routes()].map(({ prefix, paths }) => [prefix, paths.map(({ stale }) => stale)]),
    ),
    nextHops: nextHopViews(agent),
    flows: flowTableView(agent).flows.length,
    peers: agent.peers.map(({ state, generation, flaps }) => ({ state, generation, flaps })),
  };
}

t.test('an agent whose control nodes come and go, and whose pods come and go, is replayed', async (t) => {
  const first = await Reflector.start();
  const second = await Reflector.start();
  t.teardown(() => Promise.all([first.stop(), second.stop()]));
  const path = join(t.testdir(), 'run.ndjson');
  const file = (name: string, pods: readonly number[]) => ({
    name,
    address: `10.1.1.${name.at(-1)}`,
    'control-nodes': [first, second].map(({ port }) => ({ address: '127.0.0.1', port })),
    vrfs: [{ name: SERVICE_VRF, subnets: ['10.96.0.0/12'] }],
    interfaces: pods.map((pod) => ({
      name: `tap${pod}`,
      vrf: POD_VRF,
      address: `10.47.255.${pod}`,
      'floating-ips': [{ address: '10.105.139.153', vrf: SERVICE_VRF }],
    })),
  });
  const recorder = new Recorder(path, { clock: systemClock });
  const fleet = new Fleet(
    agentFileConfig.parse({ agents: [file('compute-1', [1]), file('compute-2', [2, 3])] }),
    { recorder },
  );
  t.teardown(() => fleet.stop());
  await fleet.start();
  const one = fleet.get('compute-1')!;
  const two = fleet.get('compute-2')!;
  const members = (): number => {
    const nextHop = one.route(SERVICE_VRF, '10.105.139.153/32')?.active?.nextHop;
    return nextHop?.type === 'composite' ? nextHop.members.length : 0;
  };
  await until('both members of the service', () => members() === 2);
  two.addInterface({ name: 'tap9', vrf: POD_VRF, address: '10.47.255.9' });
  t.throws(
    () => two.addInterface({ name: 'tap9', vrf: POD_VRF, address: '10.47.255.8' }),
    'refused, and recorded',
  );
  two.takeOver('tap9');
  await until(
    'the new pod at the other node',
    () => one.route(POD_VRF, '10.47.255.9/32')?.active !== undefined,
  );
  one.send('tap1', {
    source: '10.47.255.1',
    destination: '10.47.255.9',
    protocol: 6,
    sourcePort: 1024,
    destinationPort: 80,
  });
  const { port } = first;
  await first.stop();
  await until('the loss', () => one.peers[0]!.state === 'connecting' && two.peers[0]!.state === 'connecting');
  // Attempts fail, and make the pauses between them longer.
  await until(
    'failing attempts',
    () =>
      one.peers[0]!.channel!.counters.sessions === 1 && (one.peers[0]!.lastError ?? '').includes('REFUSED'),
  );
  await fleet.reload(agentFileConfig.parse({ agents: [file('compute-1', [1, 4]), file('compute-2', [2])] }));
  await until('the third pod', () => one.route(POD_VRF, '10.47.255.4/32')?.paths.length === 2);
  const back = await Reflector.start({ port });
  t.teardown(() => back.stop());
  await until('sync', () => one.peers[0]!.inSync && two.peers[0]!.inSync);
  await until('three paths', () => one.route(POD_VRF, '10.47.255.4/32')?.paths.length === 3);
  await until('two paths', () => one.route(POD_VRF, '10.47.255.2/32')?.paths.length === 2);
  await until('two paths at the other node', () => two.route(POD_VRF, '10.47.255.4/32')?.paths.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 100));

  const replay = await replayed(path);
  t.same(replay.problems, []);
  t.same(tables(replay.fleet.get('compute-1')!), tables(one));
  t.same(tables(replay.fleet.get('compute-2')!), tables(two));
  t.equal(JSON.stringify(replay.tables()), JSON.stringify((await replayed(path)).tables()));
});

t.test('what an agent was told over the configuration channel is replayed', async (t) => {
  const pusher = await ConfigPusher.start();
  t.teardown(() => pusher.stop());
  const path = join(t.testdir(), 'run.ndjson');
  const recorder = new Recorder(path, { clock: systemClock });
  const fleet = new Fleet(
    agentFileConfig.parse({
      name: 'compute-1',
      address: '10.1.1.1',
      config: 'xmpp',
      'control-nodes': [{ address: '127.0.0.1', port: pusher.port }],
    }),
    { recorder },
  );
  t.teardown(() => fleet.stop());
  await fleet.start();
  const agent = fleet.get('compute-1')!;
  const RED = 'default-domain:demo:red:red';
  await until('it asked', () => pusher.said.some((one) => one.startsWith('subscribe virtual-router')));
  pusher.push(`<update>${empty}${workload('web-1', '10.1.0.7')}</update>`);
  agent.plug('213d8cec-c37d-44f0-809e-51493c9dff84');
  await until('the first', () => agent.route(RED, '10.1.0.7/32') !== undefined);
  pusher.push(`<update>${workload('web-2', '10.1.0.8')}</update><delete>${workloadLinks('web-1')}</delete>`);
  await until('the second', () => agent.route(RED, '10.1.0.8/32') !== undefined);
  await until('no first', () => agent.route(RED, '10.1.0.7/32') === undefined);
  const seen = tables(agent);
  await fleet.stop();
  const replay = await replayed(path);
  t.same(replay.problems, []);
  t.same(tables(replay.fleet.get('compute-1')!), seen);
  t.match(replay.fleet.get('compute-1')!.channel!.view, { state: 'following' });
});
