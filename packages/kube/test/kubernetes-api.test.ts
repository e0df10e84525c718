/** Credentials and TLS at a server of the tests; certificates are made by openssl. */
import { KubeConfig } from '@kubernetes/client-node';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { KubernetesApi } from '../src/kubernetes-api.ts';
import { apiServer, json } from './sample-api-server.ts';

/** An authority in a folder, and certificates signed by it that are over after so many days. */
function authority(t: Test) {
  const folder = t.testdir({});
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  const certificate = (name: string, days: number): { cert: Buffer; key: Buffer } => {
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', String(days), ...signed);
    return {
      cert: readFileSync(join(folder, `${name}.pem`)),
      key: readFileSync(join(folder, `${name}.key`)),
    };
  };
  return { folder, ca: readFileSync(join(folder, 'ca.pem')), certificate };
}

async function tlsServer(t: Test, options: ServerOptions): Promise<string> {
  const server = createServer(options, (_, response) => json(response, { kind: 'Version' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A kubeconfig in a file. */
function kubeconfig(folder: string, server: string, user: object, cluster: object = {}): string {
  const file = join(folder, 'kubeconfig');
  const config = {
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(`${file}.new`, JSON.stringify(config));
  renameSync(`${file}.new`, file);
  return file;
}

const base64 = (data: Buffer): string => data.toString('base64');

t.test('a server whose certificate has expired, or is of somebody else, is told as that', async (t) => {
  const { folder, ca, certificate } = authority(t);
  const trusted = { 'certificate-authority-data': base64(ca) };
  const expired = await tlsServer(t, certificate('expired', -1));
  await t.rejects(KubernetesApi.from(kubeconfig(folder, expired, {}, trusted)).request('GET', '/version'), {
    name: 'KubernetesApiError',
    failure: 'unreachable',
    message: `${expired}: its certificate has expired`,
  });
  const good = await tlsServer(t, certificate('good', 2));
  await t.rejects(KubernetesApi.from(kubeconfig(folder, good, {})).request('GET', '/version'), {
    message: /^https:.*: its certificate is not trusted \(/,
  });
  const api = KubernetesApi.from(kubeconfig(folder, good, {}, trusted));
  t.match(await api.request('GET', '/version'), { kind: 'Version' });
});

t.test(
  'a client certificate that has expired is named, and its successor is used from then on',
  async (t) => {
    const { folder, ca, certificate } = authority(t);
    const server = await tlsServer(t, {
      ...certificate('server', 2),
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const trusted = { 'certificate-authority-data': base64(ca) };
    certificate('kube', -1);
    // As the kubelet has it: files that somebody replaces.
    const user = { 'client-certificate': join(folder, 'kube.pem'), 'client-key': join(folder, 'kube.key') };
    const api = KubernetesApi.from(kubeconfig(folder, server, user, trusted));
    await t.rejects(api.request('GET', '/version'), {
      failure: 'unreachable',
      message: /^https:.*: .*; our client certificate expired on \d{4}-\d\d-\d\dT/,
    });
    certificate('kube', 2);
    t.match(await api.request('GET', '/version'), { kind: 'Version' });
  },
);

t.test(
  'a token that is replaced is used at once, whether in a file of its own or in the kubeconfig',
  async (t) => {
    const folder = t.testdir({ token: 'one' });
    let good = 'one';
    const seen: string[] = [];
    const { server } = await apiServer(t, (request, response) => {
      seen.push(request.headers.authorization ?? '');
      if (request.headers.authorization === `Bearer ${good}`) return json(response, {});
      return json(response, { message: 'Unauthorized' }, 401);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // What `loadFromCluster` makes in a pod.
    const config = new KubeConfig();
    const tokenFile = join(folder, 'token');
    config.loadFromClusterAndUser(
      { name: 'c', server: url, skipTLSVerify: true },
      { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } },
    );
    const inPod = new KubernetesApi(config);
    await inPod.request('GET', '/version');
    writeFileSync(tokenFile, 'two\n');
    good = 'two';
    await inPod.request('GET', '/version');
    t.same(seen.splice(0), ['Bearer one', 'Bearer two']);
    rmSync(tokenFile);
    await t.rejects(inPod.request('GET', '/version'), { message: /no credentials: ENOENT.*token/ });

    const loose = { 'insecure-skip-tls-verify': true };
    const api = KubernetesApi.from(kubeconfig(folder, url, { token: 'two' }, loose));
    await api.request('GET', '/version');
    good = 'three';
    kubeconfig(folder, url, { token: 'three' }, loose);
    await t.rejects(api.request('GET', '/version'), {
      status: 401,
      message: /\/version: Unauthorized: are the credentials still good\?$/,
    });
    await api.request('GET', '/version');
    good = 'four';
    writeFileSync(join(folder, 'kubeconfig'), '{ "clusters": [');
    await t.rejects(api.request('GET', '/version'), { status: 401, message: /Unauthorized/ });
    good = 'three';
    await api.request('GET', '/version');
    t.pass('a kubeconfig that is broken just now changes nothing');
  },
);

t.test('a token says itself when it expired', async (t) => {
  const { server } = await apiServer(t, (_, response) => json(response, { message: 'Unauthorized' }, 401));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const payload = Buffer.from(JSON.stringify({ exp: 1_600_000_000 })).toString('base64url');
  const folder = t.testdir({});
  const file = kubeconfig(folder, url, { token: `x.${payload}.x` }, { 'insecure-skip-tls-verify': true });
  await t.rejects(KubernetesApi.from(file).request('GET', '/version'), {
    message: /Unauthorized: our token expired on 2020-09-13T12:26:40/,
  });
});

t.test('how long to wait is read as seconds and as a date, and bounded', async (t) => {
  const answers = ['2', new Date(Date.now() + 20_000).toUTCString(), '99999999999', 'soon', '-3'];
  const { api } = await apiServer(t, (_, response) =>
    json(response, { message: 'slow down' }, 429, { 'retry-after': answers.shift()! }),
  );
  const waits: (number | undefined)[] = [];
  while (answers.length > 0)
    await api
      .request('GET', '/version')
      .catch(({ retryAfter }: { retryAfter?: number }) => waits.push(retryAfter));
  t.equal(waits[0], 2000);
  t.ok(waits[1]! > 15_000 && waits[1]! <= 20_000);
  t.equal(waits[2], 60_000, 'not for ever, and not so long that a timer cannot count it');
  t.equal(waits[3], undefined);
});

t.test('an answer without an end is not kept', async (t) => {
  const { api } = await apiServer(t, (_, response) => {
    response.writeHead(200);
    const megabyte = Buffer.alloc(1_000_000, 0x20);
    const pour = (): void => {
      while (!response.destroyed && response.write(megabyte));
      if (!response.destroyed) response.once('drain', pour);
    };
    pour();
  });
  await t.rejects(api.request('GET', '/version'), {
    failure: 'garbled',
    message: /an answer beyond 67108864 octets/,
  });
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
