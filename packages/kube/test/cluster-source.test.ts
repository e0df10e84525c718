/**
 * A whole cluster behind an API server at its worst: it drops every watch, refuses every third request, and restarts with
 * another history. What Services need follows all the same, and of those that stay nothing is taken away meanwhile.
 */
import { LoadBalancerDrivers } from '@vaportrail/config';
import { systemClock } from '@vaportrail/net';
import type { ServerResponse } from 'node:http';
import t from 'tap';
import { clusterReports, ClusterSource } from '../src/cluster-source.ts';
import { KubeManager } from '../src/kube-manager.ts';
import { apiServer, json, keptLog, line, type Answer } from './sample-api-server.ts';
import { poolText, serviceUid } from './sample-cluster.ts';
import { running } from './sample-manager.ts';

interface Raw {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace?: string;
  };
  readonly [key: string]: unknown;
}

/** What an API server knows: objects by plural and name, and what happened to them in this life of it. */
class ServedCluster {
  readonly patches: string[] = [];
  /** Milliseconds that a watch lives. */
  watchLife = 1000;
  /** Every so many requests one is refused; none with 0. */
  refuseEvery = 0;
  #objects = new Map<string, Raw>();
  #history: { readonly plural: string; readonly version: number; readonly text: string }[] = [];
  #version = 1000;
  #requests = 0;
  readonly #watches = new Set<{ readonly plural: string; readonly response: ServerResponse }>();

  put(plural: string, object: Raw): void {
    const key = `${plural} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    this.#happened(this.#objects.has(key) ? 'MODIFIED' : 'ADDED', plural, key, object);
  }

  remove(plural: string, name: string): void {
    const [key, object] = [...this.#objects].find(
      ([each, { metadata }]) => each.startsWith(`${plural} `) && metadata.name === name,
    )!;
    this.#happened('DELETED', plural, key, object);
    this.#objects.delete(key);
  }

  /** Another server of the same objects: every connection ends, and versions begin anew. */
  restart(change: () => void): void {
    for (const { response } of this.#watches) response.destroy();
    this.#watches.clear();
    this.#version = 1;
    this.#history = [];
    this.#objects = new Map([...this.#objects].map(([key, object]) => [key, this.#versioned(object)]));
    change();
    this.#history = [];
  }

  readonly answer: Answer = (request, response, url) => {
    if (this.refuseEvery > 0 && ++this.#requests % this.refuseEvery === 0)
      return this.#requests % 2 === 0
        ? json(response, { message: 'etcdserver: request timed out' }, 500)
        : json(response, { message: 'slow down' }, 429, { 'retry-after': '1' });
    if (request.method !== 'GET') {
      this.patches.push(`${request.method} ${url.pathname}`);
      request.resume();
      return json(response, {});
    }
    const plural = url.pathname.split('/').at(-1)!;
    const items = [...this.#objects].flatMap(([key, object]) => (key.startsWith(`${plural} `) ? object : []));
    const metadata = { resourceVersion: String(this.#version) };
    const { searchParams } = url;
    if (searchParams.get('watch') === null)
      return json(response, { metadata, items: items.slice(0, Number(searchParams.get('limit') ?? 500)) });
    const from = Number(searchParams.get('resourceVersion'));
    if (from > this.#version || from < (this.#history[0]?.version ?? this.#version) - 1)
      return json(response, { message: 'too old resource version', code: 410 }, 410);
    response.writeHead(200);
    const watch = { plural, response };
    this.#watches.add(watch);
    for (const each of this.#history)
      if (each.plural === plural && each.version > from) response.write(each.text);
    response.write('\n');
    setTimeout(() => {
      this.#watches.delete(watch);
      // Sometimes in order, sometimes not.
      if (from % 2 === 0) response.end();
      else response.destroy();
    }, this.watchLife).unref();
    return undefined;
  };

  #versioned(object: Raw): Raw {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
  }

  #happened(type: string, plural: string, key: string, object: Raw): void {
    const now = this.#versioned(object);
    this.#objects.set(key, now);
    const text = line(type, now);
    this.#history.push({ plural, version: this.#version, text });
    for (const watch of this.#watches) if (watch.plural === plural) watch.response.write(text);
  }
}

const namespace = 'ns-user-1';
const node = (name: string, address: string): Raw => ({
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const pod = (name: string, podIP: string): Raw => ({
  metadata: { name, namespace, uid: `${name.repeat(8)}-0000-4000-8000-000000000000` },
  spec: { nodeName: 'cent222', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIP },
});
const service = (name: string, uid: string, clusterIP: string): Raw => ({
  metadata: { name, namespace, uid },
  spec: { type: 'LoadBalancer', clusterIP, ports: [{ port: 8888, targetPort: 80 }] },
});
const slice = (of: string, ...pods: string[]): Raw => ({
  metadata: { name: `${of}-x`, namespace, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints: pods.map((name) => ({
    addresses: ['10.47.255.1'],
    conditions: { ready: true },
    targetRef: { kind: 'Pod', name },
  })),
  ports: [{ port: 80 }],
});

t.setTimeout(120_000);

t.test('what Services need follows an API server that does all it can to prevent it', async (t) => {
  const served = new ServedCluster();
  served.put('namespaces', {
    metadata: {
      name: namespace,
      annotations: { 'opencontrail.org/isolation': 'true', 'opencontrail.org/fip-pool': poolText },
    },
  });
  served.put('nodes', node('cent222', '10.169.25.20'));
  served.put('network-attachment-definitions', {
    metadata: {
      name: 'vn-ns-default',
      namespace,
      annotations: {
        'opencontrail.org/cidr': '101.101.101.0/24',
        'vaportrail.io/route-targets': 'target:500:500',
        'vaportrail.io/fip-pools': 'pool-ns-default',
      },
    },
  });
  served.put('pods', pod('a', '10.47.255.1'));
  served.put('services', service('steady', serviceUid, '10.96.0.7'));
  served.put('endpointslices', slice('steady', 'a'));

  const { database, manager: other } = await running(t);
  await other.stop();
  const { log, warnings } = keptLog();
  const { api } = await apiServer(t, served.answer);
  const manager = new KubeManager({ client: database, reports: clusterReports(api, { log }), log });
  const drivers = new LoadBalancerDrivers(database);
  const source = new ClusterSource(manager, api, { log, clock: systemClock });
  await manager.start();
  drivers.start();
  t.teardown(async () => {
    source.stop();
    await manager.stop();
    await drivers.stop();
  });
  source.start();
  const until = async (what: string, seen: () => boolean): Promise<void> => {
    for (let wait = 0; wait < 1200 && !seen(); wait++) await new Promise((done) => setTimeout(done, 25));
    t.ok(seen(), what);
  };
  const members = (name: string): number =>
    [...database.graph.ofType('loadbalancer-pool')]
      .filter(({ fqName }) => fqName.at(-1)!.startsWith(`${name}__`))
      .flatMap(({ uuid }) => database.graph.children(uuid, 'loadbalancer-member')).length;
  const addresses = (): string =>
    [...database.graph.ofType('floating-ip')]
      .flatMap(({ properties, parent }) =>
        parent?.type === 'instance-ip' ? [] : String(properties['floating_ip_address']),
      )
      .toSorted()
      .join();
  await until(
    'the Service has its pod and its address',
    () => members('steady') === 1 && addresses() === '101.101.101.252',
  );
  await until('and is told', () =>
    served.patches.includes(`PATCH /api/v1/namespaces/${namespace}/services/steady/status`),
  );
  const lost: string[] = [];
  const unfollow = database.follow(({ type, object }) => {
    if (type === 'deleted' && object.fqName.join().includes('steady')) lost.push(object.fqName.join(':'));
  });
  t.teardown(unfollow);

  served.watchLife = 300;
  served.refuseEvery = 3;
  const second = '11111111-1111-4111-8111-111111111111';
  served.put('pods', pod('b', '10.47.255.2'));
  served.put('services', service('second', second, '10.96.0.8'));
  served.put('endpointslices', slice('second', 'a', 'b'));
  served.put('endpointslices', slice('steady', 'a', 'b'));
  await until('both have both pods', () => members('steady') === 2 && members('second') === 2);
  await until('the second has the next address', () => addresses() === '101.101.101.251,101.101.101.252');
  served.put('services', { metadata: { name: 'broken', namespace }, spec: { ports: [{ port: 99_999 }] } });
  await until('an object that is none is told', () =>
    warnings.some((each) =>
      /^Service ns-user-1\/broken: spec\.ports\.0\.port: must be 1 to 65535$/.test(each),
    ),
  );

  served.restart(() => {
    served.remove('services', 'second');
    served.remove('endpointslices', 'second-x');
    served.put('services', service('third', '22222222-2222-4222-8222-222222222222', '10.96.0.9'));
    served.put('endpointslices', slice('third', 'b'));
  });
  await until('what the new history has is there', () => members('third') === 1);
  await until('and what it has not is gone', () => database.graph.get(second) === undefined);
  t.equal(
    addresses(),
    '101.101.101.251,101.101.101.252',
    'the address that came free was given to the third',
  );
  served.put('pods', pod('c', '10.47.255.3'));
  served.put('endpointslices', slice('steady', 'a', 'b', 'c'));
  await until('and goes on', () => members('steady') === 3);
  t.same(lost, [], 'nothing of the Service that stayed was ever taken away');
  t.ok(
    warnings.some((each) => /etcdserver: request timed out/.test(each)),
    'refusals are told in the words of the server',
  );
});
