import t from 'tap';
import { VirtualRouters, type VirtualRouterChange, type VirtualRouterSettings } from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore, NativeDriver } from '../src/index.ts';
import { book, SERVICE } from './book.ts';

const PODS = 'default-domain:k8s-ns-user-1:k8s-ns-user-1-pod-network:k8s-ns-user-1-pod-network';
const SERVICES = 'default-domain:k8s-ns-user-1:k8s-ns-user-1-service-network:k8s-ns-user-1-service-network';
const EXTERNAL = 'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network';

t.test(
  'a node hears of its workloads and their floating IPs, step by step, and of nobody else',
  async (t) => {
    const store = EmbeddedStore.open(t.testdir({}));
    const database = await ConfigDatabase.open(store);
    const driver = new NativeDriver(database);
    driver.start();
    const routers = new VirtualRouters(database);
    t.teardown(async () => {
      routers.close();
      await driver.stop();
      database.close();
      await store.close();
    });
    let heard: VirtualRouterChange[] = [];
    const settings = (): VirtualRouterSettings | undefined => routers.settings('cent333');
    routers.follow('cent333', (changes) => heard.push(...changes));
    const others: VirtualRouterChange[] = [];
    routers.follow('cent222', (changes) => others.push(...changes));
    const step = async (): Promise<VirtualRouterChange[]> => {
      await driver.settled();
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      const now = heard;
      heard = [];
      return now;
    };
    t.equal(settings(), undefined, 'a node may ask before it is configured');
    const lab = await book(database);
    const pod = await lab.pod('web-1', 'cent333');
    const name = `tapeth0-${pod.references['virtual-machine']![0]!.uuid.slice(0, 6)}`;
    t.match(await step(), [
      { type: 'add-vrf', vrf: { name: PODS, subnets: ['10.32.0.0/12'] } },
      {
        type: 'add-interface',
        interface: {
          name,
          vrf: PODS,
          address: ['10.47.255.252'],
          mac: /^02:/,
          preference: 200,
          'floating-ips': [],
        },
      },
    ]);
    const { pool, vmi, balancer } = await lab.service('service-web-lb', SERVICE, '10.96.89.48');
    const external = await database.create('floating-ip', {
      fqName: [...lab.pool.fqName, 'external'],
      parent: lab.pool,
      references: { 'virtual-machine-interface': [{ uuid: vmi.uuid, attr: null }] },
    });
    t.same(await step(), [], 'a service without members is on no node');
    const member = await lab.member(pool, pod, 80);
    const portMaps = [{ protocol: 6, port: 80, 'nat-port': 8888 }];
    t.same(await step(), [
      { type: 'add-vrf', vrf: routers.settings('cent333')?.vrfs[1] },
      { type: 'add-vrf', vrf: routers.settings('cent333')?.vrfs[2] },
      {
        type: 'add-floating-ip',
        interface: name,
        floatingIp: { address: '10.96.89.48', vrf: SERVICES, direction: 'ingress', 'port-maps': portMaps },
      },
      {
        type: 'add-floating-ip',
        interface: name,
        floatingIp: {
          address: '101.101.101.252',
          vrf: EXTERNAL,
          direction: 'ingress',
          'port-maps': portMaps,
        },
      },
    ]);
    const second = await lab.listener(balancer, 9999);
    const other = await lab.pod('web-2', 'cent222');
    await lab.member(second, other, 90);
    t.same(await step(), [], 'a port that only another pod serves is none of this one');
    t.match(
      others.filter(({ type }) => type === 'add-floating-ip').at(0),
      { floatingIp: { 'port-maps': [{ port: 90, 'nat-port': 9999 }] } },
      'and that one maps no more than its own',
    );
    await database.update('loadbalancer-member', member.uuid, {
      properties: { loadbalancer_member_properties: { protocol_port: 8080 } },
    });
    t.match(await step(), [{ type: 'change-floating-ip' }, { type: 'change-floating-ip' }]);
    await database.delete('loadbalancer-member', member.uuid);
    t.match(await step(), [
      { type: 'remove-floating-ip', address: '10.96.89.48' },
      { type: 'remove-floating-ip', address: '101.101.101.252' },
      { type: 'remove-vrf', name: SERVICES },
      { type: 'remove-vrf', name: EXTERNAL },
    ]);
    t.ok(database.get('floating-ip', external.uuid));
    const router = database.byName('virtual-router', ['default-global-system-config', 'cent333']);
    await database.update('virtual-router', router.uuid, { references: { 'virtual-machine': [] } });
    t.match(await step(), [
      { type: 'remove-interface', name },
      { type: 'remove-vrf', name: PODS },
    ]);
  },
);

t.test('a control node hears of routing instances and their route targets', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const routers = new VirtualRouters(database);
  t.teardown(async () => {
    routers.close();
    database.close();
    await store.close();
  });
  const heard: unknown[] = [];
  routers.followInstances((instances) => heard.push(instances));
  t.same(heard, [[]]);
  await book(database);
  await new Promise((resolve) => setImmediate(resolve));
  t.match(heard.at(-1), [
    { name: PODS, 'vn-index': 1, 'route-targets': ['target:64512:8000001'], import: [], export: [] },
    { name: SERVICES, 'vn-index': 2, 'route-targets': ['target:64512:8000002'] },
    { name: EXTERNAL, 'vn-index': 3, 'route-targets': ['target:64512:8000003', 'target:500:500'] },
  ]);
  const count = heard.length;
  await database.create('virtual-machine', { fqName: ['vm'] });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(heard.length, count);
});
