import t from 'tap';
import { type RouteView, fetchView, readConfig } from '@vaportrail/show';
import { agentFileConfig } from '../src/agent-file.ts';
import { Fleet } from '../src/fleet.ts';
import { Reflector, until } from './reflector.ts';

t.test('a fleet after a pattern: names, addresses and networks count up', async (t) => {
  const fleet = Fleet.of({
    count: 25,
    interfaces: 2,
    'first-local-address': '127.0.1.0',
    'control-nodes': [{ address: '127.0.0.1' }],
  });
  t.equal(fleet.size, 25);
  const last = fleet.get('compute-00024')!;
  t.equal(last.address, '10.128.0.25');
  t.same(
    [...last.vrfs].map(({ name }) => name).at(-1),
    'default-domain:fleet:net-0002:net-0002',
    'ten agents to a network',
  );
  t.same(last.interfaces.get('tap1')!.addresses, ['10.0.0.50']);
  t.equal(last.peers[0]!.settings.localAddress, '127.0.1.24');
});

t.test('a hundred agents connect in waves and learn the routes of their network', async (t) => {
  const control = await Reflector.start();
  t.teardown(() => control.stop());
  let most = 0;
  const fleet = Fleet.of(
    { count: 100, wave: 10, 'control-nodes': [{ address: '127.0.0.1', port: control.port }] },
    {
      onSession: () => {
        most = Math.max(most, [...fleet].filter(({ peers }) => peers[0]!.state === 'connecting').length);
      },
    },
  );
  t.teardown(() => fleet.stop());
  await fleet.start();
  await until(
    'everybody knows everybody of its network',
    () => [...fleet].every(({ peers }) => peers[0]!.inSync && peers[0]!.counters.items >= 10),
    20,
  );
  t.ok(most <= 10, `${most} were connecting at one time`);
  const [route] = await fetchView<RouteView[]>(fleet.url!, '/routes', {
    agent: 'compute-00042',
    prefix: '10.0.0.50/32',
  });
  t.match(route, { paths: [{ nextHop: '10.128.0.50', label: 16 }] });
  await t.rejects(fetchView(fleet.url!, '/routes', {}), { message: /say which by \?agent=NAME/ });
});

t.test('agents of a file come, change and go when it is read again', async (t) => {
  const control = await Reflector.start();
  t.teardown(() => control.stop());
  const agent = (name: string, address: string, pods: string[]): string =>
    `- { name: ${name}, address: ${address}, control-nodes: [{ address: 127.0.0.1, port: ${control.port} }], interfaces: [${pods
      .map((pod) => `{ name: tap-${pod}, vrf: 'd:p:n:n', address: ${pod} }`)
      .join(', ')}] }`;
  const file = (...agents: string[]): ReturnType<typeof agentFileConfig.parse> =>
    readConfig(`agents:\n${agents.join('\n')}`, 'agents.yaml', agentFileConfig);
  const fleet = new Fleet(file(agent('a', '10.1.1.1', ['10.0.0.1']), agent('b', '10.1.1.2', ['10.0.0.2'])));
  t.teardown(() => fleet.stop());
  await fleet.start();
  const hops = (prefix: string): string[] => control.routes('d:p:n:n', prefix);
  await until('both', () => hops('10.0.0.1/32').length + hops('10.0.0.2/32').length === 2);
  await fleet.reload(
    file(agent('a', '10.1.1.1', ['10.0.0.1', '10.0.0.9']), agent('c', '10.1.1.3', ['10.0.0.3'])),
  );
  await until('changed', () => hops('10.0.0.9/32').length === 1 && hops('10.0.0.3/32').length === 1);
  await until('gone', () => hops('10.0.0.2/32').length === 0);
  t.equal(fleet.get('b'), undefined);
  t.equal(fleet.get('a')!.peers[0]!.flaps, 0);
});
