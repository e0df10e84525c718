import t, { type Test } from 'tap';
import { ConfigDatabase, EtcdStore, type ConfigObject } from '../src/index.ts';
import { book } from './book.ts';
import { etcdMissing, startEtcd, type EtcdCluster } from './etcd.ts';
import { keepsStoreContract } from './store-contract.ts';

const skip = etcdMissing;

async function cluster(t: Test, count: number): Promise<EtcdCluster> {
  const started = await startEtcd(t.testdir({}), count);
  t.teardown(() => started.stop());
  return started;
}

async function node(t: Test, endpoints: readonly string[]): Promise<ConfigDatabase> {
  const store = await EtcdStore.open({ endpoints });
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  return database;
}

function instanceIp(database: ConfigDatabase, network: ConfigObject, name: string): Promise<ConfigObject> {
  return database.create('instance-ip', {
    fqName: [name],
    references: { 'virtual-network': [{ uuid: network.uuid, attr: null }] },
  });
}

t.test('etcd is a store', { skip }, async (t) => {
  const { endpoints } = await cluster(t, 1);
  const store = await EtcdStore.open({ endpoints });
  t.teardown(() => store.close());
  await keepsStoreContract(t, store);
});

t.test('a write that is larger than etcd takes is refused as that, with what helps', { skip }, async (t) => {
  const { endpoints } = await cluster(t, 1);
  const store = await EtcdStore.open({ endpoints });
  t.teardown(() => store.close());
  const changes = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ key: `large/${i}`, value: 'x' }));
  const conditions = [{ key: 'large/0', is: 'absent' }] as const;
  await t.rejects(store.commit({ conditions, changes: changes(129) }), {
    name: 'StoreError',
    message: 'one write has 129 operations, more than etcd takes: start its members with --max-txn-ops=258',
  });
  t.same((await store.list('large/')).entries, [], 'nothing of it is there');
  t.type(await store.commit({ conditions, changes: changes(128) }), 'number');
});

t.test('an etcd that is not there is named', async (t) => {
  await t.rejects(EtcdStore.open({ endpoints: ['http://127.0.0.1:1'] }), {
    name: 'StoreError',
    message: /etcd at http:\/\/127\.0\.0\.1:1/,
  });
});

t.test(
  'two config nodes on three etcd members never give out the same, and one member may die',
  { skip },
  async (t) => {
    const { endpoints, kill } = await cluster(t, 3);
    const nodes = [await node(t, endpoints), await node(t, endpoints.toReversed())] as const;
    const { pods } = await book(nodes[0]);
    await until(() => nodes[1].graph.get(pods.uuid) !== undefined);
    const made: ConfigObject[] = [];
    const write = async (from: number, count: number): Promise<void> => {
      const names = Array.from({ length: count }, (_, i) => from + i);
      made.push(...(await Promise.all(names.map((i) => instanceIp(nodes[i % 2]!, pods, `ip-${i}`)))));
    };
    await write(0, 60);
    await kill(1);
    // A write under way when its member dies may fail; one that is made then does not.
    await until(async () =>
      instanceIp(nodes[0], pods, `after-${Math.random()}`).then(
        () => true,
        () => false,
      ),
    );
    await until(async () =>
      instanceIp(nodes[1], pods, `after-${Math.random()}`).then(
        () => true,
        () => false,
      ),
    );
    await write(60, 60);
    const addresses = made.map(({ properties }) => properties['instance_ip_address']);
    t.equal(new Set(addresses).size, 120, 'every address once');
    const total = (one: ConfigDatabase): number => [...one.graph.ofType('instance-ip')].length;
    await until(() => total(nodes[0]) === total(nodes[1]));
    for (const { uuid, properties } of made)
      for (const one of nodes)
        if (one.graph.get(uuid)?.properties['instance_ip_address'] !== properties['instance_ip_address'])
          t.fail(`the nodes do not agree on ${uuid}`);
    const third = await node(t, [endpoints[0]!, endpoints[2]!]);
    t.equal(third.graph.size, nodes[0].graph.size, 'a node that comes later reads the same');
  },
);

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come to pass');
}
