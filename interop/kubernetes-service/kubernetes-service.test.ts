/** Manifests in, tables of FRR and GoBGP out: scaled up, a pod not ready, the Service deleted and applied again. */
import { bookManifests, Lab, readTopology, type PeerPath } from '@vaportrail/lab';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { floatingIp, missing, until } from '../running-lab.ts';

const command = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

/** What `vaportrail show` prints. */
async function shown(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'show', ...words]);
  return stdout;
}

/** What `vaportrail trace service` prints about the daemons of this process. */
async function traced(service: string): Promise<string> {
  const answer = await promisify(execFile)(process.execPath, [command, 'trace', 'service', service]).catch(
    // The exit code 1 says that something stops the Service; the answer is printed all the same.
    (error: { stdout?: string; stderr?: string }) => ({ stdout: `${error.stdout}${error.stderr}` }),
  );
  return answer.stdout;
}

t.test('the routes at the gateways follow the Service', { skip: missing('frr', 'gobgp') }, async (t) => {
  const folder = t.testdir({ manifests: {}, runtime: {} });
  // Only the daemons of this test are found.
  process.env['XDG_RUNTIME_DIR'] = join(folder, 'runtime');
  const manifests = join(folder, 'manifests');
  cpSync(bookManifests, manifests, { recursive: true });
  const ingress: string[] = [];
  const lab = await Lab.start({
    topology: readTopology(),
    peers: ['frr', 'gobgp', 'gateway'],
    manifests: [manifests],
    reports: {
      ingress: ({ metadata: { name } }, addresses) => void ingress.push(`${name} ${addresses.join()}`),
    },
  });
  t.teardown(() => lab.stop());
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(manifests, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  /** What every gateway has for the floating IP, once all of them have so many paths. */
  const pathsEverywhere = (count: number, prefix = floatingIp): Promise<PeerPath[][]> =>
    until(
      () => Promise.all(lab.peers.map((peer) => peer.paths(prefix))),
      (all) => all.every((paths) => paths.length === count),
    );
  const nextHops = (paths: readonly PeerPath[]): string[] => paths.map(({ nextHop }) => nextHop).sort();
  const cent222 = '10.169.25.20';
  const cent333 = '10.169.25.21';

  t.same(ingress, ['service-web-lb 101.101.101.252'], 'the external address is told');
  for (const paths of await pathsEverywhere(1)) {
    t.same(nextHops(paths), [cent222]);
    const [path] = paths;
    t.match(path?.rd, /^10\.169\.25\.20:\d+$/);
    t.ok(path?.routeTargets.includes('500:500'), `route targets ${path?.routeTargets.join(' ')}`);
    t.ok((path?.label ?? 0) >= 16);
  }

  const straight = await traced('service-web-lb');
  t.match(straight, /listener TCP 8888 → pool, 1 member\n/);
  t.match(straight, /floating IP 101\.101\.101\.252 \(external\)/);
  t.match(
    straight,
    /10\.169\.25\.20:\d+:101\.101\.101\.252\/32/,
    'the VPN route with its route distinguisher',
  );
  t.match(straight, /nothing stops it/);

  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 1', 'replicas: 2'));
  for (const paths of await pathsEverywhere(2)) t.same(nextHops(paths), [cent222, cent333], 'scaled up');
  const podVrf = 'default-domain:k8s-ns-user-1:k8s-ns-user-1-pod-network:k8s-ns-user-1-pod-network';
  await until(
    () => shown('vrf', podVrf, '10.96.89.48/32', '--from', 'cent333'),
    (text) => text.includes(cent222) && text.includes(cent333),
  );
  t.pass('a pod has a route to the clusterIP, which is in the network of Services');

  t.match(
    await traced('service-web-lb'),
    /STOPS: camaro: the path by 10\.169\.25\.21 is not used/,
    'NotBest',
  );

  const ready = 'namespace: ns-user-1\nspec:';
  const notReady = 'namespace: ns-user-1\n  annotations: { vaportrail.io/not-ready: "0" }\nspec:';
  edit('20-deploy-webserver.yaml', (text) => text.replace(ready, notReady));
  for (const paths of await pathsEverywhere(1)) t.same(nextHops(paths), [cent333], 'the first is not ready');
  edit('20-deploy-webserver.yaml', (text) => text.replace(notReady, ready));
  for (const paths of await pathsEverywhere(2))
    t.same(nextHops(paths), [cent222, cent333], 'and ready again');

  const service = readFileSync(join(manifests, '32-service-web-lb.yaml'), 'utf8');
  rmSync(join(manifests, '32-service-web-lb.yaml'));
  await pathsEverywhere(0);
  await lab.settled();
  t.same([...lab.configuration!.database.graph.ofType('loadbalancer')].length, 2, 'the other Services stay');
  writeFileSync(join(manifests, '32-service-web-lb.yaml'), service);
  for (const paths of await pathsEverywhere(2)) t.same(nextHops(paths), [cent222, cent333], 'applied again');

  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 2', 'replicas: 0'));
  await pathsEverywhere(0);
  t.match(await traced('service-web-lb'), /STOPS: port 8888: no members \(no endpoints\)/);
});
