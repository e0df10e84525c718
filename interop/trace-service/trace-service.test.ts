/** `vaportrail trace service` of a running lab: each place where a Service may stop is told, with why, on one screen. */
import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { KubeManager, kubeServer, ManifestSource } from '@vaportrail/kube';
import { bookManifests, Lab, readTopology } from '@vaportrail/lab';
import { announceEndpoint, fetchView, type NeighborView } from '@vaportrail/show';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { peerOf, until } from '../running-lab.ts';

const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

t.setTimeout(240_000);

interface Traced {
  readonly code: number;
  readonly text: string;
  /** What stops it. */
  readonly stops: readonly string[];
  readonly err: string;
}

/** What a command says of the daemons that announced themselves in a folder. */
function vaportrail(runtime: string, ...words: string[]): Promise<Omit<Traced, 'stops'>> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...words],
      { env: { ...process.env, XDG_RUNTIME_DIR: runtime } },
      (error, text, err) => resolve({ code: error === null ? 0 : Number(error.code), text, err }),
    );
  });
}

async function trace(runtime: string): Promise<Traced> {
  const told = await vaportrail(runtime, 'trace', 'service', 'service-web-lb');
  return { ...told, stops: told.text.split('\n').flatMap((line) => /^STOPS: (.*)$/.exec(line)?.[1] ?? []) };
}

t.test('a Service is followed to the gateway, and where it stops is said', async (t) => {
  const folder = t.testdir({ manifests: {}, run: {} });
  const runtime = join(folder, 'run');
  process.env['XDG_RUNTIME_DIR'] = runtime;
  const manifests = join(folder, 'manifests');
  cpSync(bookManifests, manifests, { recursive: true });
  const lab = await Lab.start({ topology: readTopology(), peers: ['gateway'], manifests: [manifests] });
  t.teardown(() => lab.stop());
  const edit = (file: string, from: string | RegExp, to: string): void => {
    const path = join(manifests, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  /** Looks until it is stopped by these and no others. */
  const stopped = async (what: string, ...by: readonly RegExp[]): Promise<Traced> => {
    const traced = await until(
      () => trace(runtime),
      ({ stops, text }) =>
        text !== '' && stops.length === by.length && by.every((each, index) => each.test(stops[index]!)),
      45_000,
    );
    t.equal(traced.code, by.length === 0 ? 0 : 1, what);
    return traced;
  };
  const isOnOneScreen = ({ text }: Traced): void => {
    const lines = text.trimEnd().split('\n');
    t.ok(lines.length <= 40, `${lines.length} lines`);
    const told = lines.filter((line) => !line.startsWith('STOPS: '));
    t.ok(
      told.every((line) => line.length <= 140),
      told.filter((line) => line.length > 140).join('\n'),
    );
  };
  const deployment = '20-deploy-webserver.yaml';

  const straight = await stopped('nothing stops it');
  const steps = [
    /^Service ns-user-1\/service-web-lb {2}LoadBalancer {2}10\.96\.89\.48$/m,
    /loadbalancer service-web-lb__[0-9a-f-]{36} {2}\(native\)/,
    /listener TCP 8888 → pool, 1 member$/m,
    /member :80 → webserver-\S+ {2}10\.47\.255\.\d+ on cent222/,
    /floating IP 101\.101\.101\.252 \(external\) {2}in .*:k8s-vn-ns-default-pod-network/,
    /port maps TCP 8888 → 80/,
    /route targets .*target:500:500/,
    /cent222 \(agent\) {2}XMPP: k8s-vn-ns-default-pod-network\.inet\.0 \d paths/,
    /cent111 \(control-node\)/,
    /\* VPN 10\.169\.25\.20:9:101\.101\.101\.252\/32 {2}10\.169\.25\.20 label 43/,
    /camaro \(gateway\)/,
    /k8s-test\.inet\.0\n +\* 10\.169\.25\.20 label 43/,
    /^nothing stops it$/m,
  ];
  for (const step of steps) t.match(straight.text, step);
  const at = steps.map((step) => straight.text.search(step));
  t.same(
    at.slice(0, 5),
    at.slice(0, 5).toSorted((a, b) => a - b),
    'in the order of the chain',
  );
  isOnOneScreen(straight);
  t.match(await vaportrail(runtime, 'trace', 'service', 'nobody'), {
    code: 1,
    err: 'Error from server (NotFound): services "nobody" not found\n',
  });
  const objects = await vaportrail(runtime, 'get', 'lb,fip');
  t.match(objects.text, /^loadbalancer\/service-web-lb__.* 10\.96\.89\.48 /m, 'the lab has a config node');
  const why = await vaportrail(runtime, 'why', '101.101.101.252');
  t.match(
    why,
    { code: 0, text: /cent222 \(agent\)\n {2}(?!has no route)/ },
    'an address stands for its prefix',
  );

  const ready = 'namespace: ns-user-1\nspec:';
  const notReady = 'namespace: ns-user-1\n  annotations: { vaportrail.io/not-ready: "0" }\nspec:';
  edit(deployment, ready, notReady);
  await stopped('not ready', /^port 8888: no members \(not ready: webserver-\S+\)$/);
  edit(deployment, notReady, ready);
  edit(deployment, 'replicas: 1', 'replicas: 0');
  await stopped('no endpoints', /^port 8888: no members \(no endpoints\)$/);

  edit(deployment, 'replicas: 0', 'replicas: 2');
  const notBest = await stopped(
    'NotBest',
    /^camaro: the path by 10\.169\.25\.21 is not used: .*Not Best in its group - .*; to change it: set routing-instances k8s-test .*multipath/,
  );
  isOnOneScreen(notBest);
  const gateway = peerOf(lab, 'gateway');
  await gateway.setMultipath(true);
  const both = await stopped('both paths are used');
  t.match(
    both.text,
    /k8s-test\.inet\.0\n += 10\.169\.25\.2\d label \d\d\n +[=*] 10\.169\.25\.2\d label \d\d/,
  );

  edit('10-namespace.yaml', 'target:500:500', 'target:600:600');
  const uncommon =
    /101\.101\.101\.252\/32 is missing: no route target in common: it carries .*600:600.*, k8s-test imports 500:500/;
  isOnOneScreen(await stopped('no route target in common', uncommon, uncommon));
  edit('10-namespace.yaml', /.*route-targets: target:600:600\n/, '');
  await until(
    () => trace(runtime),
    ({ stops }) =>
      /k8s-vn-ns-default-pod-network has no route target: no gateway imports/.test(stops[0] ?? ''),
    45_000,
  );
  t.pass('no route target at all');
  edit(
    '10-namespace.yaml',
    'annotations:\n    opencontrail.org/cidr',
    'annotations:\n    vaportrail.io/route-targets: target:500:500\n    opencontrail.org/cidr',
  );
  await stopped('imported again');

  // A gateway of the same name without tunnels to the nodes.
  const [neighbor] = await fetchView<NeighborView[]>(gateway.url, '/neighbors');
  await gateway.stop();
  const without = new Gateway(
    gatewayConfig.parse({
      name: 'camaro',
      asn: 13979,
      'local-as': 60100,
      'router-id': '192.168.0.204',
      bgp: {
        listen: [{ address: gateway.address, port: gateway.port }],
        peers: [
          {
            name: neighbor!.name,
            address: neighbor!.address,
            asn: 60100,
            'local-as': 60100,
            'local-address': gateway.address,
            passive: true,
          },
        ],
      },
      'routing-instances': [
        { name: 'k8s-test', 'route-distinguisher': '192.168.0.204:500', 'vrf-target': '500:500' },
      ],
    }),
  );
  await without.start();
  t.teardown(() => without.stop());
  announceEndpoint({ kind: 'gateway', name: 'camaro', url: without.url! });
  const unresolved = /^camaro: the path by 10\.169\.25\.2[01] is unusable: .*next hop/;
  isOnOneScreen(await stopped('next hop unresolved', unresolved, unresolved));
});

t.test('a port map that nobody makes is missed', async (t) => {
  const folder = t.testdir({ run: {}, store: {} });
  const runtime = join(folder, 'run');
  process.env['XDG_RUNTIME_DIR'] = runtime;
  mkdirSync(runtime, { recursive: true });
  const store = EmbeddedStore.open(join(folder, 'store'));
  t.teardown(() => store.close());
  const database = await ConfigDatabase.open(store);
  t.teardown(() => database.close());
  // Without load-balancer drivers.
  const manager = new KubeManager({ client: database });
  t.teardown(() => manager.stop());
  const source = new ManifestSource(manager, {
    paths: [bookManifests],
    serviceSubnet: manager.settings.serviceSubnet,
  });
  await manager.start();
  source.start();
  t.teardown(() => source.stop());
  const views = kubeServer('kube', manager, database.graph);
  await views.listen({ address: '127.0.0.1', port: 0 });
  t.teardown(() => views.close());
  t.teardown(announceEndpoint({ kind: 'kube', name: 'kube', url: views.url! }));
  await manager.settled();
  const { code, stops, err } = await trace(runtime);
  t.equal(code, 1);
  t.match(stops, [
    /^101\.101\.101\.252: the port map of TCP 8888 is missing$/,
    /^101\.101\.101\.252 is not on webserver-\S+$/,
  ]);
  t.match(err, /no control node, agent or gateway runs here: no routes were looked at/);
});
