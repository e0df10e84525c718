// What a control node shows over HTTP.
import { fetchView } from '@vaportrail/show';
import type { DaemonView, NeighborView, RouteView, RoutingInstanceView, TableView } from '@vaportrail/show';
import t from 'tap';

import { FIP, RED, agent, controlNode, route } from './running.ts';

t.test('everything can be asked for as JSON', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  one.publish({ ...route, prefix: '172.16.1.0/24' });
  one.publish({ ...route, prefix: '2001:db8::/64', family: '2/1' });
  await one.hears(/2001:db8::\/64/);
  const base = node.url!;
  t.match(await fetchView<DaemonView>(base, '/daemon'), {
    kind: 'control-node',
    name: 'ctrl-1',
    asn: 64512,
    routerId: '10.1.1.1',
  });
  t.match(await fetchView<NeighborView[]>(base, '/neighbors'), [
    {
      name: 'compute-1',
      protocol: 'xmpp',
      state: 'Established',
      paths: 3,
      subscriptions: [{ instance: RED, instanceId: 4 }],
    },
  ]);
  t.match(await fetchView<RoutingInstanceView[]>(base, '/routing-instances', { name: RED }), [
    {
      name: RED,
      virtualNetwork: 'default-domain:demo:red',
      virtualNetworkIndex: 6,
      import: ['64512:8000004'],
      export: ['64512:8000004'],
      subscribers: [{ agent: 'compute-1', instanceId: 4, state: 'established' }],
      tables: [
        { name: `${RED}.inet.0`, prefixes: 2, primaryPaths: 2, secondaryPaths: 0 },
        { name: `${RED}.inet6.0` },
      ],
    },
  ]);
  const tables = await fetchView<TableView[]>(base, '/tables');
  t.match(
    tables.find(({ name }) => name === 'bgp.l3vpn.0'),
    { prefixes: 2, secondaryPaths: 2 },
  );
  const texts = async (query: Record<string, string>) =>
    (await fetchView<RouteView[]>(base, '/routes', query))
      .map(({ table, prefix }) => `${table} ${prefix}`)
      .sort();
  t.same(await texts({ prefix: FIP }), ['bgp.l3vpn.0 10.1.1.3:4:172.16.0.3/32', `${RED}.inet.0 ${FIP}`]);
  t.same(await texts({ prefix: '172.16.0.3', table: `${RED}.inet.0` }), [`${RED}.inet.0 ${FIP}`]);
  t.same(await texts({ prefix: `10.1.1.3:4:${FIP}` }), ['bgp.l3vpn.0 10.1.1.3:4:172.16.0.3/32']);
  t.same(await texts({ prefix: '172.16.0.0/16', match: 'longer', instance: RED }), [
    `${RED}.inet.0 ${FIP}`,
    `${RED}.inet.0 172.16.1.0/24`,
  ]);
  t.same(await texts({ prefix: '172.16.1.9/32', match: 'shorter', instance: RED }), [
    `${RED}.inet.0 172.16.1.0/24`,
  ]);
  t.same(await texts({ family: 'inet6-vpn' }), ['bgp.l3vpn-inet6.0 10.1.1.3:4:2001:db8::/64']);
  t.same(await texts({ source: 'nobody' }), []);
  t.equal((await texts({ limit: '1' })).length, 1);
});

t.test('a question that makes no sense is told so', async (t) => {
  const node = await controlNode(t);
  const base = node.url!;
  await t.rejects(fetchView(base, '/routes', { table: 'nosuch.inet.0' }), {
    status: 404,
    message: /no table nosuch\.inet\.0/,
  });
  await t.rejects(fetchView(base, '/routes', { instance: 'nosuch' }), {
    status: 404,
    message: /no instance nosuch/,
  });
  await t.rejects(fetchView(base, '/routes', { prefix: '300.0.0.0/8' }), {
    status: 400,
    message: /300\.0\.0\.0/,
  });
  await t.rejects(fetchView(base, '/routes', { limit: '-1' }), {
    status: 400,
    message: /"-1" is not a number/,
  });
  await t.rejects(fetchView(base, '/routes', { match: 'near' }), {
    status: 400,
    message: /exact, longer or shorter/,
  });
});

t.test("clients of Contrail's introspect find what they look for", async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  const ask = async (request: string) => {
    const response = await fetch(`${node.url}/${request}`);
    t.equal(response.status, 200, request);
    t.match(response.headers.get('content-type'), /^text\/xml/);
    return response.text();
  };
  const routes = await ask(`Snh_ShowRouteReq?routing_table=${RED}.inet.0&prefix=&longer_match=`);
  t.match(routes, /<ShowRouteResp type="sandesh">.*<prefix [^>]*>172\.16\.0\.3\/32</);
  t.match(routes, /<source [^>]*>compute-1<.*<label [^>]*>25</);
  t.match(
    await ask('Snh_ShowRouteSummaryReq?search_string=l3vpn'),
    /<name [^>]*>bgp\.l3vpn\.0<.*<prefixes [^>]*>1</,
  );
  t.match(
    await ask('Snh_BgpNeighborReq?search_string='),
    /<peer [^>]*>compute-1<.*<encoding [^>]*>XMPP<.*<state [^>]*>Established</,
  );
  const neighbor = await ask('Snh_BgpNeighborReq?x=compute-1');
  t.match(neighbor, /<closed_at [^>]*><.*<last_event [^>]*>header<.*<last_state [^>]*>Active</);
  t.match(neighbor, /<last_state_at [^>]*>\d{4}-[A-Z][a-z]{2}-\d\d .*<auth_type [^>]*>NIL</);
  t.match(
    neighbor,
    new RegExp(
      `<BgpNeighborRoutingTable><name [^>]*>${RED}\\.inet\\.0<.*<PeerRxErrorStats>.*<total [^>]*>0<`,
    ),
  );
  one.publish({ ...route, prefix: '172.16.9.9/32', nextHop: '2001:db8::1' });
  one.publish({ ...route, prefix: '172.16.1.1/32' });
  await one.hears(/<item id="172\.16\.1\.1/);
  t.match(await ask('Snh_BgpNeighborReq?x=compute-1'), /<PeerRxErrorStats>.*<total [^>]*>1</);
  t.match(await ask('Snh_ShowBgpNeighborSummaryReq'), /<ShowBgpNeighborSummaryResp/);
  t.match(
    await ask('Snh_ShowRoutingInstanceReq?x=red'),
    /<vn_index [^>]*>6<.*<element>target:64512:8000004<.*<peer [^>]*>compute-1</,
  );
  t.match(await ask('Snh_ShowXmppServerReq'), /<current_connections [^>]*>1</);
});
