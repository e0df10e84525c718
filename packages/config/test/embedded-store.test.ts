import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';
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
