import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';
import type { FullDiskReport } from './full-disk-writer.ts';
import { keepsStoreContract } from './store-contract.ts';

t.test('the embedded store is a store', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  t.teardown(() => store.close());
  await keepsStoreContract(t, store);
});

t.test('a folder that cannot be made is named', async (t) => {
  t.throws(() => EmbeddedStore.open('/dev/null/store'), {
    name: 'StoreError',
    message: /\/dev\/null\/store/,
  });
});

t.test('of a transaction that LMDB cannot take nothing is written, and the next one is', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  t.teardown(() => store.close());
  const tooLong = 'k'.repeat(5000);
  const heard: string[] = [];
  await store.watch('', (changes) => heard.push(...changes.map(({ key }) => key)));
  const commit = (...keys: string[]): Promise<number | undefined> =>
    store.commit({ conditions: [], changes: keys.map((key) => ({ key, value: 'there' })) });
  const [before, refused, after] = await Promise.allSettled([
    commit('a'),
    commit('b', tooLong, 'c'),
    commit('d'),
  ]);
  t.match([before, after], [{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  t.match(refused, { status: 'rejected', reason: { name: 'StoreError', message: /Key size/ } });
  const { entries } = await store.list('');
  t.same(
    entries.map(({ key }) => key),
    ['a', 'd'],
  );
  t.same(heard, ['a', 'd'], 'nobody hears of it');
});

t.test('a disk that is full loses nothing, and when it has room again the store goes on', async (t) => {
  const folder = t.testdir({});
  const writer = fileURLToPath(new URL('full-disk-writer.js', import.meta.url));
  // What a process may not write is to it as if the disk were full.
  const program = `ulimit -f 8192; exec "$0" "$1" "$2"`;
  const full = spawn('sh', ['-c', program, process.execPath, writer, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => full.kill('SIGKILL'));
  const ended = once(full, 'exit');
  const { acknowledged, refusals, there } = (await json(full.stdout)) as FullDiskReport;
  t.same(await ended, [0, null]);
  t.match(refusals, [/^the store does not answer: .*config\.mdb: /], 'who writes is told');
  t.equal(there, acknowledged, 'what was refused is not in the configuration either');
  const store = EmbeddedStore.open(folder);
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  const { graph } = database;
  t.equal([...graph.ofType('project')].length, acknowledged, 'what was acknowledged is in the store');
  const domain = graph.named('domain', ['d']);
  await database.create('project', { fqName: ['d', 'later'], parent: domain });
  t.equal(graph.children(domain.uuid).length, acknowledged + 1);
});

t.test(
  'a writer that is killed in the middle of 10,000 writes loses nothing it was told is written',
  async (t) => {
    const folder = t.testdir({});
    const writer = spawn(
      process.execPath,
      [fileURLToPath(new URL('store-writer.js', import.meta.url)), folder],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    t.teardown(() => writer.kill('SIGKILL'));
    const acknowledged: string[] = [];
    const ended = new Promise((resolve) => writer.once('exit', (_, signal) => resolve(signal)));
    for await (const line of createInterface({ input: writer.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 4000) writer.kill('SIGKILL');
    }
    t.equal(await ended, 'SIGKILL');
    t.ok(acknowledged.length < 10_000, `${acknowledged.length} of 10,000 were acknowledged`);
    const store = EmbeddedStore.open(folder);
    const database = await ConfigDatabase.open(store);
    t.teardown(async () => {
      database.close();
      await store.close();
    });
    const { graph, claims } = database;
    const lost = acknowledged.filter((uuid) => graph.get(uuid) === undefined);
    t.equal(lost.length, 0, 'nothing acknowledged is lost');
    const instanceIps = [...graph.ofType('instance-ip')];
    const broken = instanceIps.filter(
      (object) =>
        graph.references(object, 'virtual-network').length !== 1 ||
        graph.byName('instance-ip', object.fqName) !== object ||
        claims.heldBy(object.uuid)[0]?.name !== object.properties['instance_ip_address'],
    );
    t.equal(broken.length, 0, 'what is there is whole: reference, name and address');
    const [network] = graph.ofType('virtual-network');
    t.equal(
      [...claims.names(`address/${network!.uuid}/10.0.0.0/16`)].length,
      instanceIps.length,
      'no address is taken by an object that is not there',
    );
  },
);
