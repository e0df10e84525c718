/** A pure unit of the watch: the API server here is a few lines of the test that behave badly on purpose. */
import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { clusterReports, ClusterSource } from '../src/cluster-source.ts';
import { KubernetesApi } from '../src/kubernetes-api.ts';
import type { KubernetesObject } from '../src/kubernetes-object.ts';
import { ResourceWatch } from '../src/watch.ts';
import { service } from './sample-cluster.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

async function apiServer(t: Test, answer: Answer) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response, new URL(request.url!, 'http://api'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test', token: 'secret' },
  );
  return { api: new KubernetesApi(config), requests };
}

const raw = (name: string, version: string, spec: object = {}) => ({
  metadata: { name, namespace: 'ns', resourceVersion: version },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec },
});
const json = (
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
};
const list = (version: string, ...items: unknown[]) => ({ metadata: { resourceVersion: version }, items });
const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

function watching(t: Test, api: KubernetesApi) {
  const seen: string[] = [];
  const watch = new ResourceWatch(
    'Service',
    api,
    {
      put: ({ object }: KubernetesObject) =>
        void seen.push(`+${object.metadata.name}@${object.metadata.resourceVersion}`),
      remove: (key) => void seen.push(`-${key}`),
      listed: () => void seen.push('listed'),
    },
    { random: () => 0 },
  );
  t.teardown(() => watch.stop());
  watch.start();
  const until = async (last: string): Promise<void> => {
    for (let wait = 0; wait < 400 && !seen.includes(last); wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.ok(seen.includes(last), `${last} in ${seen.join(' ')}`);
  };
  return { seen, until, watch };
}

t.test('lists in pages, then follows from where the list ended, and bookmarks move that on', async (t) => {
  const { api, requests } = await apiServer(t, (_, response, url) => {
    const { searchParams } = url;
    if (searchParams.get('watch') === null) {
      const page = { metadata: { resourceVersion: '5', continue: 'two' }, items: [raw('a', '1')] };
      return json(response, searchParams.get('continue') === 'two' ? list('5', raw('b', '2')) : page);
    }
    response.writeHead(200);
    if (searchParams.get('resourceVersion') === '5') {
      response.write(line('MODIFIED', raw('a', '6')));
      response.write(line('DELETED', raw('b', '7')));
      return void response.end(line('BOOKMARK', { metadata: { resourceVersion: '100' } }));
    }
    response.write(line('ADDED', raw('c', '101')));
    return undefined;
  });
  const { seen, until } = watching(t, api);
  await until('+c@101');
  t.same(seen, ['+a@1', '+b@2', 'listed', '+a@6', '-Service ns/b', '+c@101']);
  t.match(requests.at(-1), /resourceVersion=100/);
  t.match(requests.at(-1), /allowWatchBookmarks=true/);
});

t.test('a history that is gone is listed anew, whether the watch says so at once or later', async (t) => {
  let lists = 0;
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) {
      lists++;
      // The second life of the server: an object less, versions that begin anew.
      return json(
        response,
        lists === 1 ? list('500', raw('a', '1'), raw('b', '2')) : list(String(lists), raw('a', '3')),
      );
    }
    if (lists === 1) return json(response, { message: 'too old' }, 410);
    response.writeHead(200);
    if (lists === 2)
      return void response.end(line('ERROR', { code: 410, message: 'too old resource version' }));
    return void response.write(line('ADDED', raw('new', '9')));
  });
  const { seen, until } = watching(t, api);
  await until('+new@9');
  t.same(seen, ['+a@1', '+b@2', 'listed', '-Service ns/b', '+a@3', '+a@3', '+new@9']);
});

t.test('500, 429 and answers that are no JSON are waited out', async (t) => {
  let lists = 0;
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') !== null) return void response.writeHead(200).write('\n');
    switch (++lists) {
      case 1:
        return json(response, { message: 'etcd is away' }, 500);
      case 2:
        return json(response, { message: 'slow down' }, 429, { 'retry-after': '1' });
      case 3:
        return void response.end('<html>');
      default:
        return json(response, list('1', raw('a', '1')));
    }
  });
  const begun = Date.now();
  const { until } = watching(t, api);
  await until('+a@1');
  t.ok(Date.now() - begun >= 1000, 'as long as the server asked for');
});

t.test('a watch that is dropped again and again loses nothing and repeats no list', async (t) => {
  let version = 1;
  const { api, requests } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1'));
    t.equal(url.searchParams.get('resourceVersion'), String(version));
    response.writeHead(200);
    version++;
    response.write(line('ADDED', raw(`s${version}`, String(version))));
    setTimeout(() => (version % 2 === 0 ? response.destroy() : response.end()), 250);
    return undefined;
  });
  const { until, watch, seen } = watching(t, api);
  await until('+s2@2');
  await until('+s3@3');
  watch.stop();
  t.equal(requests.filter((each) => !each.includes('watch=')).length, 1);
  t.same(seen.slice(0, 3), ['listed', '+s2@2', '+s3@3']);
});

t.test('an object that is wrong is told, stays what it was, and the others go on', async (t) => {
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1', raw('a', '1')));
    response.writeHead(200);
    response.write('no json\n');
    response.write(line('MODIFIED', raw('a', '2', { ports: [{ port: 70_000 }] })));
    response.write(line('MODIFIED', null));
    return void response.write(line('ADDED', raw('b', '3')));
  });
  const { seen, until } = watching(t, api);
  await until('+b@3');
  t.same(seen, ['+a@1', 'listed', '+b@3']);
});

t.test(
  'a cluster without a kind is in sync without it; nobody is told before all kinds are listed',
  async (t) => {
    const { api } = await apiServer(t, (_, response, url) => {
      if (url.pathname.includes('network-attachment')) return json(response, { message: 'not found' }, 404);
      if (url.searchParams.get('watch') !== null) return void response.writeHead(200).write('\n');
      return json(response, url.pathname.endsWith('/services') ? list('1', raw('a', '1')) : list('1'));
    });
    const seen: string[] = [];
    const source = new ClusterSource(
      {
        put: ({ kind }) => void seen.push(kind),
        remove: () => {},
        synced: () => void seen.push('synced'),
      },
      api,
    );
    t.teardown(() => source.stop());
    source.start();
    for (let wait = 0; wait < 200 && !seen.includes('synced'); wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.same(seen, ['Service', 'synced']);
  },
);

t.test('external addresses are written to the status, and problems as events, with the token', async (t) => {
  const written: unknown[] = [];
  const { api } = await apiServer(t, (request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      written.push([request.method, request.url, request.headers.authorization, JSON.parse(text)]);
      json(response, {});
    });
  });
  const reports = clusterReports(api, { externalIps: true });
  reports.ingress(service({}), ['101.101.101.252']);
  reports.event(
    { kind: 'Service', object: service({}) },
    { level: 'warning', reason: 'FloatingIpFailed', message: 'none left' },
  );
  for (let wait = 0; wait < 200 && written.length < 3; wait++)
    await new Promise((done) => setTimeout(done, 10));
  const path = '/api/v1/namespaces/ns-user-1/services/service-web-clusterip';
  const sorted = written
    .map((each) => each as [string, string, string, object])
    .sort((a, b) => (a[1] < b[1] ? -1 : 1));
  t.match(sorted, [
    [
      'POST',
      '/api/v1/namespaces/ns-user-1/events',
      'Bearer secret',
      { reason: 'FloatingIpFailed', type: 'Warning' },
    ],
    ['PATCH', path, 'Bearer secret', { spec: { externalIPs: ['101.101.101.252'] } }],
    [
      'PATCH',
      `${path}/status`,
      'Bearer secret',
      { status: { loadBalancer: { ingress: [{ ip: '101.101.101.252' }] } } },
    ],
  ]);
});

t.test('a server that is not there is told as that', async (t) => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 't', server: 'http://127.0.0.1:1', skipTLSVerify: true },
    { name: 't' },
  );
  await t.rejects(new KubernetesApi(config).request('GET', '/version'), {
    message: 'http://127.0.0.1:1: connection refused',
  });
  t.throws(() => new KubernetesApi(new KubeConfig()), /names no cluster/);
});
