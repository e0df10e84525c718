/** What somebody else changes in objects that are ours, over the API of a real config node, is as it was soon after. */
import { ApiServer, LoadBalancerDrivers, RestConfigClient, type ConfigClient } from '@vaportrail/config';
import { ManualClock } from '@vaportrail/net';
import t, { type Test } from 'tap';
import { KubeManager } from '../src/kube-manager.ts';
import { base, endpoints, lb, podOf, running } from './sample-manager.ts';

type Json = Record<string, unknown>;

/** The Service of the book with two pods, and a config node with its drivers and API. */
async function served(t: Test, overRest: boolean, clock?: ManualClock) {
  const { database, manager: first } = await running(t);
  await first.stop();
  const drivers = new LoadBalancerDrivers(database);
  const server = new ApiServer(database);
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  drivers.start();
  const url = `http://127.0.0.1:${port}`;
  const client: ConfigClient = overRest ? await RestConfigClient.open(url) : database;
  const manager = new KubeManager({ client, ...(clock === undefined ? {} : { clock }) });
  t.teardown(async () => {
    await manager.stop();
    if (client instanceof RestConfigClient) client.close();
    await server.close();
    await drivers.stop();
  });
  await manager.start();
  for (const one of [...base, podOf('a'), podOf('b', 'cent333'), lb(), endpoints(['a', 'b'])])
    manager.put(one);
  manager.synced();
  const settled = async (): Promise<void> => {
    // Each hears of what the other wrote a turn later.
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, overRest ? 10 : 0));
      await manager.settled();
      await drivers.settled();
    }
  };
  await settled();
  const ask = async (method: string, path: string, body?: object): Promise<Json> => {
    const answer = await fetch(url + path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Json;
  };
  /** Everything there is by its name, which stays where a UUID is given anew. */
  const everything = (): unknown[] =>
    [...database.graph.uuids()]
      .map((uuid) => database.graph.get(uuid)!)
      .map(({ type, fqName, properties, references }) => {
        const links = Object.values(references).flatMap((list) =>
          list.map(({ uuid }) => database.graph.get(uuid)!.fqName.join(':')),
        );
        return [`${type} ${fqName.join(':')}`, sorted(properties), links.toSorted()];
      })
      .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  return { database, manager, settled, ask, everything };
}

/** Keys in order, annotations too: who wrote first is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const list = value.map(sorted);
    return list.every((each) => typeof each === 'object' && each !== null && 'key' in each)
      ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

for (const overRest of [false, true]) {
  const where = overRest ? 'of a config node elsewhere' : 'of its own';
  t.test(`what somebody else does to objects of a configuration ${where} is undone`, async (t) => {
    const { database, settled, ask, everything } = await served(t, overRest);
    const before = everything();
    const external = [...database.graph.ofType('floating-ip')].find(
      ({ parent }) => parent?.type === 'floating-ip-pool',
    )!;
    const inner = [...database.graph.ofType('floating-ip')].find(
      ({ parent }) => parent?.type === 'instance-ip',
    )!;
    const [balancer] = database.graph.ofType('loadbalancer');
    const [member] = database.graph.ofType('loadbalancer-member');
    const [listener] = database.graph.ofType('loadbalancer-listener');
    const vmi = [...database.graph.ofType('virtual-machine-interface')].find(({ fqName }) =>
      fqName.at(-1)!.startsWith('a__'),
    )!;
    const router = database.byName('virtual-router', ['default-global-system-config', 'cent222']);
    const [machine] = database.graph.references(router, 'virtual-machine');
    const network = database.byName('virtual-network', [
      'default-domain',
      'k8s-ns-user-1',
      'k8s-vn-ns-default-pod-network',
    ]);
    const refUpdate = (type: string, uuid: string, refType: string, refUuid: string) =>
      ask('POST', '/ref-update', {
        type,
        uuid,
        'ref-type': refType,
        'ref-uuid': refUuid,
        operation: 'DELETE',
      });
    const deeds: Record<string, () => Promise<unknown>> = {
      'an external floating IP is deleted': () => ask('DELETE', `/floating-ip/${external.uuid}`),
      'the one of the clusterIP is deleted': () => ask('DELETE', `/floating-ip/${inner.uuid}`),
      'a port map is taken away': () =>
        ask('PUT', `/floating-ip/${external.uuid}`, { 'floating-ip': { floating_ip_port_mappings: null } }),
      'another port is mapped': () =>
        ask('PUT', `/floating-ip/${inner.uuid}`, {
          'floating-ip': {
            floating_ip_port_mappings: { port_mappings: [{ protocol: 'TCP', src_port: 1, dst_port: 2 }] },
          },
        }),
      'a floating IP is taken from a pod': () =>
        refUpdate('floating-ip', external.uuid, 'virtual-machine-interface', vmi.uuid),
      'a member is deleted': () => ask('DELETE', `/loadbalancer-member/${member!.uuid}`),
      'a member has another port': () =>
        ask('PUT', `/loadbalancer-member/${member!.uuid}`, {
          'loadbalancer-member': { loadbalancer_member_properties: { protocol_port: 81 } },
        }),
      'a listener has another port': () =>
        ask('PUT', `/loadbalancer-listener/${listener!.uuid}`, {
          'loadbalancer-listener': {
            loadbalancer_listener_properties: { protocol: 'TCP', protocol_port: 1 },
          },
        }),
      'annotations are taken away': () =>
        ask('PUT', `/loadbalancer/${balancer!.uuid}`, { loadbalancer: { annotations: null } }),
      'another name is shown': () =>
        ask('PUT', `/loadbalancer/${balancer!.uuid}`, { loadbalancer: { display_name: 'mine' } }),
      'a pod is taken from its node': () =>
        refUpdate('virtual-router', router.uuid, 'virtual-machine', machine!.uuid),
      'a node has another address': () =>
        ask('PUT', `/virtual-router/${router.uuid}`, {
          'virtual-router': { virtual_router_ip_address: '10.9.9.9' },
        }),
      'route targets of a network are taken away': () =>
        ask('PUT', `/virtual-network/${network.uuid}`, { 'virtual-network': { route_target_list: null } }),
    };
    for (const [what, deed] of Object.entries(deeds)) {
      await deed();
      let now: unknown[] = [];
      for (let wait = 0; wait < 200; wait++) {
        await settled();
        now = everything();
        if (JSON.stringify(now) === JSON.stringify(before)) break;
      }
      t.same(now, before, what);
    }
  });
}

t.test('what others add is theirs, and nothing is written for it', async (t) => {
  const { database, manager, settled, ask } = await served(t, false);
  const { writes } = manager;
  const [balancer] = database.graph.ofType('loadbalancer');
  const annotations = balancer!.properties['annotations'] as { key_value_pair: object[] };
  await ask('PUT', `/loadbalancer/${balancer!.uuid}`, {
    loadbalancer: {
      annotations: { key_value_pair: [...annotations.key_value_pair, { key: 'by', value: 'hand' }] },
    },
  });
  await settled();
  t.equal(manager.writes, writes);
  t.match(database.graph.get(balancer!.uuid)!.properties['annotations'], {
    key_value_pair: [...annotations.key_value_pair, { key: 'by', value: 'hand' }],
  });
});

t.test('everything is held against the configuration every ten minutes', async (t) => {
  const clock = new ManualClock();
  const { manager, settled } = await served(t, false, clock);
  let mapped = 0;
  const { cluster } = manager;
  const backends = cluster.backends.bind(cluster);
  cluster.backends = (...of) => {
    mapped++;
    return backends(...of);
  };
  const { writes } = manager;
  for (const times of [1, 2]) {
    clock.advance(599_000);
    await settled();
    t.equal(mapped, times - 1);
    clock.advance(1_000);
    await settled();
    t.equal(mapped, times);
  }
  t.equal(manager.writes, writes, 'and where all is well nothing is written');
  await manager.stop();
  clock.advance(600_000);
  t.equal(mapped, 2);
});
