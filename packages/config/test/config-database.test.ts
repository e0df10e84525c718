import t, { type Test } from 'tap';
import type { ConfigEvent } from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';

async function fresh(t: Test): Promise<{ database: ConfigDatabase; store: EmbeddedStore }> {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  return { database, store };
}

t.test('objects hang on their parents, and a parent with children stays', async (t) => {
  const { database } = await fresh(t);
  const domain = await database.create('domain', { fqName: ['default-domain'] });
  const project = await database.create('project', { fqName: ['default-domain', 'k8s'], parent: domain });
  await t.rejects(database.delete('domain', domain.uuid), { status: 409, message: /still used by project/ });
  await t.rejects(database.create('project', { fqName: ['default-domain', 'k8s'], parent: domain }), {
    status: 409,
    message: /already exists/,
  });
  await t.rejects(database.create('project', { fqName: ['x'] }), { status: 400, message: /needs a parent/ });
  await database.delete('project', project.uuid);
  await database.delete('domain', domain.uuid);
  t.equal(database.graph.size, 0);
});

t.test('references are checked, seen from both ends, and keep their target', async (t) => {
  const { database } = await fresh(t);
  const domain = await database.create('domain', { fqName: ['d'] });
  const project = await database.create('project', { fqName: ['d', 'p'], parent: domain });
  const network = await database.create('virtual-network', { fqName: ['d', 'p', 'net'], parent: project });
  const vmi = await database.create('virtual-machine-interface', {
    fqName: ['d', 'p', 'vmi'],
    parent: project,
    references: { 'virtual-network': [{ uuid: network.uuid, attr: null }] },
  });
  t.same(
    database.graph.referrers(network.uuid).map(({ uuid }) => uuid),
    [vmi.uuid],
  );
  await t.rejects(database.delete('virtual-network', network.uuid), { message: /still used/ });
  await t.rejects(
    database.update('virtual-machine-interface', vmi.uuid, {
      references: { project: [{ uuid: project.uuid, attr: null }] },
    }),
    { status: 400, message: /does not refer to a project/ },
  );
  await database.changeReference(
    'virtual-machine-interface',
    vmi.uuid,
    'virtual-network',
    network.uuid,
    'DELETE',
    null,
  );
  await database.delete('virtual-network', network.uuid);
});

t.test('a name too long for the store is refused, and what is written with it is not', async (t) => {
  const { database } = await fresh(t);
  const names = [['first'], ['ü'.repeat(1000)], ['last']];
  const outcomes = await Promise.allSettled(names.map((fqName) => database.create('domain', { fqName })));
  t.match(outcomes, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: { status: 400, message: /^fq_name is too long for a key: 60/ } },
    { status: 'fulfilled' },
  ]);
  t.equal(database.graph.size, 2);
});

t.test('wrong properties are named, all at once', async (t) => {
  const { database } = await fresh(t);
  const domain = await database.create('domain', { fqName: ['d'] });
  const project = await database.create('project', { fqName: ['d', 'p'], parent: domain });
  const properties = { route_target_list: { route_target: ['500:500'] }, colour: 'blue' };
  await t.rejects(
    async () => database.create('virtual-network', { fqName: ['d', 'p', 'n'], parent: project, properties }),
    { status: 400, message: /route_target_list\.route_target\.0: is no route target.*colour/s },
  );
});

t.test(
  'everything is there again when the store is opened again, and followers hear each change',
  async (t) => {
    const folder = t.testdir({});
    const store = EmbeddedStore.open(folder);
    const database = await ConfigDatabase.open(store);
    const events: ConfigEvent['type'][] = [];
    database.follow(({ type }) => events.push(type));
    const domain = await database.create('domain', { fqName: ['d'] });
    await database.update('domain', domain.uuid, { properties: { display_name: 'D' } });
    t.same(events, ['created', 'updated']);
    database.close();
    await store.close();
    const again = EmbeddedStore.open(folder);
    t.teardown(() => again.close());
    const reopened = await ConfigDatabase.open(again);
    t.equal(reopened.get('domain', domain.uuid).properties['display_name'], 'D');
  },
);

t.test('two config nodes on one store never both take a name, and never orphan a child', async (t) => {
  const { database, store } = await fresh(t);
  const other = await ConfigDatabase.open(store);
  t.teardown(() => other.close());
  const results = await Promise.allSettled([
    database.create('domain', { fqName: ['same'] }),
    other.create('domain', { fqName: ['same'] }),
  ]);
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  const domain = database.byName('domain', ['same']);
  const race = await Promise.allSettled([
    database.delete('domain', domain.uuid),
    other.create('project', { fqName: ['same', 'child'], parent: domain }),
  ]);
  t.equal(race.filter(({ status }) => status === 'fulfilled').length, 1, 'one of the two is refused');
});

t.test('nothing is hung on an object that another node removed, however it was known', async (t) => {
  const { database, store } = await fresh(t);
  const other = await ConfigDatabase.open(store);
  t.teardown(() => other.close());
  for (const name of ['bare', 'with a project']) {
    const domain = await database.create('domain', { fqName: [name] });
    if (name !== 'bare') {
      const project = await database.create('project', { fqName: [name, 'p'], parent: domain });
      await database.delete('project', project.uuid);
    }
    const outcomes = await Promise.allSettled([
      other.delete('domain', domain.uuid),
      database.create('project', { fqName: [name, 'late'], parent: domain }),
    ]);
    t.match(outcomes, [{ status: 'fulfilled' }, { status: 'rejected', reason: { status: 404 } }], name);
    t.equal([...database.graph.ofType('project')].length, 0);
  }
  const { entries } = await store.list('');
  t.same(entries, [], 'and nothing is left in the store');
});

t.test('link counters of 0, as they were written once, count', async (t) => {
  const { database, store } = await fresh(t);
  const { uuid } = await database.create('domain', { fqName: ['d'] });
  await store.commit({ conditions: [], changes: [{ key: `links/${uuid}`, value: '0' }] });
  const reopened = await ConfigDatabase.open(store);
  t.teardown(() => reopened.close());
  const parent = reopened.get('domain', uuid);
  const project = await reopened.create('project', { fqName: ['d', 'p'], parent });
  await reopened.delete('project', project.uuid);
  await reopened.delete('domain', uuid);
  t.same((await store.list('')).entries, []);
});
