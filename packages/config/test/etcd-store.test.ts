import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { ConfigObject } from '@vaportrail/schema';
import { ConfigDatabase, EtcdStore, type Reading } from '../src/index.ts';
import { book } from './book.ts';
import { compact, cutLink, etcdMissing, startEtcd, type EtcdCluster } from './etcd.ts';
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

// Members that come back take seconds to find each other.
t.setTimeout(120_000);

t.test('etcd is a store', { skip }, async (t) => {
  const { endpoints } = await cluster(t, 1);
  const store = await EtcdStore.open({ endpoints });
  t.teardown(() => store.close());
  await keepsStoreContract(t, store);
});

t.test(
  'a write is whole or not there at all, however many changes and conditions it has',
  { skip },
  async (t) => {
    const { endpoints } = await cluster(t, 1);
    const store = await EtcdStore.open({ endpoints });
    t.teardown(() => store.close());
    const keys = (count: number, folder: string) => Array.from({ length: count }, (_, i) => `${folder}/${i}`);
    const absent = (key: string) => ({ key, is: 'absent' }) as const;
    const same = (key: string) => ({ key, is: 'same', value: 'x' }) as const;
    const put = (key: string) => ({ key, value: 'x' });
    const heard: Reading[] = [];
    t.teardown(
      await store.watch(
        '',
        (changes) => heard.push(...changes),
        () => t.fail('missed'),
      ),
    );

    const many = keys(2000, 'many');
    const revision = await store.commit({ conditions: [absent('many/0')], changes: many.map(put) });
    t.equal((await store.list('many/')).entries.length, 2000);
    await until(() => heard.length === 2000);
    t.same(new Set(heard.map((one) => one.revision)), new Set([revision]), 'all at one revision');
    t.equal(
      await store.commit({ conditions: [absent('many/0')], changes: keys(200, 'no').map(put) }),
      undefined,
    );
    t.same((await store.list('no/')).entries, [], 'a condition that does not hold: nothing of it is there');

    // More conditions than etcd compares at once.
    const all = { conditions: many.map(same), changes: keys(300, 'other').map(put) };
    t.type(await store.commit(all), 'number');
    t.equal(await store.commit({ ...all, conditions: [...all.conditions, same('many/2000')] }), undefined);
    await store.commit({ conditions: [same('many/7')], changes: [{ key: 'many/7', value: undefined }] });
    t.equal(await store.commit(all), undefined, 'one key that went, of 2000');

    // Of two that race one at the most is written.
    const race = (mark: string) =>
      store.commit({
        conditions: keys(100, 'race').map(absent),
        changes: keys(100, 'race').map((key) => ({ key, value: mark })),
      });
    for (let round = 0; round < 10; round++) {
      const taken = await Promise.all(['a', 'b', 'c'].map(race));
      t.ok(taken.filter((one) => one !== undefined).length <= 1);
      const values = new Set((await store.list('race/')).entries.map(({ value }) => value));
      t.ok(values.size <= 1, 'never parts of two');
      await store.commit({
        conditions: [absent('nothing')],
        changes: keys(100, 'race').map((key) => ({ key, value: undefined })),
      });
    }
    await t.rejects(store.commit({ conditions: [absent('z')], changes: keys(5000, 'z').map(put) }), {
      name: 'StoreError',
      message: /^one write has 5000 changes, .*--max-txn-ops$/,
    });
    await t.rejects(
      store.commit({ conditions: [absent('z')], changes: [{ key: 'z', value: 'x'.repeat(2_000_000) }] }),
      { name: 'StoreError', message: /--max-request-bytes$/ },
    );
    t.same((await store.list('z')).entries, []);
  },
);

t.test(
  'an object with more references than etcd has operations is written and goes again',
  { skip },
  async (t) => {
    const { endpoints } = await cluster(t, 1);
    const [one, other] = [await node(t, endpoints), await node(t, endpoints)];
    const { project } = await book(one);
    const groups = await Promise.all(
      Array.from({ length: 150 }, (_, i) =>
        one.create('security-group', { fqName: [...project.fqName, `sg-${i}`], parent: project }),
      ),
    );
    const references = { 'security-group': groups.map(({ uuid }) => ({ uuid, attr: null })) };
    const vmi = await one.create('virtual-machine-interface', {
      fqName: [...project.fqName, 'wide'],
      parent: project,
      references: {
        ...references,
        'virtual-network': [...one.graph.ofType('virtual-network')]
          .slice(0, 1)
          .map(({ uuid }) => ({ uuid, attr: null })),
      },
    });
    await until(() => other.graph.get(vmi.uuid) !== undefined);
    t.equal(other.graph.references(other.graph.get(vmi.uuid)!, 'security-group').length, 150);
    await t.rejects(other.delete('security-group', groups[7]!.uuid), { status: 409, message: /still used/ });
    await other.delete('virtual-machine-interface', vmi.uuid);
    await other.delete('security-group', groups[7]!.uuid);
    await until(() => one.graph.get(groups[7]!.uuid) === undefined);
  },
);

t.test(
  'a node whose changes were compacted away reads everything again, and goes on',
  { skip },
  async (t) => {
    const members = await cluster(t, 1);
    const { endpoints } = members;
    // The members are reached by one node through a link that can be cut.
    const link = await cutLink(t, endpoints[0]!);
    const [behind, writer] = [await node(t, [link.endpoint]), await node(t, endpoints)];
    const { pods, project } = await book(writer);
    const gone = await instanceIp(writer, pods, 'gone');
    await until(() => behind.graph.get(gone.uuid) !== undefined);
    const events: string[] = [];
    behind.follow(({ type, object }) => events.push(`${type} ${object.fqName.at(-1)}`));
    link.cut();
    await writer.delete('instance-ip', gone.uuid);
    const made = await instanceIp(writer, pods, 'made');
    await writer.update('project', project.uuid, { properties: { display_name: 'renamed' } });
    for (let i = 0; i < 20; i++) await instanceIp(writer, pods, `more-${i}`);
    await compact(endpoints[0]!);
    link.mend();
    await until(() => behind.graph.get(made.uuid) !== undefined && behind.graph.get(gone.uuid) === undefined);
    await until(() => behind.graph.size === writer.graph.size);
    t.equal(behind.graph.get(project.uuid)?.properties['display_name'], 'renamed');
    for (const event of ['deleted gone', 'created made', 'updated k8s-ns-user-1'])
      t.ok(events.includes(event), event);
    // It writes on what it knows now, and what the two give out is never the same.
    const both = await Promise.all([instanceIp(behind, pods, 'here'), instanceIp(writer, pods, 'there')]);
    t.equal(new Set(both.map(({ properties }) => properties['instance_ip_address'])).size, 2);
    await until(
      () => behind.graph.get(both[1].uuid) !== undefined && writer.graph.get(both[0].uuid) !== undefined,
    );
  },
);

t.test('members restart one after the other, and all at once, and nothing is lost', { skip }, async (t) => {
  const members = await cluster(t, 3);
  const nodes = [await node(t, members.endpoints), await node(t, members.endpoints.toReversed())] as const;
  const { pods } = await book(nodes[0]);
  const made: ConfigObject[] = [];
  const write = async (): Promise<void> => {
    for (const one of nodes) {
      const name = `ip-${made.length}`;
      await until(() =>
        instanceIp(one, pods, name).then(
          (object) => made.push(object) > 0,
          // A write whose answer was lost may have been made.
          (error: { status?: number }) =>
            error.status === 409 && found(one, name) !== undefined && made.push(found(one, name)!) > 0,
        ),
      );
    }
  };
  await write();
  for (const member of [0, 1, 2]) {
    await members.kill(member);
    await write();
    await members.restart(member);
    await write();
  }
  await Promise.all([0, 1, 2].map((member) => members.kill(member)));
  await t.rejects(instanceIp(nodes[0], pods, 'nobody'), { status: 503, message: /does not answer/ });
  await Promise.all([0, 1, 2].map((member) => members.restart(member)));
  await write();
  for (const { uuid, properties } of made)
    for (const one of nodes)
      await until(
        () => one.graph.get(uuid)?.properties['instance_ip_address'] === properties['instance_ip_address'],
      );
  await until(() => nodes[0].graph.size === nodes[1].graph.size);
  t.pass(`${made.length} writes are at both nodes`);
});

t.test('an etcd with another history, such as one from a backup, is what counts', { skip }, async (t) => {
  const members = await cluster(t, 1);
  const database = await node(t, members.endpoints);
  await book(database);
  const backup = join(mkdtempSync(join(tmpdir(), 'etcd-')), 'backup');
  t.teardown(() => rmSync(dirname(backup), { recursive: true }));
  await members.kill(0);
  members.backup(backup);
  await members.restart(0);
  const later = await eventually(() => database.create('domain', { fqName: ['later'] }));
  for (let i = 0; i < 30; i++)
    await database.update('domain', later.uuid, { properties: { display_name: `${i}` } });
  await members.kill(0);
  await members.restore(backup);
  await until(() => database.graph.get(later.uuid) === undefined);
  const domain = await eventually(() => database.create('domain', { fqName: ['anew'] }));
  const other = await node(t, members.endpoints);
  t.equal(other.graph.size, database.graph.size);
  await other.delete('domain', domain.uuid);
  await until(() => database.graph.get(domain.uuid) === undefined);
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
    for (const { uuid, properties } of made)
      for (const one of nodes)
        await until(
          () => one.graph.get(uuid)?.properties['instance_ip_address'] === properties['instance_ip_address'],
        );
    const third = await node(t, [endpoints[0]!, endpoints[2]!]);
    t.equal(third.graph.size, nodes[0].graph.size, 'a node that comes later reads the same');
  },
);

function found(database: ConfigDatabase, name: string): ConfigObject | undefined {
  return database.graph.byName('instance-ip', [name]);
}

/** The first write that succeeds: one that is made while a member comes back may not. */
async function eventually(write: () => Promise<ConfigObject>): Promise<ConfigObject> {
  let object: ConfigObject | undefined;
  await until(() =>
    write().then(
      (made) => (object = made) !== undefined,
      () => false,
    ),
  );
  return object!;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come to pass');
}
