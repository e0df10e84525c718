/** One kube looks after a cluster, however many are started; whose is silent for long is replaced. */
import { ConfigDatabase, EmbeddedStore, type ConfigClient } from '@vaportrail/config';
import { ManualClock } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';
import t, { type Test } from 'tap';
import { ClusterLease } from '../src/cluster-lease.ts';

/** A configuration, and a clock that each of those who want a cluster of it goes by. */
async function configuration(t: Test) {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  const pending = new Set<Promise<unknown>>();
  const followed = <Write extends Promise<unknown>>(write: Write): Write => {
    pending.add(write);
    const done = (): boolean => pending.delete(write);
    write.then(done, done);
    return write;
  };
  /** Somebody who hears nothing, and whose clock stands still, until it is told what has been. */
  const frozen = { clock: new ManualClock(), missed: [] as (() => void)[] };
  const client = {
    graph: database.graph,
    follow: database.follow.bind(database),
    create: (...given: Parameters<ConfigClient['create']>) => followed(database.create(...given)),
    update: (...given: Parameters<ConfigClient['update']>) => followed(database.update(...given)),
    delete: (...given: Parameters<ConfigClient['delete']>) => followed(database.delete(...given)),
  } as unknown as ConfigClient;
  const clock = new ManualClock();
  const lease = (holder: string, { cluster = 'k8s', isFrozen = false } = {}) => {
    const said: string[] = [];
    const lost: string[] = [];
    const log = { warn: (_: object, message: string) => said.push(message) } as unknown as Log;
    const options = {
      cluster,
      holder,
      clock: isFrozen ? frozen.clock : clock,
      log,
      lost: (by: string) => lost.push(by),
    };
    const follow: ConfigClient['follow'] = (changed) =>
      database.follow((event) => void frozen.missed.push(() => changed(event)));
    return { one: new ClusterLease(isFrozen ? { ...client, follow } : client, options), said, lost };
  };
  /** What is asked is answered. */
  const answered = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; quiet = pending.size === 0 ? quiet + 1 : 0) {
      await Promise.allSettled(pending);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** Lets the time pass in steps, and in each whatever is asked be answered. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      await answered();
    }
  };
  const holder = (): unknown => database.graph.byName('lease', ['kube-k8s'])?.properties['lease_holder'];
  return { database, lease, pass, answered, holder, frozen };
}

t.test('the second waits, says for whom, and has the cluster when the first lets go', async (t) => {
  const { lease, pass, holder } = await configuration(t);
  const [first, second, other] = [lease('A'), lease('B'), lease('C', { cluster: 'other' })];
  await first.one.acquire();
  t.ok(first.one.isHeld);
  let isHeld = false;
  const waiting = second.one.acquire().then(() => (isHeld = true));
  await pass(100);
  t.equal(isHeld, false, 'though it waited longer than any silence');
  t.notOk(second.one.isHeld);
  t.same(second.said, [
    'A looks after cluster k8s in this configuration: waiting until it ends (another cluster needs another --cluster-name)',
  ]);
  await other.one.acquire();
  t.equal(holder(), 'A', 'another cluster is nothing to it');
  await first.one.release();
  await pass(2);
  await waiting;
  t.equal(holder(), 'B');
  t.same([first.lost, second.lost, first.said], [[], [], []]);
  await second.one.release();
  t.equal(holder(), undefined);
});

t.test('one that is silent for long is replaced, and hears of it when it is back', async (t) => {
  const { lease, pass, answered, holder, frozen } = await configuration(t);
  const [first, second] = [lease('A', { isFrozen: true }), lease('B')];
  await first.one.acquire();
  const waiting = second.one.acquire();
  await pass(14);
  t.equal(holder(), 'A');
  await pass(3);
  await waiting;
  t.equal(holder(), 'B');
  t.match(second.said, [/^A looks after/, /^A has been silent for 15 s: taking its place$/]);
  for (const hear of frozen.missed.splice(0)) hear();
  frozen.clock.advance(6000);
  await answered();
  t.same(first.lost, ['B']);
  t.notOk(first.one.isHeld);
  t.same(second.lost, []);
  await first.one.release();
  t.equal(holder(), 'B', 'what is not ours is not let go of');
});

t.test('a lease that somebody deletes is made again', async (t) => {
  const { database, lease, answered, holder } = await configuration(t);
  const { one, lost } = lease('A');
  await one.acquire();
  await database.delete('lease', database.byName('lease', ['kube-k8s']).uuid);
  await answered();
  t.equal(holder(), 'A');
  t.same(lost, []);
});

t.test('of many that start at once one has the cluster', async (t) => {
  const { lease, pass } = await configuration(t);
  const all = ['A', 'B', 'C', 'D'].map((name) => lease(name));
  const asked = all.map(({ one }) => one.acquire().catch((error: Error) => error.message));
  await pass(3);
  const held = all.filter(({ one }) => one.isHeld);
  t.equal(held.length, 1);
  const [winner] = held;
  for (const { one } of all) if (one !== winner!.one) await one.release();
  await pass(2);
  t.same(
    (await Promise.all(asked)).filter(Boolean),
    Array(3).fill('the lease was given up before it was had'),
  );
});

t.test('what a process left behind that was ended hard is cleared away', async (t) => {
  const { database, lease, holder } = await configuration(t);
  await database.create('lease', { fqName: ['kube-k8s'], properties: { lease_holder: 'gone' } });
  const { one } = lease('A');
  await one.clear();
  await one.acquire();
  t.equal(holder(), 'A');
});
