import t from 'tap';
import { VirtualRouters, type RoutingInstanceSettings } from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';
import { book } from './book.ts';

t.test('networks that a policy lets through import each other, and no other routes', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const routers = new VirtualRouters(database);
  t.teardown(async () => {
    routers.close();
    database.close();
    await store.close();
  });
  const { project, pods, services } = await book(database);
  const external = database.byName('virtual-network', [...project.fqName, 'k8s-vn-ns-default-pod-network']);
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  const of = ({ fqName }: { fqName: readonly string[] }): RoutingInstanceSettings =>
    routers.instances.find((one) => one['virtual-network'] === fqName.join(':'))!;
  const [podTarget, serviceTarget] = [pods, services].map((one) => of(one)['route-targets'][0]!);
  const rule = (source: string, destination: string, simple_action = 'pass', direction = '<>') => ({
    network_policy_entries: {
      policy_rule: [
        {
          direction,
          protocol: 'any',
          src_addresses: [{ virtual_network: source }],
          dst_addresses: [{ virtual_network: destination }],
          action_list: { simple_action },
        },
      ],
    },
  });
  const policy = await database.create('network-policy', {
    fqName: [...project.fqName, 'np'],
    parent: project,
    properties: rule(pods.fqName.join(':'), services.fqName.join(':')),
  });
  const attach = (network: { uuid: string }) =>
    database.changeReference('virtual-network', network.uuid, 'network-policy', policy.uuid, 'ADD', null);
  await attach(pods);
  await settle();
  t.same(of(pods).import, [], 'one network alone is connected with nobody');
  await attach(services);
  await attach(external);
  await settle();
  t.same(of(pods).import, [serviceTarget]);
  t.same(of(services).import, [podTarget]);
  t.same(of(external).import, [], 'no rule names it');

  await database.update('network-policy', policy.uuid, {
    properties: rule('any', services.fqName.join(':'), 'pass', '>'),
  });
  await settle();
  t.equal(of(services).import.length, 2, 'any network that has the policy');
  t.notOk(of(services).import.includes('target:500:500'), 'what its owner listed is for others to import');
  t.same(of(external).import, [serviceTarget]);
  t.same(of(pods).import, [serviceTarget]);

  await database.update('network-policy', policy.uuid, {
    properties: rule(pods.fqName.join(':'), services.fqName.join(':'), 'deny'),
  });
  await settle();
  t.same([of(pods).import, of(services).import], [[], []]);
  await t.rejects(database.delete('network-policy', policy.uuid), /is still used by virtual-network/);
});
