import t from 'tap';
import { ApiServer, ConfigDatabase, EmbeddedStore } from '../src/index.ts';

interface Reply {
  readonly status: number;
  readonly body: Record<string, Record<string, unknown>>;
}

const store = EmbeddedStore.open(t.testdir({}));
const database = await ConfigDatabase.open(store);
const server = new ApiServer(database);
await server.listen({ address: '127.0.0.1', port: 0 });
t.teardown(async () => {
  await server.close();
  database.close();
  await store.close();
});

async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(server.url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Reply['body']) };
}

t.test('a project and a load balancer are made, listed, read and removed as in Contrail', async (t) => {
  await ask('POST', '/domains', { domain: { fq_name: ['default-domain'] } });
  const made = await ask('POST', '/projects', {
    project: { fq_name: ['default-domain', 'k8s-ns-user-1'], parent_type: 'domain' },
  });
  t.equal(made.status, 200);
  const project = String(made.body['project']?.['uuid']);
  const uuid = '99fe8ce7-9e75-11e9-b485-0050569e6cfc';
  const fqName = ['default-domain', 'k8s-ns-user-1', `service-web-clusterip__${uuid}`];
  const created = await ask('POST', '/loadbalancers', {
    loadbalancer: {
      uuid,
      fq_name: fqName,
      parent_type: 'project',
      loadbalancer_provider: 'native',
      loadbalancer_properties: { vip_address: '10.105.139.153', admin_state: true },
    },
  });
  t.match(created, { status: 200, body: { loadbalancer: { fq_name: fqName, uuid, parent_uuid: project } } });
  t.match(await ask('GET', '/loadbalancers'), {
    body: { loadbalancers: [{ fq_name: fqName, uuid, href: `${server.url}/loadbalancer/${uuid}` }] },
  });
  const { body } = await ask('GET', `/loadbalancer/${uuid}`);
  const document = body['loadbalancer'] ?? {};
  t.match(document, {
    parent_type: 'project',
    loadbalancer_properties: { vip_address: '10.105.139.153' },
    name: fqName[2],
  });
  t.same(Object.keys(document), Object.keys(document).toSorted(), 'keys are in order');
  t.equal((await ask('DELETE', `/project/${project}`)).status, 409);
  t.match(await ask('POST', '/fqname-to-id', { type: 'loadbalancer', fq_name: fqName }), { body: { uuid } });
  t.match(await ask('POST', '/id-to-fqname', { uuid }), { body: { type: 'loadbalancer', fq_name: fqName } });
  t.equal((await ask('PUT', `/loadbalancer/${uuid}`, { loadbalancer: { display_name: 'web' } })).status, 200);
  t.match(await ask('GET', '/loadbalancers?detail=true&filters=display_name==%22web%22'), {
    body: { loadbalancers: [{ loadbalancer: { display_name: 'web' } }] },
  });
  t.match(await ask('GET', `/loadbalancers?parent_id=${project}&count=true`), {
    body: { loadbalancers: { count: 1 } },
  });
  t.equal((await ask('DELETE', `/loadbalancer/${uuid}`)).status, 200);
  t.equal((await ask('GET', `/loadbalancer/${uuid}`)).status, 404);
});

t.test('wrong requests get an answer that says what is wrong', async (t) => {
  t.match(await ask('GET', '/loadbalancer'), { status: 404, body: { error: /did you mean/ } });
  t.match(await ask('POST', '/domains', { domain: { fq_name: [] } }), { status: 400 });
  t.match(await ask('POST', '/domains', { domain: { fq_name: ['x'], colour: 1 } }), {
    status: 400,
    body: { error: /no "colour"/ },
  });
  t.match(await ask('POST', '/domains', []), { status: 400 });
  t.match(await ask('PATCH', '/domains', {}), { status: 405 });
  t.match(await ask('GET', '/domain/zzz'), { status: 400 });
  const headers = { 'content-type': 'application/json' };
  t.equal((await fetch(`${server.url}/domains`, { method: 'POST', body: '{', headers })).status, 400);
  t.equal((await fetch(`${server.url}/domains`, { method: 'POST', body: 'x' })).status, 415);
});

t.test('the OpenAPI document names every path and no other', async (t) => {
  const { body } = await ask('GET', '/openapi.json');
  for (const path of Object.keys(body['paths'] ?? {})) {
    if (path.startsWith('/watch/')) continue;
    const { status } = await ask('GET', path.replace('{uuid}', '99fe8ce7-9e75-11e9-b485-0050569e6cfc'));
    t.ok(path.includes('{') ? status === 404 : status === 200 || status === 405, `${path}: ${status}`);
  }
});

t.test('what the document says can be watched has lines as it says', async (t) => {
  const { body } = await ask('GET', '/openapi.json');
  const { paths } = body as unknown as {
    paths: Record<
      string,
      { get: { responses: { 200: { content: Record<string, { schema: { required: string[] } }> } } } }
    >;
  };
  const streams = Object.keys(paths).filter((path) => path.startsWith('/watch/'));
  t.equal(streams.length, 3);
  for (const path of streams) {
    const closing = new AbortController();
    const response = await fetch(`${server.url}${path.replace('{name}', 'node-1')}`, {
      signal: closing.signal,
    });
    const type = response.headers.get('content-type')!;
    const { schema } = paths[path]!.get.responses[200].content[type]!;
    const { value } = await response.body!.pipeThrough(new TextDecoderStream()).getReader().read();
    const line = JSON.parse(value!.split('\n')[0]!) as object;
    for (const key of schema.required) t.ok(key in line, `${path}: ${key}`);
    closing.abort();
  }
  t.equal((await fetch(`${server.url}/watch/nothing`)).status, 404);
});

t.test('with a token, requests without it are refused', async (t) => {
  const guarded = new ApiServer(database, { token: 'secret' });
  await guarded.listen({ address: '127.0.0.1', port: 0 });
  t.teardown(() => guarded.close());
  t.equal((await fetch(`${guarded.url}/domains`)).status, 401);
  t.equal(
    (await fetch(`${guarded.url}/domains`, { headers: { authorization: 'Bearer secret' } })).status,
    200,
  );
});
