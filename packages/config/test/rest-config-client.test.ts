import t from 'tap';
import type { ConfigEvent } from '@vaportrail/schema';
import { ApiServer, ConfigDatabase, EmbeddedStore, RestConfigClient } from '../src/index.ts';
import { book } from './book.ts';

t.test('what a client writes it can read, and so can everybody else', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  let server = new ApiServer(database, { token: 'secret' });
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  const { url } = server;
  t.teardown(async () => {
    await server.close();
    database.close();
    await store.close();
  });
  await t.rejects(RestConfigClient.open(url), { message: /bearer token/ });
  const [writer, reader] = await Promise.all([
    RestConfigClient.open(url, { token: 'secret' }),
    RestConfigClient.open(url, { token: 'secret' }),
  ]);
  t.teardown(() => [writer, reader].forEach((client) => client!.close()));
  const events: ConfigEvent['type'][] = [];
  reader.follow(({ type, object }) => object.type === 'virtual-machine-interface' && events.push(type));
  const lab = await book(writer);
  const pod = await lab.pod('web-1', 'cent222');
  t.equal(
    writer.graph.referrers(pod.uuid, 'instance-ip')[0]?.properties['instance_ip_address'],
    '10.47.255.252',
  );
  t.equal(writer.graph.size, database.graph.size);
  await t.rejects(writer.delete('project', lab.project.uuid), { status: 409, message: /still used/ });
  await t.rejects(writer.create('domain', { fqName: ['default-domain'] }), {
    status: 409,
    message: /already/,
  });
  await writer.update('virtual-machine-interface', pod.uuid, { properties: { display_name: 'web' } });
  for (const instanceIp of writer.graph.referrers(pod.uuid, 'instance-ip'))
    await writer.delete('instance-ip', instanceIp.uuid);
  await writer.delete('virtual-machine-interface', pod.uuid);
  await until(() => events.length === 3);
  t.same(events, ['created', 'updated', 'deleted']);

  await server.close();
  await t.rejects(writer.create('domain', { fqName: ['other'] }), {
    status: 503,
    message: /does not answer/,
  });
  const domain = await database.create('domain', { fqName: ['meanwhile'] });
  await database.delete('floating-ip-pool', lab.pool.uuid);
  server = new ApiServer(database, { token: 'secret' });
  await server.listen({ address: '127.0.0.1', port });
  await until(() => reader.graph.get(domain.uuid) !== undefined);
  await until(() => reader.graph.get(lab.pool.uuid) === undefined);
  t.same(reader.graph.get(domain.uuid)?.fqName, ['meanwhile']);
});

t.test('an agent in another process follows what its node has to have', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const server = new ApiServer(database);
  await server.listen({ address: '127.0.0.1', port: 0 });
  t.teardown(async () => {
    await server.close();
    database.close();
    await store.close();
  });
  const lines: { changes: { type: string }[] }[] = [];
  const closing = new AbortController();
  t.teardown(() => closing.abort());
  const response = await fetch(`${server.url}/watch/virtual-router/cent222`, { signal: closing.signal });
  t.equal(response.headers.get('content-type'), 'application/x-ndjson');
  void (async () => {
    for await (const text of response.body!.pipeThrough(new TextDecoderStream()))
      for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line) as (typeof lines)[0]);
  })().catch(() => {});
  await (await book(database)).pod('web-1', 'cent222');
  const types = (): string[] => lines.flatMap(({ changes }) => changes.map(({ type }) => type));
  await until(() => types().length >= 2);
  t.same(types(), ['add-vrf', 'add-interface']);
  t.equal((await fetch(`${server.url}/watch/nothing`)).status, 404);
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!holds()) throw new Error('it did not come to pass in 5 s');
}
