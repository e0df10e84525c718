import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@vaportrail/show';
import t, { type Test } from 'tap';
import { ConfigNode, configNodeConfig, type ConfigNodeConfigInput } from '../src/index.ts';

const listen = { address: '127.0.0.1', port: 0 };

function node(settings: ConfigNodeConfigInput): ConfigNode {
  return new ConfigNode(configNodeConfig.parse({ listen, ...settings }), { log: silentLog });
}

async function started(t: Test, settings: ConfigNodeConfigInput): Promise<ConfigNode> {
  const one = node(settings);
  t.teardown(() => one.stop());
  await one.start();
  return one;
}

t.test('a config node begins with the objects everybody expects, and keeps what it was given', async (t) => {
  const folder = t.testdir({});
  const first = await started(t, { store: { folder }, asn: 65_001 });
  const names = (path: string): Promise<string[]> =>
    fetch(`${first.url}${path}`)
      .then((response) => response.json() as Promise<Record<string, { fq_name: string[] }[]>>)
      .then((body) => Object.values(body)[0]!.map(({ fq_name: name }) => name.join(':')));
  t.same(await names('/domains'), ['default-domain']);
  t.same((await names('/service-appliance-sets')).sort(), [
    'default-global-system-config:native',
    'default-global-system-config:opencontrail',
  ]);
  await first.database.create('domain', { fqName: ['mine'] });
  const [system] = first.database.graph.ofType('global-system-config');
  t.equal(system?.properties['autonomous_system'], 65_001);
  await first.stop();
  t.equal(first.url, undefined);

  const second = await started(t, { store: { folder }, asn: 65_002 });
  t.ok(second.database.byName('domain', ['mine']), 'a restart finds it');
  const [kept] = second.database.graph.ofType('global-system-config');
  t.equal(kept?.properties['autonomous_system'], 65_001, 'the AS counts when the store is empty');
});

t.test('a load balancer is served without anybody asking for the driver', async (t) => {
  const { database } = await started(t, { store: { folder: t.testdir({}) } });
  const parent = await database.create('project', {
    fqName: ['default-domain', 'p'],
    parent: database.byName('domain', ['default-domain']),
  });
  const ipam = await database.create('network-ipam', {
    fqName: [...parent.fqName, 'ipam'],
    parent,
    properties: {
      ipam_subnet_method: 'flat-subnet',
      ipam_subnets: { subnets: [{ subnet: { ip_prefix: '10.96.0.0', ip_prefix_len: 12 } }] },
    },
  });
  const to = ({ uuid }: { uuid: string }) => [{ uuid, attr: null }];
  const network = await database.create('virtual-network', {
    fqName: [...parent.fqName, 'services'],
    parent,
    references: { 'network-ipam': [{ uuid: ipam.uuid, attr: { ipam_subnets: [] } }] },
  });
  const vmi = await database.create('virtual-machine-interface', {
    fqName: [...parent.fqName, 'lb'],
    parent,
    references: { 'virtual-network': to(network) },
  });
  await database.create('instance-ip', {
    fqName: ['lb'],
    references: { 'virtual-machine-interface': to(vmi), 'virtual-network': to(network) },
  });
  const made = new Promise<string>((resolve) =>
    database.follow(({ type, object }) => {
      if (type === 'created' && object.type === 'floating-ip')
        resolve(object.properties['floating_ip_address'] as string);
    }),
  );
  await database.create('loadbalancer', {
    fqName: [...parent.fqName, 'lb'],
    parent,
    references: { 'virtual-machine-interface': to(vmi) },
  });
  t.match(await made, /^10\.111\.255\./);
});

t.test('what cannot be used is said before anything is left running', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const folder = t.testdir({});
  const blocked = node({ store: { folder }, listen: { address: '127.0.0.1', port } });
  await t.rejects(blocked.start(), /cannot listen on 127\.0\.0\.1:\d+/);
  const running = await started(t, { store: { folder } });
  t.ok(running.url, 'the folder is free again');
  await t.rejects(node({ store: { folder } }).start(), /in use by process \d+/);
  const etcd = { endpoints: ['http://127.0.0.1:1'], prefix: '/x/' };
  await t.rejects(node({ store: { etcd } }).start(), /etcd at http:\/\/127\.0\.0\.1:1/);
  t.throws(() => running.reload(configNodeConfig.parse({ listen, name: 'other' })), /without a restart/);
  t.throws(() => node({}).database, /has not started/);
});
