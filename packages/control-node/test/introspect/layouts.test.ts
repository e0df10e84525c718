// Structures of introspect have the fields of the original, in its order and with its numbers.
import t from 'tap';

import { type Layout, answer, structures } from '@vaportrail/show/sandesh';
import { neighborFields } from '../../src/introspect/neighbors.ts';
import * as layouts from '../../src/introspect/layouts.ts';
import { RED, agent, controlNode, route } from '../running.ts';

/** Fields directly inside of the first structure of a name, with their numbers. */
function fieldsOf(xml: string, structure: string): Record<string, number> {
  const fields: Record<string, number> = {};
  const start = xml.indexOf(`<${structure}>`) + structure.length + 2;
  let depth = 0;
  for (const [, end, name, attributes = ''] of xml.slice(start).matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
    if (end === '/') {
      if (--depth < 0) break;
      continue;
    }
    if (depth++ === 0) fields[name!] = Number(/identifier="(\d+)"/.exec(attributes)?.[1]);
  }
  return fields;
}

/** Those of a layout that an answer has. */
function within(layout: Layout, fields: Record<string, number>): [string, number][] {
  return Object.entries(layout).filter(([name]) => name in fields);
}

t.test('every answer keeps to the layout', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  one.publish({ ...route, prefix: '2001:db8::1/129', family: '2/1' });
  await one.hears(/<item /);
  const ask = (request: string): Promise<string> =>
    fetch(`${node.url}/Snh_${request}`).then((answer) => answer.text());
  const expected: readonly (readonly [request: string, structure: string, layout: Layout])[] = [
    [`ShowRouteReq?x=${RED}.inet.0`, 'ShowRouteTable', layouts.routeTable],
    [`ShowRouteReq?x=${RED}.inet.0`, 'ShowRoutePath', layouts.routePath],
    [`ShowRouteReq?x=${RED}.inet.0`, 'ShowPmsiTunnel', layouts.pmsiTunnel],
    ['ShowRouteSummaryReq', 'ShowRouteTableSummary', layouts.routeTableSummary],
    ['BgpNeighborReq', 'BgpNeighborResp', { ...layouts.neighborSummary, ...layouts.neighborDetail }],
    ['ShowBgpNeighborSummaryReq', 'BgpNeighborResp', layouts.neighborSummary],
    ['BgpNeighborReq', 'PeerCloseInfo', layouts.closeInfo],
    ['ShowRoutingInstanceReq?x=red', 'ShowRoutingInstance', layouts.routingInstance],
    ['ShowRoutingInstanceSummaryReq?x=red', 'ShowRoutingInstance', layouts.routingInstance],
    ['ShowXmppConnectionReq', 'ShowXmppConnection', layouts.xmppConnection],
    ['ShowRtGroupReq', 'ShowRtGroupInfo', layouts.routeTargetGroup],
    ['ShowRoutingInstanceReq?x=red', 'ShowRoutingInstanceTable', layouts.routingInstanceTable],
  ];
  for (const [request, structure, layout] of expected) {
    const fields = fieldsOf(await ask(request), structure);
    t.ok(Object.keys(fields).length > 3, structure);
    t.strictSame(Object.entries(fields), within(layout, fields), `${request}: ${structure}`);
  }
  const neighbor = await ask('BgpNeighborReq');
  t.match(neighbor, '<more type="bool" identifier="0">false</more></BgpNeighborListResp>');
  t.match(neighbor, /<import_targets type="list" identifier="4">.*<element>target:64512:8000004<\/element>/);
  t.match(neighbor, /<bad_inet6_prefix_count type="u64" identifier="2">1</);
  t.match(
    neighbor,
    /<rx_update_stats.*<total [^>]*>1<.*<reach [^>]*>1<.*<unreach [^>]*>0<.*<tx_update_stats/,
  );
});

t.test('a BGP peer shows its families, and no counts that nobody has made', async (t) => {
  const traffic = { messages: 3, octets: 99, updates: 1, opens: 1, keepalives: 1, notifications: 0 };
  const fields = neighborFields(
    {
      name: 'mx',
      address: '10.1.1.9',
      protocol: 'bgp',
      type: 'external',
      state: 'Established',
      asn: 64513,
      families: ['inet-vpn'],
      flaps: 2,
      received: traffic,
      sent: traffic,
      paths: 7,
      backlog: 0,
      prefixLimit: 1000,
      port: 179,
    },
    { asn: 64512, routerId: '10.1.1.1', clusterId: '10.1.1.1' },
  );
  const xml = answer('BgpNeighborListResp', { neighbors: structures('BgpNeighborResp', [fields]) });
  t.match(
    xml,
    /<transport_address [^>]*>10\.1\.1\.9:179<.*<cluster_id type="string" identifier="64">10\.1\.1\.1</,
  );
  t.match(
    xml,
    /<ShowBgpNeighborFamily><family [^>]*>inet-vpn<.*<prefix_limit type="u32" identifier="3">1000</,
  );
  t.match(xml, /<PeerProtoStats><total [^>]*>3<.*<open [^>]*>1<.*<keepalive [^>]*>1<.*<update [^>]*>1</);
  t.notMatch(xml, /<reach /);
});
