import { ConfigDatabase, EmbeddedStore, type ConfigClient } from '@vaportrail/config';
import t, { type Test } from 'tap';
import type { ConfigEvent } from '@vaportrail/schema';
import { nothingDesired, type Desired, type DesiredObject } from '../src/mapping/desired-object.ts';
import { Reconciler } from '../src/reconciler.ts';

async function fresh(t: Test) {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  const events: string[] = [];
  database.follow(
    ({ type, object }: ConfigEvent) => void events.push(`${type} ${object.type} ${object.fqName.at(-1)}`),
  );
  return { database, events, reconciler: new Reconciler(database) };
}

const domain: DesiredObject = { type: 'domain', fqName: ['d'], properties: {}, references: [], kept: true };
const project: DesiredObject = {
  type: 'project',
  fqName: ['d', 'p'],
  parent: domain,
  properties: {},
  references: [],
};
const group: DesiredObject = {
  type: 'security-group',
  fqName: ['d', 'p', 'g'],
  parent: project,
  properties: {},
  references: [],
};
const wanted = (...objects: DesiredObject[]): Desired => ({ objects, links: [], notes: [] });

t.test('parents come first and go last, and what is kept stays', async (t) => {
  const { reconciler, events, database } = await fresh(t);
  t.same(await reconciler.apply('a', wanted(domain, project, group)), []);
  t.same(events.splice(0), ['created domain d', 'created project p', 'created security-group g']);
  t.same(await reconciler.apply('a', nothingDesired), []);
  t.same(events, ['deleted security-group g', 'deleted project p']);
  t.ok(database.graph.byName('domain', ['d']));
});

t.test(
  'the same again writes nothing; a changed property is one write, and what others set stays',
  async (t) => {
    const { reconciler, events, database } = await fresh(t);
    const named = (display_name: string): Desired =>
      wanted(domain, { ...project, properties: { display_name } });
    await reconciler.apply('a', named('one'));
    const writes = reconciler.writes;
    await reconciler.apply('a', named('one'));
    t.equal(reconciler.writes, writes);
    const { uuid } = database.byName('project', ['d', 'p']);
    const theirs = { key_value_pair: [{ key: 'by', value: 'hand' }] };
    await database.update('project', uuid, { properties: { annotations: theirs } });
    events.length = 0;
    await reconciler.apply('a', named('two'));
    t.same(events, ['updated project p']);
    t.same(database.get('project', uuid).properties, { display_name: 'two', annotations: theirs });
  },
);

t.test('an object that two need goes with the last of them', async (t) => {
  const { reconciler, database } = await fresh(t);
  await reconciler.apply('a', wanted(domain, project));
  await reconciler.apply('b', wanted(domain, project));
  await reconciler.apply('a', nothingDesired);
  t.ok(database.graph.byName('project', ['d', 'p']));
  await reconciler.apply('b', nothingDesired);
  t.notOk(database.graph.byName('project', ['d', 'p']));
});

t.test('what fails is told once, with what it began with, and the rest is done', async (t) => {
  const { reconciler, database } = await fresh(t);
  const wrong: DesiredObject = { ...project, properties: { colour: 'red' } };
  const other: DesiredObject = { ...project, fqName: ['d', 'other'] };
  const failures = await reconciler.apply('a', wanted(domain, wrong, group, other));
  t.match(failures, [{ object: { fqName: ['d', 'p'] }, status: 400, message: /project d:p: .*colour/ }]);
  t.equal(failures.length, 1, 'the security group waits for its project and says nothing');
  t.ok(database.graph.byName('project', ['d', 'other']));
  t.same(
    await reconciler.apply('a', wanted(domain, project, group, other)),
    [],
    'and comes when that is right',
  );
});

t.test('something of somebody else below an object keeps it, and says so', async (t) => {
  const { reconciler, database } = await fresh(t);
  await reconciler.apply('a', wanted(domain, project));
  const parent = database.byName('project', ['d', 'p']);
  const theirs = await database.create('security-group', { fqName: ['d', 'p', 'theirs'], parent });
  t.match(await reconciler.apply('a', nothingDesired), [{ status: 409, message: /still used by .*theirs/ }]);
  await database.delete('security-group', theirs.uuid);
  t.same(await reconciler.apply('a', nothingDesired), []);
  t.notOk(database.graph.byName('project', ['d', 'p']), 'it goes as soon as it can');
});

t.test('over a connection an object waits for those it hangs on, and for no others', async (t) => {
  const { database } = await fresh(t);
  const under: string[] = [];
  let most = 0;
  /** Requests that overtake each other: the later one is answered first. */
  const client: ConfigClient = {
    graph: database.graph,
    inOrder: false,
    get: database.get.bind(database),
    byName: database.byName.bind(database),
    update: database.update.bind(database),
    changeReference: database.changeReference.bind(database),
    delete: database.delete.bind(database),
    follow: database.follow.bind(database),
    create: async (type, given) => {
      under.push(given.fqName.at(-1)!);
      most = Math.max(most, under.length);
      await new Promise((resolve) => setTimeout(resolve, 20 - 2 * under.length));
      const object = await database.create(type, given);
      under.splice(under.indexOf(given.fqName.at(-1)!), 1);
      return object;
    },
  };
  const reconciler = new Reconciler(client);
  const groups = Array.from({ length: 5 }, (_, i) => ({ ...group, fqName: ['d', 'p', `g${i}`] }));
  const failures = await reconciler.apply('a', {
    objects: [domain, project, ...groups],
    links: [{ from: groups[0]!, to: groups[1]! }],
    notes: [],
  });
  t.match(failures, [{ status: 400, message: /security-group/ }], 'a link that is none fails by itself');
  t.equal(most, 5, 'all that hangs on the project alone at one time');
  t.equal([...database.graph.ofType('security-group')].length, 5);
});
