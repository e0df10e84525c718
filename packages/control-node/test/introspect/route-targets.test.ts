import t from 'tap';

import { routeTargetGroups } from '../../src/introspect/route-targets.ts';
import { RED, agent, controlNode } from '../running.ts';

t.test('a target is imported and exported by tables, and wanted by peers', async (t) => {
  const node = await controlNode(t);
  const [red, blue] = node.routingInstances().filter(({ name }) => name.includes(':demo:'));
  const groups = routeTargetGroups([red!, { ...blue!, import: ['64512:8000004'], export: [] }], [
    {
      table: 'bgp.rtarget.0',
      family: 'route-target',
      prefix: '64512:target:64512:8000004/96',
      paths: [
        { protocol: 'local', source: 'ctrl-1' },
        { protocol: 'bgp', source: '10.1.1.9' },
        { protocol: 'bgp', source: '10.1.1.8' },
      ],
    },
    {
      table: 'bgp.rtarget.0',
      family: 'route-target',
      prefix: '64512:target:64512:77/96',
      paths: [{ protocol: 'bgp', source: '10.1.1.9' }],
    },
    { table: 'bgp.rtarget.0', family: 'route-target', prefix: '0/0', paths: [] },
  ] as never);
  t.same(
    groups.map(({ target, peers }) => [target, peers]),
    [
      ['target:64512:8000004', ['10.1.1.9', '10.1.1.8']],
      ['target:64512:77', ['10.1.1.9']],
    ],
  );
  t.same(groups[0]?.importers.get('inet'), [`${RED}.inet.0`, blue!.tables[0]!.name]);
  t.same(groups[0]?.exporters.get('inet'), [`${RED}.inet.0`]);
});

t.test('Contrail clients find targets, connections and the octets of BGP', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  await one.hears(/EndOfRib/);
  const ask = (request: string): Promise<string> =>
    fetch(`${node.url}/Snh_${request}`).then((answer) => answer.text());
  t.match(
    await ask('ShowRtGroupReq?search_string=8000004'),
    new RegExp(
      `<rtarget type="string" identifier="1" link="ShowRtGroupReq">target:64512:8000004<.*<import_members.*<family [^>]*>inet<.*<element>${RED}\\.inet\\.0<`,
    ),
  );
  const connections = await ask('ShowXmppConnectionReq');
  t.match(
    connections,
    /<name [^>]*>compute-1<.*<remote_endpoint [^>]*>127\.0\.0\.1:\d+<.*<state [^>]*>Established</,
  );
  t.match(await ask('ShowBgpServerReq'), /<rx_socket_stats.*<bytes type="u64" identifier="1">0</);
  t.match(await ask('BgpNeighborReq?search_string=127.0.0.1'), 'compute-1', 'by its address');
});
