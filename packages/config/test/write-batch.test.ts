import t, { type Test } from 'tap';
import { ConfigDatabase, EmbeddedStore, type Store } from '../src/index.ts';

type Commit = Store['commit'];

/** A store that answers a transaction when it is told to, and the next one that it was asked for. */
async function held(t: Test): Promise<{
  readonly database: ConfigDatabase;
  readonly store: EmbeddedStore;
  /** How many transactions it was asked for. */
  asked(): number;
  /** Waits until it was asked for so many. */
  untilAsked(count: number): Promise<void>;
  /** Lets the one it has go on, or answers it in another way. */
  answer(commit?: Commit): void;
}> {
  const store = EmbeddedStore.open(t.testdir({}));
  let asked = 0;
  let answer: (commit: Commit) => void = () => t.fail('nothing is to be answered');
  const slow: Store = {
    longestTransaction: store.longestTransaction,
    read: (keys) => store.read(keys),
    list: (prefix) => store.list(prefix),
    watch: (prefix, changed) => store.watch(prefix, changed),
    close: () => store.close(),
    commit: (transaction) => {
      asked++;
      return new Promise((resolve, reject) => {
        answer = (commit) => void commit(transaction).then(resolve, reject);
      });
    },
  };
  const database = await ConfigDatabase.open(slow);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  const real: Commit = (transaction) => store.commit(transaction);
  return {
    database,
    store,
    asked: () => asked,
    untilAsked: async (count) => {
      while (asked < count) await turn();
    },
    answer: (commit = real) => answer(commit),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('while the store has one transaction nobody sees more than what is in it', async (t) => {
  const { database, asked, untilAsked, answer } = await held(t);
  const told: string[] = [];
  database.follow(({ object }) => {
    const there = [...database.graph.ofType('domain')].map(({ fqName }) => fqName.join(':'));
    told.push(`${object.fqName.join(':')} of ${there.join(' ')}`);
  });
  const first = [database.create('domain', { fqName: ['a'] }), database.create('domain', { fqName: ['b'] })];
  await turn();
  const later = database.create('domain', { fqName: ['c'] });
  await turn();
  t.equal(asked(), 1);
  t.same(told, [], 'and nobody is told before it is there');
  answer();
  await Promise.all(first);
  t.same(told, ['a of a b', 'b of a b']);
  await untilAsked(2);
  answer();
  await later;
  t.equal(told.at(-1), 'c of a b c');
});

t.test(
  'of writes that go together those are decided otherwise for which another node was faster',
  async (t) => {
    const { database, store, untilAsked, answer } = await held(t);
    const other = await ConfigDatabase.open(store);
    t.teardown(() => other.close());
    const mine = database.create('domain', { fqName: ['d'] });
    const apart = database.create('domain', { fqName: ['apart'] });
    mine.catch(() => undefined);
    await turn();
    const theirs = await other.create('domain', { fqName: ['d'] });
    answer();
    await untilAsked(2);
    t.equal(database.graph.byName('domain', ['d'])?.uuid, theirs.uuid);
    answer();
    await apart;
    await t.rejects(mine, { status: 409, message: /"d"/ });
    t.same([...other.graph.uuids()].toSorted(), [...database.graph.uuids()].toSorted());
  },
);

t.test(
  'writes that the store cannot take are out of the graph again, and those after them go on',
  async (t) => {
    const { database, untilAsked, answer } = await held(t);
    const lost = [
      database.create('domain', { fqName: ['lost'] }),
      database.create('domain', { fqName: ['as well'] }),
    ];
    for (const each of lost) each.catch(() => undefined);
    await turn();
    const parent = database.graph.byName('domain', ['lost'])!;
    const child = database.create('project', { fqName: ['lost', 'child'], parent });
    child.catch(() => undefined);
    const apart = database.create('domain', { fqName: ['apart'] });
    answer(() => Promise.reject(new Error('the disk is full')));
    for (const each of lost) await t.rejects(each, { status: 503, message: /the disk is full/ });
    await untilAsked(2);
    answer();
    const { uuid } = await apart;
    await t.rejects(child, { name: 'ConfigRequestError', message: /domain/ });
    t.same(database.graph.uuids(), [uuid]);
  },
);
