import t from 'tap';
import { ApiServer, ConfigDatabase, EmbeddedStore } from '../src/index.ts';
import { openApiDocument } from '../src/open-api.ts';
import { OpenApiPromise } from './open-api-promise.ts';

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

/** Every request of these tests is held against the document. */
const promised = new OpenApiPromise(t, openApiDocument(server.url));

async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(server.url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const answer = text === '' ? undefined : (JSON.parse(text) as unknown);
  promised.exchange(method, path, body, response.status, answer);
  return { status: response.status, body: (answer ?? {}) as Reply['body'] };
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
  const refused = await fetch(`${guarded.url}/domains`);
  promised.exchange('GET', '/domains', undefined, refused.status, await refused.json());
  t.equal(refused.status, 401);
  t.equal(
    (await fetch(`${guarded.url}/domains`, { headers: { authorization: 'Bearer secret' } })).status,
    200,
  );
});

t.test('lists are of the objects that are asked for, in the form that is asked for', async (t) => {
  const domain = database.byName('domain', ['default-domain']);
  const [project, other] = [
    await database.create('project', { fqName: ['default-domain', 'lists'], parent: domain }),
    await database.create('project', { fqName: ['default-domain', 'other'], parent: domain }),
  ];
  const names = async (query: string): Promise<unknown[]> => {
    const { body } = await ask('GET', `/security-groups?${query}`);
    const list = body['security-groups'] as unknown as Record<string, { fq_name?: string[] }>[];
    return list.map((one) => ((one['security-group'] ?? one) as { fq_name: string[] }).fq_name.at(-1));
  };
  const uuids: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    const { body } = await ask('POST', '/security-groups', {
      'security-group': {
        fq_name: [...project.fqName, name],
        parent_type: 'project',
        display_name: `group ${name}`,
      },
    });
    uuids.push(String(body['security-group']!['uuid']));
  }
  t.same((await names(`parent_id=${project.uuid}`)).sort(), ['a', 'b', 'c', 'd']);
  t.same(await names(`parent_id=${other.uuid}`), []);
  t.same((await names(`obj_uuids=${uuids[1]},${uuids[3]}`)).sort(), ['b', 'd']);
  t.same(await names('detail=true&filters=display_name==%22group%20c%22'), ['c']);
  t.same(await names('filters=display_name==group%20c'), ['c'], 'text needs no quotes');
  t.same(await names('filters=display_name==nothing'), []);
  const vmi = await ask('POST', '/virtual-machine-interfaces', {
    'virtual-machine-interface': {
      fq_name: [...project.fqName, 'vmi'],
      parent_type: 'project',
      security_group_refs: [{ uuid: uuids[0] }],
    },
  });
  t.equal(vmi.status, 200);
  const referring = await ask('GET', `/virtual-machine-interfaces?back_ref_id=${uuids[0]}&count=true`);
  t.same(referring.body['virtual-machine-interfaces'], { count: 1 });
  const fields = await ask('GET', '/security-groups?fields=display_name&exclude_hrefs=true');
  const [first] = fields.body['security-groups'] as unknown as Record<string, unknown>[];
  t.ok('display_name' in first! && !('href' in first) && !('perms2' in first));
  const seen: unknown[] = [];
  let marker: unknown;
  do {
    const next = marker === undefined ? '' : `&page_marker=${String(marker)}`;
    const { body } = await ask('GET', `/security-groups?page_limit=3${next}`);
    seen.push(...(body['security-groups'] as unknown as unknown[]));
    marker = body['marker'];
  } while (marker !== undefined);
  t.equal(seen.length, 4);
  const bulk = await ask('POST', '/list-bulk-collection', {
    type: 'security-group',
    obj_uuids: uuids,
    count: true,
  });
  t.match(bulk.body, { 'security-groups': { count: 4 } });
  const whole = await ask('GET', `/project/${project.uuid}`);
  t.equal((whole.body['project']!['security_groups'] as unknown[]).length, 4);
  for (const uuid of uuids.slice(1)) t.equal((await ask('DELETE', `/security-group/${uuid}`)).status, 200);
  t.match(await ask('DELETE', `/security-group/${uuids[0]}`), {
    status: 409,
    body: { error: /still used by/ },
  });
  for (const query of [
    'parent_id=x',
    'obj_uuids=1,2',
    'filters=a',
    'filters=a==b==c',
    'page_marker=no&page_limit=2',
    'page_limit=0',
    'page_limit=many',
  ])
    t.match(await ask('GET', `/security-groups?${query}`), { status: 400, body: { error: /./ } }, query);
});

t.test('bad bodies are 4xx that name what is wrong, and change nothing', async (t) => {
  const size = database.graph.size;
  const parent = { fq_name: ['default-domain', 'k8s-ns-user-1', 'bad'], parent_type: 'project' };
  const cases: [path: string, body: unknown, status: number, error: RegExp][] = [
    ['/loadbalancers', {}, 400, /\{"loadbalancer": \{…\}\}/],
    ['/loadbalancers', { loadbalancer: [] }, 400, /\{"loadbalancer"/],
    ['/loadbalancers', { loadbalancer: { fq_name: 'x' } }, 400, /fq_name/],
    ['/loadbalancers', { loadbalancer: { ...parent, fq_name: [1] } }, 400, /fq_name/],
    [
      '/loadbalancers',
      { loadbalancer: { ...parent, parent_type: 'domain' } },
      400,
      /parent_type must be project/,
    ],
    [
      '/loadbalancers',
      { loadbalancer: { ...parent, fq_name: ['no', 'where', 'x'] } },
      404,
      /the parent, project no:where/,
    ],
    ['/loadbalancers', { loadbalancer: { ...parent, uuid: 'x' } }, 400, /x/],
    [
      '/loadbalancers',
      { loadbalancer: { ...parent, loadbalancer_properties: { vip_address: 5 } } },
      400,
      /vip_address/,
    ],
    ['/loadbalancers', { loadbalancer: { ...parent, project_refs: [] } }, 400, /no "project_refs"/],
    [
      '/virtual-networks',
      { 'virtual-network': { ...parent, route_target_list: { route_target: ['500:500'] } } },
      400,
      /route target/,
    ],
    [
      '/virtual-networks',
      { 'virtual-network': { ...parent, network_ipam_refs: 'x' } },
      400,
      /network_ipam_refs must be a list/,
    ],
    [
      '/virtual-networks',
      { 'virtual-network': { ...parent, network_ipam_refs: [{ to: ['a', 'b', 'c'] }] } },
      404,
      /a:b:c/,
    ],
    [
      '/loadbalancer-listeners',
      {
        'loadbalancer-listener': {
          ...parent,
          loadbalancer_listener_properties: { protocol: 'QUIC', protocol_port: 70_000 },
        },
      },
      400,
      /protocol/,
    ],
    ['/ref-update', { type: 'project' }, 404, /./],
    ['/ref-update', [], 404, /./],
    ['/fqname-to-id', { type: 'nothing', fq_name: ['a'] }, 404, /nothing/],
    ['/fqname-to-id', { type: 'project', fq_name: ['a', 'b'] }, 404, /a:b/],
    ['/id-to-fqname', { uuid: '99fe8ce7-9e75-11e9-b485-00000000ffff' }, 404, /./],
    ['/list-bulk-collection', { type: 7 }, 404, /7/],
  ];
  for (const [path, body, status, error] of cases) {
    const answer = await ask('POST', path, body);
    t.equal(answer.status, status, `${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    t.match(String(answer.body['error']), error);
  }
  t.equal((await ask('PUT', '/project/99fe8ce7-9e75-11e9-b485-00000000ffff', { project: {} })).status, 404);
  t.equal(
    (await ask('POST', '/domains', { domain: { fq_name: ['x'], display_name: 'x'.repeat(2_000_000) } }))
      .status,
    413,
  );
  t.equal(database.graph.size, size);
});
