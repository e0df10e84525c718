// A config node and kube in processes of their own: manifests on one side, objects and addresses on the other.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bookManifests, DaemonProcess } from '@vaportrail/lab';
import t from 'tap';
import { freePort } from '../free-port.ts';
import { until } from '../running-lab.ts';

const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

t.setTimeout(240_000);

t.test('kube writes to a config node in another process, and comes back after either was away', async (t) => {
  const folder = t.testdir({ manifests: {}, store: {} });
  process.env['XDG_RUNTIME_DIR'] = t.testdirName;
  process.env['VAPORTRAIL_TOKEN'] = 'secret';
  const manifests = join(folder, 'manifests');
  cpSync(bookManifests, manifests, { recursive: true });
  const [port, views] = [await freePort(), await freePort()];
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      listen: { address: '127.0.0.1', port },
      token: 'secret',
      store: { folder: join(folder, 'store') },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const start = (name: string, ...args: string[]): DaemonProcess => {
    const started = new DaemonProcess(name, [process.execPath, vaportrail, ...args]);
    t.teardown(() => started.stop('SIGKILL'));
    return started;
  };
  const addresses = (): Promise<string[]> =>
    fetch(`${url}/floating-ips?detail=true`, { headers: { authorization: 'Bearer secret' } })
      .then(
        (response) =>
          response.json() as Promise<{
            'floating-ips': { 'floating-ip': { floating_ip_address: string } }[];
          }>,
      )
      .then((body) => body['floating-ips'].map((one) => one['floating-ip'].floating_ip_address).sort())
      .catch(() => []);
  const are = (...wanted: string[]): Promise<string[]> =>
    until(addresses, (found) => found.join() === wanted.join(), 60_000);

  const none = start('kube', 'kube', '-f', manifests, '--config-api', url);
  await until(
    async () => none.running,
    (running) => !running,
    30_000,
  );
  t.match(none.output, /127\.0\.0\.1:\d+.*ECONNREFUSED/, 'without a config node it says so and ends');

  let config = start('config', 'config', '-c', file);
  await until(
    () =>
      fetch(`${url}/domains`).then(
        () => true,
        () => false,
      ),
    (up) => up,
    30_000,
  );
  const kubeArgs = ['kube', '-f', manifests, '--config-api', url, '--introspect', `127.0.0.1:${views}`];
  let kube = start('kube', ...kubeArgs);
  const all = ['10.101.102.27', '10.105.139.153', '10.96.89.48', '101.101.101.252'];
  t.same(await are(...all), all);
  t.equal((await fetch(`http://127.0.0.1:${views}/ready`)).status, 200);

  await config.stop('SIGKILL');
  rmSync(join(manifests, '32-service-web-lb.yaml'));
  config = start('config', 'config', '-c', file);
  t.same(await are(...all.slice(0, 2)), all.slice(0, 2), 'what changed meanwhile is written when it is back');

  await kube.stop('SIGKILL');
  cpSync(join(bookManifests, '32-service-web-lb.yaml'), join(manifests, '32-service-web-lb.yaml'));
  rmSync(join(manifests, '30-service-web-clusterip.yaml'));
  kube = start('kube', ...kubeArgs);
  const now = ['10.101.102.27', '10.96.89.48', '101.101.101.252'];
  t.same(await are(...now), now, 'kube finds its own objects again, and what is left over goes');

  // It would take everything away: its manifests are another folder, with nothing in it.
  mkdirSync(join(folder, 'empty'));
  const waits = await freePort();
  const args = ['-f', join(folder, 'empty'), '--config-api', url, '--introspect', `127.0.0.1:${waits}`];
  const twin = start('twin', 'kube', ...args);
  await until(
    async () => twin.output,
    (output) => output.includes('looks after cluster k8s in this configuration: waiting until it ends'),
    30_000,
  );
  const ready = await fetch(`http://127.0.0.1:${waits}/ready`);
  t.match([ready.status, await ready.json()], [200, { status: 'standby' }]);
  t.same(await are(...now), now, 'a second kube of the cluster leaves the work of the first alone');
  await kube.stop();
  t.same(await are(), [], 'and has the cluster as soon as the first has ended');
});
