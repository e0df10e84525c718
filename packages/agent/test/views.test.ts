import t from 'tap';
import {
  type NeighborView,
  type RouteView,
  type VrfView,
  type VrouterInterfaceView,
  type VrouterNextHopView,
  type VrouterRouteTableView,
  fetchView,
  nextHopGetText,
  routeDumpText,
} from '@vaportrail/show';
import { Agent } from '../src/agent.ts';
import { FABRIC_VRF } from '../src/vrf.ts';
import { POD_VRF, SERVICE_VRF } from './compute-node.ts';
import { Reflector, until } from './reflector.ts';

t.test('the views of an agent with a service on two nodes', async (t) => {
  const control = await Reflector.start();
  t.teardown(() => control.stop());
  const node = (number: number, address: string, label: number, views: object): Agent => {
    const agent = Agent.from({
      name: `cent${number}`,
      address: `10.169.25.${number}`,
      mac: number === 20 ? '00:50:56:9e:62:25' : '00:50:56:9e:e6:66',
      neighbors: [{ address: '10.169.25.21', mac: '00:50:56:9e:e6:66' }],
      'control-nodes': [{ address: '127.0.0.1', port: control.port }],
      vrfs: [{ name: POD_VRF, 'instance-id': 2, subnets: ['10.32.0.0/12'] }],
      interfaces: [
        {
          name: 'tapeth0-304431',
          vrf: POD_VRF,
          address,
          label,
          index: 8,
          mac: '02:30:51:c0:fc:9e',
          'floating-ips': [{ address: '10.105.139.153', vrf: SERVICE_VRF }],
        },
      ],
      ...views,
    });
    t.teardown(() => agent.stop());
    return agent;
  };
  const one = node(20, '10.47.255.236', 43, { introspect: {} });
  const two = node(21, '10.47.255.238', 28, {});
  await Promise.all([one.start(), two.start()]);
  t.equal(two.url, undefined, 'views are served where that is asked for');
  await until('ECMP', () => one.route(SERVICE_VRF, '10.105.139.153')?.active?.nextHop.type === 'composite');
  const view = <T>(path: string, query: Record<string, string> = {}): Promise<T> =>
    fetchView<T>(one.url!, path, query);

  t.match(await view('/daemon'), { name: 'cent20', kind: 'agent', routerId: '10.169.25.20' });
  t.match(await view<VrfView[]>('/vrfs'), [
    { name: FABRIC_VRF, instanceId: 0, routes: 1 },
    { name: SERVICE_VRF, instanceId: 1, routeDistinguisher: '10.169.25.20:1', routes: 1, paths: 2 },
    { name: POD_VRF, instanceId: 2, routes: 3 },
  ]);
  const [neighbor] = await view<NeighborView[]>('/neighbors');
  t.match(neighbor, {
    type: 'control-node',
    state: 'Established',
    endOfRib: { all: true },
    flaps: 0,
    paths: 3,
  });
  t.ok(neighbor!.received.octets > 0);

  const [service] = await view<RouteView[]>('/routes', { table: `${SERVICE_VRF}.inet.0` });
  t.match(service, { prefix: '10.105.139.153/32', family: 'inet' });
  t.match(service!.paths, [
    { protocol: 'xmpp', best: true, multipath: true, nextHop: '10.169.25.20', label: 43, localPref: 200 },
    { protocol: 'xmpp', best: false, multipath: true, nextHop: '10.169.25.21', label: 28 },
    { protocol: 'local', best: false, notBest: { step: 'learned', reason: 'is of this node only' } },
  ]);
  t.match(await view<RouteView[]>('/routes', { vrf: '2', prefix: '10.47.255.238/32' }), [
    { paths: [{ nextHop: '10.169.25.21', encapsulations: ['MPLSoUDP'] }] },
  ]);
  const byAddress = await view<RouteView[]>('/routes', { vrf: '2', prefix: '10.47.255.238' });
  t.equal(byAddress[0]?.prefix, '10.47.255.238/32', 'an address stands for its own prefix');
  t.match(await view<RouteView[]>('/routes', { vrf: POD_VRF, limit: '1' }), [
    { prefix: '10.32.0.0/12', paths: [{ protocol: 'static', nextHop: 'discard', feasible: true }] },
  ]);

  const nextHops = await view<VrouterNextHopView[]>('/vrouter/next-hops');
  const composite = nextHops.find(({ type }) => type === 'composite')!;
  const [encap, tunnel] = [composite.members![0]!.id, composite.members![1]!.id];
  const text = nextHopGetText(nextHops, composite.id)!;
  t.match(text, `Sub NH(label): ${encap}(43) ${tunnel}(28)\n`);
  t.match(text, 'Flags:Valid, MPLSoUDP, Etree Root, \n');
  t.match(text, 'Oif:0 Len:14 Data:00 50 56 9e e6 66 00 50 56 9e 62 25 08 00 \n');
  t.match(text, 'Sip:10.169.25.20 Dip:10.169.25.21\n');
  t.match(text, 'EncapFmly:0806 Oif:8 Len:14\n');
  t.match(text, 'Encap Data: 02 30 51 c0 fc 9e 00 00 5e 00 01 00 08 00 \n');

  const table = await view<VrouterRouteTableView>('/vrouter/routes', { vrf: '2' });
  t.same(
    table.routes.map(({ prefix, label }) => [prefix, label]),
    [
      ['10.32.0.0/12', undefined],
      ['10.47.255.236/32', undefined],
      ['10.47.255.238/32', 28],
    ],
  );
  t.match(routeDumpText(table), /^10\.47\.255\.238\/32 +32 +LP +28 +\d+ +-$/m);
  const interfaces = await view<VrouterInterfaceView[]>('/vrouter/interfaces');
  t.match(interfaces, [
    { index: 0, name: 'fabric', type: 'physical' },
    { index: 1, name: 'vhost0', type: 'host', address: '10.169.25.20' },
    { index: 2, name: 'pkt0', os: false },
    { index: 8, name: 'tapeth0-304431', mac: '00:00:5e:00:01:00', flags: ['P', 'L3', 'D', 'Er'] },
  ]);
  t.match(await view('/vrouter/labels'), [{ label: 43, nextHop: interfaces[3]!.nextHop }]);
  t.match(await view('/vrouter/flows'), { entries: 629_760, size: 80_609_280, flows: [] });

  await t.rejects(view('/routes', { vrf: 'nowhere' }), { message: /cent20 has no VRF nowhere/ });
  await t.rejects(view('/routes', { table: 'nonsense' }), { message: /no table nonsense/ });
  await t.rejects(view('/routes', { family: 'ipx' }), { message: /inet or inet6/ });
  await t.rejects(view('/routes', { limit: 'many' }), { message: /not a number/ });
  await t.rejects(view('/vrfs', { agent: 'cent99' }), { message: /no agent cent99/ });
});
