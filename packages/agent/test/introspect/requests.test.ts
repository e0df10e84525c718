import t, { type Test } from 'tap';
import { ViewServer } from '@vaportrail/show';
import { Agent } from '../../src/agent.ts';
import { serveViews } from '../../src/views.ts';
import { POD_VRF, SERVICE_VRF } from '../compute-node.ts';
import { Reflector, until } from '../reflector.ts';

const agent = Agent.from({
  name: 'cent222',
  address: '10.169.25.20',
  'control-nodes': [{ address: '10.169.25.19' }],
  vrfs: [{ name: POD_VRF, 'instance-id': 2 }],
  interfaces: [
    {
      name: 'tapeth0-304431',
      vrf: POD_VRF,
      address: '10.47.255.236',
      label: 43,
      mac: '02:30:51:c0:fc:9e',
      'floating-ips': [
        {
          address: '10.105.139.153',
          vrf: SERVICE_VRF,
          direction: 'ingress',
          'port-maps': [{ port: 80, 'nat-port': 8888 }],
        },
      ],
    },
  ],
});
const server = new ViewServer();
serveViews(server, [agent]);
await server.listen();
t.teardown(() => server.close());

async function ask(request: string): Promise<string> {
  const response = await fetch(`${server.url}/Snh_${request}`);
  return response.text();
}

t.test('routes of a VRF, with paths and their next hops', async (t) => {
  const xml = await ask('Inet4UcRouteReq?vrf_index=2');
  t.match(
    xml,
    /^<\?xml-stylesheet type="text\/xsl" href="\/universal_parse.xsl"\?><Inet4UcRouteResp type="sandesh"><route_list type="list" identifier="1"><list type="struct" size="1"><RouteUcSandeshData>/,
  );
  t.match(
    xml,
    '<src_ip type="string" identifier="1">10.47.255.236</src_ip><src_plen type="i32" identifier="2">32<',
  );
  t.match(xml, `<src_vrf type="string" identifier="3" link="VrfListReq">${POD_VRF}</src_vrf>`);
  t.match(xml, '<peer type="string" identifier="4">LocalVmPort</peer>');
  t.match(
    xml,
    '<supported_tunnel_type type="string" identifier="11">MPLSoGRE MPLSoUDP</supported_tunnel_type>',
  );
  t.match(xml, '<itf type="string" identifier="8" link="ItfReq">tapeth0-304431</itf>');
  t.match(xml, '<preference type="i32" identifier="2">200</preference>');
  t.match(xml, /<\/route_list><more type="bool" identifier="0">false<\/more><\/Inet4UcRouteResp>$/);
  t.match(
    await ask('Inet4UcRouteReq?x=2&src_ip=10.47.255.236&prefix_len=32'),
    'size="1"><RouteUcSandeshData>',
  );
  t.match(await ask('Inet4UcRouteReq?x=2&src_ip=10.47.255.1'), '<list type="struct" size="0"></list>');
  t.match(await ask('Inet6UcRouteReq?vrf_index=2'), '<Inet6UcRouteResp');
  t.match(await ask('Inet4UcRouteReq?vrf_index=99'), 'size="0"');
});

t.test('next hops, one or all', async (t) => {
  const all = await ask('NhListReq');
  t.match(all, `size="${agent.nextHops.size}"`);
  t.match(all, '<type type="string" identifier="1">interface</type>');
  t.match(all, '<type type="string" identifier="1">discard</type>');
  const one = await ask(`NhListReq?nh_index=${agent.interfaces.get('tapeth0-304431')!.policyNextHop!.id}`);
  t.match(one, '<policy type="string" identifier="4">enabled</policy>');
  t.match(one, '<mac type="string" identifier="9">02:30:51:c0:fc:9e</mac>');
  t.match(one, 'size="1"');
});

t.test('VRFs by part of their name', async (t) => {
  const xml = await ask('VrfListReq?name=pods');
  t.match(
    xml,
    `<name type="string" identifier="1">${POD_VRF}</name><ucindex type="i32" identifier="2" link="Inet4UcRouteReq">2<`,
  );
  t.match(xml, '<RD type="string" identifier="13">10.169.25.20:2</RD>');
  t.match(xml, 'size="1"');
});

t.test('interfaces with their floating IPs as in the lab', async (t) => {
  const xml = await ask('ItfReq?name=tapeth0');
  t.match(xml, '<label type="i32" identifier="9">43</label>');
  t.match(
    xml,
    '<FloatingIpSandeshList><ip_addr type="string" identifier="1">10.105.139.153</ip_addr>' +
      `<vrf_name type="string" identifier="2" link="VrfListReq">${SERVICE_VRF}</vrf_name>` +
      '<installed type="string" identifier="3">Y</installed><fixed_ip type="string" identifier="4">10.47.255.236</fixed_ip>' +
      '<direction type="string" identifier="5">ingress</direction><port_map_enabled type="bool" identifier="6">true</port_map_enabled>' +
      '<port_map type="list" identifier="7"><list type="struct" size="1"><SandeshPortMapping><protocol type="u16" identifier="1">6</protocol>' +
      '<port type="u16" identifier="2">80</port><nat_port type="u16" identifier="3">8888</nat_port>',
  );
  t.match(await ask('ItfReq?mac=00:00:00:00:00:01'), 'size="0"');
  t.match(await ask('ItfReq?type=vport'), 'size="1"');
});

t.test('labels and control nodes', async (t) => {
  t.match(await ask('MplsReq?label=43'), /<label type="i32" identifier="1">43<.*<itf .*tapeth0-304431</);
  t.match(await ask('MplsReq?label=44'), 'size="0"');
  t.match(
    await ask('AgentXmppConnectionStatusReq'),
    '<controller_ip type="string" identifier="1">10.169.25.19<',
  );
});

/** An agent with a control node, and its views. */
async function connected(t: Test): Promise<{ reflector: Reflector; one: Agent; views: ViewServer }> {
  const reflector = await Reflector.start();
  const one = Agent.from({
    name: 'cent333',
    address: '10.169.25.21',
    'control-nodes': [{ address: '127.0.0.1', port: reflector.port }],
  });
  const views = new ViewServer();
  serveViews(views, [one]);
  await views.listen();
  await one.start();
  t.teardown(() => Promise.all([one.stop(), views.close(), reflector.stop()]));
  return { reflector, one, views };
}

t.test('the last change of a session with a control node, and when it was lost', async (t) => {
  const { reflector, one, views } = await connected(t);
  const status = () =>
    fetch(`${views.url}/Snh_AgentXmppConnectionStatusReq`).then((response) => response.text());
  await until('the session is up', () => one.peers[0]!.state === 'established');
  t.match(
    await status(),
    /<last_event [^>]*>header<.*<last_state [^>]*>OpenSent<.*<last_state_at [^>]*>\d{4}-.*<flap_time [^>]*><\/flap_time>/,
  );
  await reflector.stop();
  await until('the session is lost', () => one.peers[0]!.flaps === 1);
  t.match(await status(), /<flap_count [^>]*>1<.*<flap_time [^>]*>\d{4}-.*<last_error [^>]*>\w/);
});

t.test('fields count by their place, and what makes no sense is an ErrResp', async (t) => {
  t.match(await ask('VrfListReq?vrf=pods'), `<name type="string" identifier="1">${POD_VRF}<`);
  t.match(await ask('ItfReq?a=tapeth0&b=vport&c=&d=&e=&f=&g=&h=&i=&j=&k='), 'size="1"><ItfSandeshData>');
  t.match(await ask('Inet4UcRouteReq?a=2&b=10.47.255.236&c=32&d='), 'size="1"><RouteUcSandeshData>');
  t.match(await ask('NhListReq?type=interface&nh_index=&policy_enabled=enabled'), 'size="1"><NhSandeshData>');
  t.match(
    await ask('NhListReq?agent=nobody'),
    /^<\?xml-stylesheet [^>]*\?><ErrResp type="sandesh"><resp type="string" identifier="1">there is no agent nobody</,
  );
  t.match(await ask('VrfListReq?name=<"&'), '<list type="struct" size="0"></list>');
  const stylesheet = await fetch(`${server.url}/universal_parse.xsl`);
  t.equal(stylesheet.status, 200);
});

t.test('contrail-status sees an agent that works while a control node tells it routes', async (t) => {
  const status = await ask('SandeshUVECacheReq?x=NodeStatus');
  t.match(status, '<name type="string" identifier="1" key="ObjectVRouter">cent222</name>');
  t.match(status, /<module_id [^>]*>contrail-vrouter-agent<.*<state [^>]*>Non-Functional</);
  t.match(
    status,
    /<name [^>]*>control-node:10\.169\.25\.19<.*<element>10\.169\.25\.19:5269<.*<status [^>]*>Down</,
  );
  t.match(status, /<description [^>]*>XMPP: control-node:10\.169\.25\.19 connection down</);
  const { one, views } = await connected(t);
  await until('the session is up', () => one.peers[0]!.state === 'established');
  const response = await fetch(`${views.url}/Snh_SandeshUVECacheReq?x=NodeStatus`);
  t.match(await response.text(), /<state [^>]*>Functional<.*<status [^>]*>Up</);
});

t.test('virtual networks with their subnets, by name', async (t) => {
  const xml = await ask('VnListReq?name=pods');
  t.match(
    xml,
    /<VnListResp type="sandesh"><vn_list type="list" identifier="1"><list type="struct" size="1"><VnSandeshData><name type="string" identifier="1">default-domain:/,
  );
  t.match(xml, /<vrf_name type="string" identifier="6" link="VrfListReq">default-domain:/);
  t.match(xml, /<ipv4_forwarding type="bool" identifier="10">true</);
  t.match(await ask('VnListReq?uuid=8d2f'), '<list type="struct" size="0"></list></vn_list>');
  t.match(await ask('VnListReq?name=nosuch'), '<list type="struct" size="0"></list></vn_list>');
});

t.test('there are no Ethernet and multicast routes', async (t) => {
  for (const [request, response] of [
    ['EvpnRouteReq?vrf_index=2', 'EvpnRouteResp'],
    ['BridgeRouteReq?vrf_index=2&mac=02:aa:bb:cc:dd:01', 'BridgeRouteResp'],
    ['Layer2RouteReq?x=2', 'Layer2RouteResp'],
    ['Inet4McRouteReq?vrf_index=2', 'Inet4McRouteResp'],
    ['Inet4MplsUcRouteReq?vrf_index=0', 'Inet4MplsUcRouteResp'],
  ] as const) {
    t.match(
      await ask(request),
      `<${response} type="sandesh"><route_list type="list" identifier="1"><list type="struct" size="0"></list></route_list><more type="bool" identifier="0">false</more></${response}>`,
    );
  }
});
