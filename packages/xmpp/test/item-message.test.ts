import t from 'tap';
import { parsePrefix, parseAddress } from '@vaportrail/net';
import {
  agentEndOfRib,
  announceStanzas,
  configSubscribeStanza,
  endOfRibBody,
  itemsBodies,
  MAX_BODY_BYTES,
  messageHeader,
  publishNode,
  readStanza,
  retractsBodies,
  StrictParser,
  subscribeStanza,
  withdrawStanzas,
  type ItemAttributes,
  type UnicastItem,
} from '../src/index.ts';
import { attributes, floatingIp, nextHop, publicInstance, workload } from './items.ts';

const parser = new StrictParser();
const readMessage = (body: Buffer): ReturnType<typeof readStanza> =>
  readStanza(parser.parse(Buffer.concat([messageHeader('compute-1').subarray(1), body.subarray(0, -1)])));

t.test('an ECMP item has the layout of a control node, tab by tab', async (t) => {
  const ecmp: ItemAttributes = {
    ...attributes,
    nextHops: [
      { ...nextHop, mac: undefined },
      { ...nextHop, mac: undefined, address: parseAddress('10.1.1.4'), label: 31 },
    ],
    virtualNetwork: 'default-domain:demo:public',
    med: 100,
  };
  const bodies = itemsBodies('inet', publicInstance, [{ ...floatingIp, attributes: ecmp }]);
  t.equal(bodies.length, 1);
  const hopLines = (address: string, label: number): string => `
						<next-hop>
							<af>1</af>
							<address>${address}</address>
							<mac></mac>
							<label>${label}</label>
							<vni>0</vni>
							<tunnel-encapsulation-list>
								<tunnel-encapsulation>gre</tunnel-encapsulation>
								<tunnel-encapsulation>udp</tunnel-encapsulation>
							</tunnel-encapsulation-list>
							<virtual-network>default-domain:demo:public</virtual-network>
							<tag-list />
							<local-sequence-number>0</local-sequence-number>
						</next-hop>`;
  t.equal(
    Buffer.concat([messageHeader('compute-1'), ...bodies]).toString(),
    `
<message from="network-control@contrailsystems.com" to="compute-1/bgp-peer">
	<event xmlns="http://jabber.org/protocol/pubsub">
		<items node="1/1/default-domain:demo:public:public">
			<item id="172.16.0.3/32">
				<entry>
					<nlri>
						<af>1</af>
						<safi>1</safi>
						<address>172.16.0.3/32</address>
					</nlri>
					<next-hops>${hopLines('10.1.1.3', 25)}${hopLines('10.1.1.4', 31)}
					</next-hops>
					<version>1</version>
					<virtual-network>default-domain:demo:public</virtual-network>
					<mobility seqno="1" sticky="false" />
					<sequence-number>1</sequence-number>
					<security-group-list>
						<security-group>8000002</security-group>
					</security-group-list>
					<community-tag-list />
					<local-preference>200</local-preference>
					<med>100</med>
					<load-balance>
						<load-balance-fields />
						<load-balance-decision>field-hash</load-balance-decision>
					</load-balance>
					<sub-protocol>interface</sub-protocol>
				</entry>
			</item>
		</items>
	</event>
</message>
`,
  );
});

t.test('a retract has the layout of a control node', async (t) => {
  const [body] = retractsBodies('inet', publicInstance, ['172.16.0.3/32']);
  t.equal(
    body?.toString(),
    `
	<event xmlns="http://jabber.org/protocol/pubsub">
		<items node="1/1/default-domain:demo:public:public">
			<retract id="172.16.0.3/32" />
		</items>
	</event>
</message>
`,
  );
});

t.test('End-of-RIB is known in each of its forms', async (t) => {
  t.same(readMessage(endOfRibBody), { type: 'end-of-rib' });
  const bare = Buffer.from(
    '<message from="a" to="b/bgp-peer"><event xmlns="http://jabber.org/protocol/pubsub"/></message>',
  );
  t.same(readStanza(parser.parse(bare)), { type: 'end-of-rib' });
  const agent = agentEndOfRib('compute-1').toString();
  t.match(agent, '<message from="compute-1" to="network-control@contrailsystems.com/bgp-peer">');
  t.match(agent, '<pubsub xmlns="http://jabber.org/protocol/pubsub"><publish /></pubsub>');
  t.match(agent, '<pubsub xmlns="http://jabber.org/protocol/pubsub"><collection /></pubsub>');
});

t.test('a publish and its collection have the layout of an agent', async (t) => {
  const text = announceStanzas('compute-1', publicInstance, floatingIp, 12).toString();
  t.ok(
    text.startsWith(`<iq type="set" from="compute-1" to="network-control@contrailsystems.com/bgp-peer" id="pubsub12">
<pubsub xmlns="http://jabber.org/protocol/pubsub">
<publish node="1/1/default-domain:demo:public:public/172.16.0.3/32">
<item>
<entry>
<nlri>
<af>1</af>
<safi>1</safi>
<address>172.16.0.3/32</address>
</nlri>
<next-hops>
<next-hop>
<af>1</af>
<address>10.1.1.3</address>
<mac>52:54:00:aa:00:03</mac>
<label>25</label>
<vni>0</vni>
`),
  );
  t.match(text, '<mobility seqno="0" sticky="false" />\n<sequence-number>1</sequence-number>\n');
  t.ok(
    text.endsWith(`</publish>
</pubsub>
</iq>
<iq type="set" from="compute-1" to="network-control@contrailsystems.com/bgp-peer" id="collection12">
<pubsub xmlns="http://jabber.org/protocol/pubsub">
<collection node="default-domain:demo:public:public">
<associate node="1/1/default-domain:demo:public:public/172.16.0.3/32" />
</collection>
</pubsub>
</iq>
`),
  );
  t.match(withdrawStanzas('c', publicInstance, floatingIp).toString(), '<dissociate node="1/1/');
  t.match(
    announceStanzas('c', publicInstance, workload, 3).toString(),
    /id="pubsub_l23".*id="collection_l23"/s,
  );
});

t.test('a subscription has the layout of an agent', async (t) => {
  t.equal(
    subscribeStanza('compute-1', publicInstance, 4, 7).toString(),
    `<iq type="set" from="compute-1" to="network-control@contrailsystems.com/bgp-peer" id="subscribe7">
<pubsub xmlns="http://jabber.org/protocol/pubsub">
<subscribe node="default-domain:demo:public:public">
<options>
<instance-id>4</instance-id>
</options>
</subscribe>
</pubsub>
</iq>
`,
  );
  t.equal(
    configSubscribeStanza('compute-1', 'virtual-router:default-global-system-config:compute-1').toString(),
    '<iq type="set" from="compute-1" to="network-control@contrailsystems.com/config"><pubsub xmlns="http://jabber.org/protocol/pubsub"><subscribe node="virtual-router:default-global-system-config:compute-1" /></pubsub></iq>',
  );
});

t.test('nodes of publishes are those of their family', async (t) => {
  t.equal(publishNode('a:b:c:c', floatingIp), '1/1/a:b:c:c/172.16.0.3/32');
  t.equal(publishNode('a:b:c:c', floatingIp, 7), '1/1/a:b:c:c/172.16.0.3/32/7');
  t.equal(publishNode('a:b:c:c', { ...floatingIp, family: 'inet-labeled' }), '1/4/a:b:c:c/172.16.0.3/32');
  t.equal(
    publishNode('a:b:c:c', { ...floatingIp, family: 'inet6', prefix: parsePrefix('2001:db8::1/128') }),
    '2/1/a:b:c:c/2001:db8::1/128',
  );
  t.equal(publishNode('a:b:c:c', workload), '25/242/02:aa:bb:cc:dd:01,10.2.0.4/32');
});

t.test('a message has at most 32 items or 256 retracts', async (t) => {
  const items = Array.from({ length: 70 }, (_, i): UnicastItem => ({
    ...floatingIp,
    prefix: parsePrefix(`10.0.0.${i}/32`),
  }));
  const counts = itemsBodies('inet', 'x', items).map((body) => {
    const stanza = readMessage(body);
    return stanza.type === 'items' ? stanza.items.length : 0;
  });
  t.same(counts, [32, 32, 6]);
  const ids = Array.from({ length: 513 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
  const retracted = retractsBodies('inet', 'x', ids).map((body) => {
    const stanza = readMessage(body);
    return stanza.type === 'retracts' ? stanza.ids.length : 0;
  });
  t.same(retracted, [256, 256, 1]);
  t.same(itemsBodies('inet', 'x', []), []);
  t.same(retractsBodies('inet', 'x', []), []);
});

t.test('a message of wide ECMP items stays within what its reader accepts', async (t) => {
  const wide = { ...attributes, nextHops: Array.from({ length: 100 }, () => nextHop) };
  const items = Array.from({ length: 32 }, (_, i): UnicastItem => ({
    ...floatingIp,
    prefix: parsePrefix(`10.0.0.${i}/32`),
    attributes: wide,
  }));
  const bodies = itemsBodies('inet', 'x', items);
  t.ok(bodies.length > 1);
  for (const body of bodies) t.ok(body.length < 2 * MAX_BODY_BYTES);
});

t.test('names with characters of XML are escaped', async (t) => {
  const [body] = itemsBodies('inet', 'a"<&>b', [
    { ...floatingIp, attributes: { ...attributes, virtualNetwork: '<&>"\'' } },
  ]);
  t.match(readMessage(body!), { instance: 'a"<&>b', items: [{ attributes: { virtualNetwork: '<&>"\'' } }] });
  t.equal(
    messageHeader('a"b').toString(),
    '\n<message from="network-control@contrailsystems.com" to="a&quot;b/bgp-peer">',
  );
});
