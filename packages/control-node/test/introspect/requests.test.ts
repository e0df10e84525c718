// What clients of Contrail's introspect send, and what they find: `contrail-introspect-cli`, `contrail-status`, browsers.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { StrictParser } from '@vaportrail/xmpp';
import t from 'tap';

import { BLUE, RED, agent, controlNode, eventually, route } from '../running.ts';
import type { ControlNode } from '../../src/control-node.ts';

const asking =
  (node: ControlNode) =>
  async (request: string): Promise<string> => {
    const response = await fetch(`${node.url}/Snh_${request}`);
    const body = await response.text();
    t.equal(response.status, 200, request);
    t.match(response.headers.get('content-type'), /^text\/xml/, request);
    t.ok(
      body.startsWith('<?xml-stylesheet type="text/xsl" href="/universal_parse.xsl"?>'),
      `${request}: names the stylesheet`,
    );
    return body;
  };

/** Texts of an element, wherever it stands. */
const texts = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}(?: [^>]*)?>([^<]*)</${element}>`, 'g'))].map(([, text]) => text!);

t.test('fields count by their place whatever they are called, and empty ones say nothing', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  one.publish({ ...route, prefix: '172.16.0.9/32', label: 26 });
  await one.hears(/<item id="172\.16\.0\.9/);
  const ask = asking(node);
  const table = `${RED}.inet.0`;
  for (const request of [
    `ShowRouteReq?x=${table}`,
    `ShowRouteReq?name=${table}`,
    `ShowRouteReq?routing_table=${table}`,
    `ShowRouteReq?routing_table=&routing_instance=${RED}&prefix=&longer_match=&shorter_match=&count=` +
      '&start_routing_table=&start_routing_instance=&start_prefix=&source=&protocol=XMPP&family=inet',
    `ShowRouteReq?routing_table=${table}&routing_instance=&prefix=172.16.0.0%2F24&longer_match=1&shorter_match=` +
      '&count=&start_routing_table=&start_routing_instance=&start_prefix=&source=compute-1&protocol=&family=',
    `ShowRouteReq?a=${table}&b=${RED}&c=172.16.0.0/16&d=true&e=false&f=10`,
    `ShowRouteReq?x=${table}&nothing=&of=&the=&kind=&at=&all=&and=&more=&besides=&these=&fields=`,
  ])
    t.same(texts(await ask(request), 'prefix'), ['172.16.0.3/32', '172.16.0.9/32'], request);
  const shorter = `ShowRouteReq?x=${table}&y=&z=172.16.0.3/32&l=&s=1`;
  t.same(texts(await ask(shorter), 'prefix'), ['172.16.0.3/32']);
  t.same(texts(await ask('ShowRoutingInstanceReq?name=red'), 'name').slice(0, 1), [RED]);
  t.same(texts(await ask('BgpNeighborReq?domain=&x=1'), 'peer'), ['compute-1'], 'an empty search finds all');
});

t.test('what is not there is an empty list, and what makes no sense an ErrResp', async (t) => {
  const node = await controlNode(t);
  const ask = asking(node);
  const empty = '<list type="struct" size="0"></list>';
  for (const request of [
    'ShowRouteReq?x=nosuch.inet.0',
    'ShowRouteReq?routing_instance=nosuch',
    `ShowRouteReq?x=${RED}.inet.0&source=nobody`,
    'BgpNeighborReq?x=nosuch',
    'ShowRoutingInstanceReq?x=nosuch',
    'ShowRtGroupPeerReq?x=nobody',
    'ShowRtGroupReqIterate?x=what',
  ])
    t.match(await ask(request), empty, request);
  for (const [request, because] of [
    ['ShowRouteReq?x=&y=&prefix=10.0.0.0/33', /10\.0\.0\.0\/33/],
    ['ShowRouteReq?count=many', /&quot;many&quot; is not a number of routes/],
    ['ShowRouteReqIterate?x=a||b', /not that of a next page/],
  ] as const)
    t.match(texts(await ask(request), 'resp').join(), because, request);
  const unknown = await fetch(`${node.url}/Snh_ShowRoutReq`);
  t.equal(unknown.status, 404);
  t.match(await unknown.text(), /did you mean \/Snh_ShowRouteReq\?/);
});

t.test('every answer is XML whatever names and questions have in them', async (t) => {
  const odd = `<b>"x"&'y'`;
  const node = await controlNode(t);
  const one = await agent(
    t,
    node,
    odd.replaceAll(/[<>"&]/g, (c) => `&#${c.charCodeAt(0)};`),
  );
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  const ask = asking(node);
  const encoded = encodeURIComponent(odd);
  const requests = [
    'BgpNeighborReq',
    `BgpNeighborReq?x=${encoded}`,
    'ShowBgpNeighborSummaryReq',
    'ShowRoutingInstanceReq',
    'ShowRoutingInstanceSummaryReq',
    'ShowRouteSummaryReq',
    'ShowRtGroupReq',
    'ShowRtGroupSummaryReq',
    'ShowRtGroupPeerReq',
    'ShowXmppServerReq',
    'ShowXmppConnectionReq',
    'ShowBgpServerReq',
    'ShowRouteReq',
    `ShowRouteReq?prefix=${encoded}`,
    `ShowRouteReq?x=${encoded}||${encoded}`,
    `ShowRouteReq?x=${'y'.repeat(8000)}`,
    `BgpNeighborReqIterate?x=||${encoded}`,
    'SandeshUVECacheReq?x=NodeStatus',
    'SandeshUVECacheReq?x=BgpRouterState',
    `SandeshUVECacheReq?x=${encoded}`,
    'SandeshUVECacheReq?x=constructor',
    `SandeshTraceRequest?x=${encoded}`,
    'SandeshTraceBufferListRequest',
    'BgpNeighborReq?x=%00%01%ff',
  ];
  for (const request of requests) {
    const xml = (await ask(request)).replace(/^<\?.*?\?>/, '');
    t.doesNotThrow(() => new StrictParser().parse(Buffer.from(xml)), `${request}: whole`);
    t.notMatch(xml, '<b>', `${request}: nothing of a name is markup`);
  }
  t.match(await ask(`BgpNeighborReq?x=${encoded}`), "&lt;b&gt;&quot;x&quot;&amp;'y'");
});

t.test('the network that a path began in, and the AS of its session', async (t) => {
  const node = await controlNode(t, {
    'routing-instances': [
      { name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] },
      { name: BLUE, 'vn-index': 7, import: ['64512:8000004'] },
    ],
  });
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  const ask = asking(node);
  for (const table of [`${RED}.inet.0`, `${BLUE}.inet.0`, 'bgp.l3vpn.0']) {
    const xml = await ask(`ShowRouteReq?x=${table}`);
    t.same(texts(xml, 'origin_vn'), ['default-domain:demo:red'], table);
    t.same([texts(xml, 'local_as'), texts(xml, 'peer_as')], [['0'], ['0']], 'an agent has none');
  }
});

t.test('contrail-status sees a process that works, and its operator how many peers it has', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  await eventually(() => node.neighbors()[0]);
  const ask = asking(node);
  const status = await ask('SandeshUVECacheReq?x=NodeStatus');
  t.match(
    status,
    '?><__NodeStatusUVE_list type="slist"><NodeStatusUVE type="sandesh"><data type="struct" identifier="1"><NodeStatus>' +
      '<name type="string" identifier="1" key="ObjectBgpRouter">ctrl-1</name><process_status type="list" identifier="4">',
  );
  t.same(texts(status, 'module_id'), ['contrail-control']);
  t.same(texts(status, 'state'), ['Functional']);
  t.ok(
    status.endsWith(
      '</NodeStatusUVE><SandeshUVECacheResp type="sandesh"><returned type="u32" identifier="1">1</returned>' +
        '<period type="i32" identifier="2">0</period><more type="bool" identifier="0">false</more></SandeshUVECacheResp></__NodeStatusUVE_list>',
    ),
  );
  const state = await ask('SandeshUVECacheReq?x=BgpRouterState');
  t.match(state, '<__BGPRouterInfo_list type="slist"><BGPRouterInfo type="sandesh">');
  t.same(texts(state, 'num_xmpp_peer'), ['1']);
  t.same(texts(state, 'num_up_xmpp_peer'), ['1']);
  t.same(texts(state, 'num_bgp_peer'), ['0']);
  t.same(texts(state, 'num_routing_instance'), ['3'], 'the underlay is one');
  t.same(texts(await ask('SandeshUVECacheReq?x=nosuch'), 'returned'), ['0']);
  t.match(
    texts(await ask('SandeshTraceRequest?x=XmppMessageTrace'), 'element').join(),
    /no trace buffer XmppMessageTrace/,
  );
});

t.test('a control node without its configuration does not work', async (t) => {
  const node = await controlNode(t, { config: 'http://127.0.0.1:1' });
  const status = await asking(node)('SandeshUVECacheReq?x=NodeStatus');
  t.same(texts(status, 'state'), ['Non-Functional']);
  t.match(texts(status, 'description').at(-1), /Config: http:\/\/127\.0\.0\.1:1.* connection down/);
  t.same(texts(status, 'status'), ['Down']);
});

const xsltproc = '/usr/bin/xsltproc';

t.test(
  'a browser shows an answer by the stylesheet it names',
  { skip: existsSync(xsltproc) ? false : 'xsltproc is not installed' },
  async (t) => {
    const node = await controlNode(t);
    const one = await agent(t, node, 'compute-1');
    one.subscribe(RED, 4);
    one.publish(route);
    await one.hears(/<item /);
    const stylesheet = await fetch(`${node.url}/universal_parse.xsl`);
    t.match(stylesheet.headers.get('content-type'), /^text\/xsl/);
    const folder = t.testdir({
      'universal_parse.xsl': await stylesheet.text(),
      'answer.xml': await asking(node)(`ShowRouteReq?x=${RED}.inet.0`),
    });
    const html = execFileSync(xsltproc, [`${folder}/universal_parse.xsl`, `${folder}/answer.xml`], {
      encoding: 'utf8',
    });
    t.match(html, '<h1>ShowRouteResp</h1>');
    t.match(html, `<a href="Snh_ShowRouteReq?x=${RED}.inet.0">${RED}.inet.0</a>`);
    t.match(html, /<td>172\.16\.0\.3\/32<\/td>/);
    t.match(html, '<div>secgroup:64512:8000002</div>');
  },
);
