/** A pure unit of the watch: the API server here is a few lines of the test that behave badly on purpose. */
import { ManualClock, systemClock, type Clock } from '@vaportrail/net';
import t, { type Test } from 'tap';
import { clusterReports, ClusterSource } from '../src/cluster-source.ts';
import type { AddressInfo } from 'node:net';
import type { KubernetesApi } from '../src/kubernetes-api.ts';
import type { KubernetesObject } from '../src/kubernetes-object.ts';
import { ResourceWatch } from '../src/watch.ts';
import { apiServer, isProbe, json, keptLog, line, list, raw } from './sample-api-server.ts';
import { service } from './sample-cluster.ts';

function watching(t: Test, api: KubernetesApi, clock: Clock = { ...systemClock, random: () => 0 }) {
  const seen: string[] = [];
  const { log, warnings } = keptLog();
  const watch = new ResourceWatch(
    'Service',
    api,
    {
      put: ({ object }: KubernetesObject) =>
        void seen.push(`+${object.metadata.name}@${object.metadata.resourceVersion}`),
      remove: (key) => void seen.push(`-${key}`),
      listed: () => void seen.push('listed'),
    },
    { log, clock },
  );
  t.teardown(() => watch.stop());
  watch.start();
  const until = async (last: string): Promise<void> => {
    for (let wait = 0; wait < 400 && !seen.includes(last); wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.ok(seen.includes(last), `${last} in ${seen.join(' ')}`);
  };
  const told = async (what: RegExp): Promise<void> => {
    for (let wait = 0; wait < 400 && !warnings.some((each) => what.test(each)); wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.ok(
      warnings.some((each) => what.test(each)),
      `${what} in ${warnings.join('\n')}`,
    );
  };
  return { seen, until, watch, told, warnings };
}

t.test('lists in pages, then follows from where the list ended, and bookmarks move that on', async (t) => {
  const { api, requests } = await apiServer(t, (_, response, url) => {
    const { searchParams } = url;
    if (isProbe(url)) return json(response, list('100'));
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
  t.same(seen, ['+a@1', '+b@2', 'listed', '-Service ns/b', '+a@3', '+new@9'], 'what is the same is not told');
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
    if (isProbe(url)) return json(response, list(String(version)));
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
  t.equal(requests.filter((each) => each.includes('limit=500')).length, 1);
  t.same(seen.slice(0, 3), ['listed', '+s2@2', '+s3@3']);
});

t.test('an object that is wrong is told, stays what it was, and the others go on', async (t) => {
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1', raw('a', '1')));
    response.writeHead(200);
    response.write(line('MODIFIED', raw('a', '2', { ports: [{ port: 70_000 }] })));
    response.write(line('MODIFIED', null));
    return void response.write(line('ADDED', raw('b', '3')));
  });
  const { seen, until, told } = watching(t, api);
  await until('+b@3');
  t.same(seen, ['+a@1', 'listed', '+b@3']);
  await told(/^Service ns\/a: spec\.ports\.0\.port: must be 1 to 65535$/);
});

t.test('a server that ends every watch at once is told of, and nothing is lost by it', async (t) => {
  let version = 1;
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list(String(version)));
    response.writeHead(200);
    version++;
    return void response.end(line('ADDED', raw(`s${version}`, String(version))));
  });
  const { until, told, seen } = watching(t, api);
  await told(/^http:.*\/api\/v1\/services is ended again and again; nothing is lost by it$/);
  await until('+s6@6');
  t.same(seen.slice(1, 6), ['+s2@2', '+s3@3', '+s4@4', '+s5@5', '+s6@6'], 'each once and in order');
});

t.test('a watch that is refused is waited for as long as the server asks, and says why', async (t) => {
  let watches = 0;
  let refusedAt = 0;
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1'));
    switch (++watches) {
      case 1:
        refusedAt = Date.now();
        return json(response, { message: 'too many requests' }, 429, { 'retry-after': '1' });
      case 2:
        t.ok(Date.now() - refusedAt >= 1000, 'not before');
        return json(response, { message: 'etcdserver: leader changed' }, 500);
      default:
        response.writeHead(200);
        return void response.write(line('ADDED', raw('new', '2')));
    }
  });
  const { until, told } = watching(t, api);
  await until('+new@2');
  await told(/\/api\/v1\/services: too many requests; trying again in 1 s/);
  await told(/\/api\/v1\/services: etcdserver: leader changed; trying again/);
});

t.test('a line that is no event is told, and everything is listed anew', async (t) => {
  for (const garbage of ['no json\n', '{"type":5}\n', 'null\n', '[]\n', `${'{"a":'.repeat(100_000)}\n`]) {
    let lists = 0;
    const { api } = await apiServer(t, (_, response, url) => {
      if (url.searchParams.get('watch') === null)
        return json(response, ++lists === 1 ? list('1', raw('a', '1')) : list('9', raw('missed', '9')));
      response.writeHead(200);
      return void response.write(lists === 1 ? garbage + line('ADDED', raw('b', '2')) : '\n');
    });
    const { until, told, seen } = watching(t, api);
    await until('+missed@9');
    await told(/the watch says what is no event: .{1,80}; trying again/);
    t.same(seen, ['+a@1', 'listed', '-Service ns/a', '+missed@9']);
  }
});

t.test('a watch that ends in the middle of a line goes on from the last whole one', async (t) => {
  let watches = 0;
  const { api, requests } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list(String(1 + watches)));
    if (watches === 1) t.equal(url.searchParams.get('resourceVersion'), '2');
    response.writeHead(200);
    const whole = line('ADDED', raw('b', '3'));
    if (++watches === 1)
      return void response.end(line('ADDED', raw('a', '2')) + whole.slice(0, whole.length / 2));
    return void response.write(whole);
  });
  const { until, seen } = watching(t, api);
  await until('+b@3');
  t.same(seen, ['listed', '+a@2', '+b@3']);
  t.equal(requests.filter((each) => each.includes('limit=500')).length, 1, 'and lists nothing again');
});

t.test(
  'a server that comes back with another history is listed anew, wherever its numbers are',
  async (t) => {
    let life = 1;
    const { api } = await apiServer(t, (_, response, url) => {
      const service = (name: string, version: string, uid: string) => raw(name, version, {}, { uid });
      const isWatch = url.searchParams.get('watch') !== null;
      if (life === 1) {
        if (!isWatch)
          return json(response, list('500', service('a', '400', 'u1'), service('b', '401', 'u2')));
        life = 2;
        response.writeHead(200).flushHeaders();
        return void setTimeout(() => response.end(), 20);
      }
      if (!isWatch) return json(response, list('7', service('a', '5', 'u3')));
      t.equal(url.searchParams.get('resourceVersion'), '7');
      response.writeHead(200);
      return void response.write(line('ADDED', service('c', '8', 'u4')));
    });
    const { until, told, seen } = watching(t, api);
    await until('+c@8');
    await told(/the server has another history; listing again/);
    t.same(seen, ['+a@400', '+b@401', 'listed', '-Service ns/b', '+a@5', '+c@8']);
  },
);

t.test('another server behind the same address is noticed, though its versions are higher', async (t) => {
  const service = (name: string, version: string, uid: string) => raw(name, version, {}, { uid });
  let life = 1;
  const { api } = await apiServer(t, (_, response, url) => {
    const items = life === 1 ? [service('a', '4', 'u1')] : [service('a', '3', 'u2'), service('b', '8', 'u3')];
    const isProbing = isProbe(url);
    if (url.searchParams.get('watch') === null)
      return json(response, list(life === 1 ? '5' : '90', ...(isProbing ? items.slice(0, 1) : items)));
    response.writeHead(200).flushHeaders();
    if (life === 2) return undefined;
    life = 2;
    return void setTimeout(() => response.destroy(), 20);
  });
  const { until, told, seen } = watching(t, api);
  await until('+b@8');
  await told(/the server has another history; listing again/);
  t.same(seen, ['+a@4', 'listed', '+a@3', '+b@8']);
});

t.test('an object that changed after the watch ended is no sign of another history', async (t) => {
  let watches = 0;
  const { api, requests } = await apiServer(t, (_, response, url) => {
    if (isProbe(url)) return json(response, list('7', raw('a', '7')));
    if (url.searchParams.get('watch') === null) return json(response, list('5', raw('a', '4')));
    response.writeHead(200).flushHeaders();
    if (++watches === 1) return void setTimeout(() => response.destroy(), 20);
    return void response.write(line('MODIFIED', raw('a', '7')));
  });
  const { until, seen } = watching(t, api);
  await until('+a@7');
  t.same(seen, ['+a@4', 'listed', '+a@7']);
  t.equal(requests.filter((each) => each.includes('limit=500')).length, 1);
});

t.test('every ten minutes everything is listed, and what no watch told of is made up for', async (t) => {
  const clock = new ManualClock();
  let end = (): void => {};
  let watches = 0;
  const { api, requests } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null)
      return json(
        response,
        watches < 2
          ? list('5', raw('a', '1'), raw('b', '2'), raw('c', '3'))
          : list('9', raw('a', '1'), raw('b', '4')),
      );
    response.writeHead(200).flushHeaders();
    watches++;
    end = () => void response.end();
  });
  const { until, seen } = watching(t, api, clock);
  const isWatching = async (count: number): Promise<void> => {
    for (let wait = 0; wait < 400 && watches < count; wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.equal(watches, count);
  };
  await isWatching(1);
  clock.advance(300_000);
  end();
  await isWatching(2);
  clock.advance(300_000);
  end();
  await until('+b@4');
  await isWatching(3);
  t.same(seen, ['+a@1', '+b@2', '+c@3', 'listed', '-Service ns/c', '+b@4'], 'a is as it was');
  const asked = requests.map((each) => (each.includes('watch') ? 'watch' : 'list'));
  t.same(asked, ['list', 'watch', 'watch', 'list', 'watch']);
});

t.test('a server that is restarted again and again is back within seconds of its return', async (t) => {
  const clock = new ManualClock();
  const { api, server, requests } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('5', raw('a', '1')));
    return void response.writeHead(200).flushHeaders();
  });
  const { told, seen, until } = watching(t, api, clock);
  await until('listed');
  const { port } = server.address() as AddressInfo;
  for (let restart = 1; restart <= 3; restart++) {
    const before = requests.length;
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
    // Away for a minute and a half.
    for (let second = 0; second < 90; second++) {
      clock.advance(1000);
      await new Promise((done) => setTimeout(done, 5));
    }
    await told(/connection refused; trying again/);
    t.equal(requests.length, before);
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    clock.advance(6500);
    for (let wait = 0; wait < 400 && !requests.slice(before).some((each) => each.includes('watch')); wait++)
      await new Promise((done) => setTimeout(done, 10));
    t.match(requests.at(-1), /watch=true/, `restart ${restart}`);
  }
  t.same(seen, ['+a@1', 'listed']);
});

t.test('a server that was away is listed anew when it is back', async (t) => {
  let life = 1;
  const { api } = await apiServer(t, (_, response, url) => {
    if (life === 2) {
      life = 3;
      // As when nobody listens: the connection is reset before there is an answer.
      return void response.destroy();
    }
    if (url.searchParams.get('watch') === null)
      return json(response, life === 1 ? list('5', raw('a', '1')) : list('90', raw('b', '80')));
    response.writeHead(200).flushHeaders();
    if (life > 1) return undefined;
    life = 2;
    return void setTimeout(() => response.destroy(), 20);
  });
  const { until, seen, told } = watching(t, api);
  await until('+b@80');
  await told(/socket hang up|ECONNRESET/);
  t.same(seen, ['+a@1', 'listed', '-Service ns/a', '+b@80']);
});

t.test('a list that does not end is told as that, and the kinds beside it go on', async (t) => {
  const { api, requests } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') !== null) return void response.writeHead(200).write('\n');
    const metadata = { resourceVersion: '1', continue: 'again' };
    return json(response, { metadata, items: [raw('a', '1')] });
  });
  const { told, seen, watch } = watching(t, api);
  await told(/\/api\/v1\/services: the list does not end; trying again in 1 s; nothing is written before/);
  watch.stop();
  t.same(seen, [], 'nothing of it is believed');
  t.ok(requests.length <= 4);
});

t.test('an answer that drips or does not come at all is given up', async (t) => {
  let drips = 0;
  const { api } = await apiServer(
    t,
    (_, response, url) => {
      if (url.searchParams.get('watch') !== null) return;
      if (++drips > 2) return json(response, list('1', raw('a', '1')));
      if (drips === 2) return;
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
    { answerTimeout: 200 },
  );
  const { until, warnings } = watching(t, api);
  await until('+a@1');
  t.match(warnings, [/the answer broke off|no answer within 0\.2 s/, /no answer within 0\.2 s/]);
});

t.test('an object is as large as etcd takes it; a line beyond all sense is not read', async (t) => {
  const large = (version: string, size: number) =>
    raw('large', version, {}, { annotations: { text: 'x'.repeat(size) } });
  let watches = 0;
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1'));
    response.writeHead(200);
    switch (++watches) {
      case 1:
        response.write(line('ADDED', large('2', 1_500_000)));
        return void response.write(line('MODIFIED', large('3', 20_000_000)));
      default:
        return void response.write(line('ADDED', raw('b', '4')));
    }
  });
  const { until, seen } = watching(t, api);
  await until('+large@2');
  await until('+b@4');
  t.notOk(seen.includes('+large@3'));
});

t.test('rights that are missing for one kind are told with what waits for them', async (t) => {
  const { api } = await apiServer(t, (_, response) =>
    json(response, { message: 'services is forbidden: User "kube" cannot list' }, 403),
  );
  const { told, watch } = watching(t, api);
  await told(
    /services is forbidden.* \(are the rights .*deploy\/kubernetes\?\); trying again in 1 s; nothing is written before all of Service is known$/,
  );
  watch.stop();
});

t.test('an event of a type nobody knows is told and changes nothing', async (t) => {
  const { api } = await apiServer(t, (_, response, url) => {
    if (url.searchParams.get('watch') === null) return json(response, list('1'));
    response.writeHead(200);
    return void response.write(line('EXPLODED', raw('x', '2')) + line('ADDED', raw('b', '3')));
  });
  const { until, told, seen } = watching(t, api);
  await until('+b@3');
  await told(/an event of an unknown type "EXPLODED"/);
  t.same(seen, ['listed', '+b@3']);
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
