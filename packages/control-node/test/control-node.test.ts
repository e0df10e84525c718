// A whole control node with real sockets: what agents and peers may do wrong, and that nothing else is lost by it.
import { createServer } from 'node:net';
import { Session } from '@vaportrail/bgp';
import { frameMessage, messageType } from '@vaportrail/bgp/wire';
import { hexText, parseIpv4 } from '@vaportrail/net';
import { MASTER_INSTANCE } from '@vaportrail/xmpp';
import t from 'tap';

import { type ControlNodeConfigInput, controlNodeConfig } from '../src/config.ts';
import { ControlNode } from '../src/control-node.ts';
import {
  BLUE,
  FIP,
  RED,
  type Test,
  agent,
  blueImportsRed,
  controlNode,
  eventually,
  items,
  route,
} from './running.ts';
import { RawPeer } from './raw-peer.ts';

t.test('the two compute nodes of the reference, letter by letter', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  t.match(
    one.received,
    /^<stream:stream from="ctrl-1" to="compute-1" id="\+\+123" version="1\.0" xml:lang="en" xmlns="[^"]*" xmlns:stream="http:\/\/etherx\.jabber\.org\/streams" *>$/,
  );
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  one.publish(route);
  await two.hears(/<item id="172\.16\.0\.3\/32">/);
  const mark = one.mark;
  two.publish({ ...route, nextHop: '10.1.1.4', label: 31, sequence: 1 });
  await one.hears(/10\.1\.1\.4.*<\/message>/s, { from: mark });
  const [expected] = /<items.*<\/items>/s.exec(`
		<items node="1/1/${RED}">
			<item id="172.16.0.3/32">
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
							<mac></mac>
							<label>25</label>
							<vni>0</vni>
							<tunnel-encapsulation-list>
								<tunnel-encapsulation>gre</tunnel-encapsulation>
								<tunnel-encapsulation>udp</tunnel-encapsulation>
							</tunnel-encapsulation-list>
							<virtual-network>default-domain:demo:red</virtual-network>
							<tag-list />
							<local-sequence-number>0</local-sequence-number>
						</next-hop>
						<next-hop>
							<af>1</af>
							<address>10.1.1.4</address>
							<mac></mac>
							<label>31</label>
							<vni>0</vni>
							<tunnel-encapsulation-list>
								<tunnel-encapsulation>gre</tunnel-encapsulation>
								<tunnel-encapsulation>udp</tunnel-encapsulation>
							</tunnel-encapsulation-list>
							<virtual-network>default-domain:demo:red</virtual-network>
							<tag-list />
							<local-sequence-number>0</local-sequence-number>
						</next-hop>
					</next-hops>
					<version>1</version>
					<virtual-network>default-domain:demo:red</virtual-network>
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
		</items>`)!;
  t.equal(/<items node="1\/1.*?<\/items>/s.exec(one.received.slice(mark))?.[0], expected);
  await two.hears(/10\.1\.1\.4.*<\/message>/s);
  one.withdraw(route);
  await eventually(() => (items(two, FIP).at(-1) === '10.1.1.4 31' ? true : undefined));
  two.withdraw(route);
  await one.hears(/<retract id="172\.16\.0\.3\/32" \/>/);
});

t.test('the path has the attributes of the reference in the VPN table', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  const [vpn] = await eventually(() => {
    const routes = node.routes({ table: 'bgp.l3vpn.0' });
    return routes.length > 0 ? routes : undefined;
  });
  t.match(vpn, {
    prefix: `10.1.1.3:4:${FIP}`,
    paths: [
      {
        label: 25,
        nextHop: '10.1.1.3',
        localPref: 200,
        med: 100,
        origin: 'incomplete',
        asPath: '',
        routeTargets: ['64512:8000004'],
        extendedCommunities: [
          'encapsulation:gre',
          'encapsulation:udp',
          'mobility:non-sticky:1',
          'security-group:64512:8000002',
          'origin-vn:64512:6',
        ],
        primaryTable: `${RED}.inet.0`,
        source: 'compute-1',
      },
    ],
  });
  t.match(node.routes({ table: `${RED}.inet.0` }), [
    {
      prefix: FIP,
      paths: [{ protocol: 'xmpp', source: 'compute-1', best: true, secondaryTables: ['bgp.l3vpn.0'] }],
    },
  ]);
});

t.test('a late agent gets everything, then the End-of-RIB', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  for (let i = 0; i < 100; i++) one.publish({ ...route, prefix: `172.16.1.${i}/32` });
  await one.hears(/172\.16\.1\.99\/32<\/address>/);
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  two.subscribe(RED, 7);
  await two.hears(/<items node="0\/0\/EndOfRib"><\/items>/);
  t.equal(new Set([...two.received.matchAll(/<item id="([^"]+)"/g)].map(([, id]) => id)).size, 100);
  for (const message of two.received.split('</message>')) {
    t.ok([...message.matchAll(/<item /g)].length <= 32, 'at most 32 items in a message');
  }
});

t.test('routes for an unknown network wait until it is configured', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const green = 'default-domain:demo:green:green';
  one.subscribe(green, 9);
  one.publish({ ...route, instance: green });
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item id="172\.16\.0\.3\/32">/);
  t.match(node.neighbors(), [
    {
      name: 'compute-1',
      state: 'Established',
      subscriptions: [
        { instance: green, state: 'pending', deferredRoutes: 1 },
        { instance: RED, state: 'established' },
      ],
    },
  ]);
  const mark = one.mark;
  await node.reload(
    controlNodeConfig.parse({
      name: 'ctrl-1',
      'router-id': '10.1.1.1',
      bgp: { listen: [] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.1 },
      'routing-instances': [
        { name: RED, 'route-targets': ['64512:8000004'] },
        { name: green, 'route-targets': ['64512:9'] },
      ],
    }),
  );
  await one.hears(new RegExp(`<items node="1/1/${green}">\\s*<item id="172\\.16\\.0\\.3/32">`), {
    from: mark,
  });
  t.equal(node.neighbors()[0]!.flaps, 0, 'the session has not been touched');
});

t.test('a publish without subscription closes that session and no other', async (t) => {
  const node = await controlNode(t);
  const good = await agent(t, node, 'compute-1');
  good.subscribe(RED, 4);
  good.publish(route);
  await good.hears(/<item id=/);
  const bad = await agent(t, node, 'compute-2', '127.0.0.2');
  bad.subscribe(RED, 4);
  bad.publish({ ...route, nextHop: '10.1.1.4' });
  await eventually(() => items(good, FIP).find((hops) => hops.includes('10.1.1.4')));
  bad.publish({ ...route, instance: BLUE });
  await bad.closed;
  await eventually(() => (items(good, FIP).at(-1) === '10.1.1.3 25' ? true : undefined));
  t.same(
    node.neighbors().map(({ name, state }) => [name, state]),
    [['compute-1', 'Established']],
  );
});

t.test('a second subscribe and an unsubscribe out of nowhere close the session', async (t) => {
  const node = await controlNode(t);
  const twice = await agent(t, node, 'compute-1');
  twice.subscribe(RED, 4);
  twice.subscribe(RED, 4);
  await twice.closed;
  const never = await agent(t, node, 'compute-1');
  never.unsubscribe(RED);
  await never.closed;
});

t.test('label 0 and other items that are no routes are dropped, and the session goes on', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish({ ...route, prefix: '172.16.0.10/32', label: 0 });
  one.publish({ ...route, prefix: '172.16.0.11/32', nextHop: '0.0.0.0' });
  one.publish({ ...route, prefix: '172.16.0.12/32', nextHop: 'nowhere' });
  one.publish({ ...route, prefix: '172.16.0.13/33' });
  one.publish({ ...route, prefix: '172.16.0.14/32', label: 0x100000 });
  one.publish({ ...route, prefix: '172.16.0.15/32', nextHop: '2001:db8::1' });
  one.publish(route);
  await one.hears(/<item id="172\.16\.0\.3\/32">/);
  t.same(
    node.routes({ table: `${RED}.inet.0` }).map(({ prefix }) => prefix),
    [FIP],
  );
});

t.test('a path without a known encapsulation is kept, shown as infeasible, and told to nobody', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish({ ...route, prefix: '172.16.0.10/32', encapsulations: ['carrier-pigeon'] });
  one.publish(route);
  await one.hears(/<item id="172\.16\.0\.3\/32">/);
  t.same(items(one, '172.16.0.10/32'), []);
  t.match(node.routes({ table: `${RED}.inet.0`, prefix: '172.16.0.10/32' }), [
    { paths: [{ feasible: false, because: 'no-tunnel-encapsulation' }] },
  ]);
});

t.test('a torn stream ends that session, its routes go, and nobody else notices', async (t) => {
  const node = await controlNode(t);
  const good = await agent(t, node, 'compute-1');
  good.subscribe(RED, 4);
  good.publish(route);
  const torn = await agent(t, node, 'compute-2', '127.0.0.2');
  torn.subscribe(RED, 7);
  torn.publish({ ...route, nextHop: '10.1.1.4', label: 31 });
  await eventually(() => items(good, FIP).find((hops) => hops.includes('10.1.1.4')));
  torn.send('<iq type="set"><pubsub xmlns="x"><publish node="1/1/');
  await torn.end();
  await eventually(() => (items(good, FIP).at(-1) === '10.1.1.3 25' ? true : undefined));
  for (const hostile of ['<iq><a></b></iq>', '<iq>&foo;</iq>', '</iq>', '<!DOCTYPE x>', '\u0000', 'hello']) {
    const bad = await agent(t, node, 'compute-3', '127.0.0.3');
    bad.send(hostile);
    await bad.closed;
  }
  t.same(
    node.neighbors().map(({ name, state }) => [name, state]),
    [['compute-1', 'Established']],
  );
  good.publish({ ...route, prefix: '172.16.0.4/32' });
  await good.hears(/<item id="172\.16\.0\.4\/32">/);
});

t.test('a route leaks into an instance of this node that imports it', async (t) => {
  const node = await controlNode(t, blueImportsRed);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  two.subscribe(BLUE, 3);
  one.subscribe(RED, 4);
  one.publish(route);
  await two.hears(
    /<items node="1\/1\/default-domain:demo:blue:blue">.*<virtual-network>default-domain:demo:red<.*<\/items>/s,
  );
  t.match(node.routes({ table: `${BLUE}.inet.0`, prefix: FIP }), [
    { paths: [{ primaryTable: `${RED}.inet.0` }] },
  ]);
  t.equal(node.routes({ table: 'bgp.l3vpn.0' }).length, 1, 'one VPN route, of the instance it came into');
});

t.test('IPv6 addresses of workloads take the same way', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish({ ...route, family: '2/1', prefix: '2001:db8::3/128' });
  await one.hears(/<items node="2\/1\/default-domain:demo:red:red">\s*<item id="2001:db8::3\/128">/);
  const [vpn] = await eventually(() => {
    const routes = node.routes({ table: 'bgp.l3vpn-inet6.0' });
    return routes.length > 0 ? routes : undefined;
  });
  t.match(vpn, { prefix: '10.1.1.3:4:2001:db8::3/128', paths: [{ nextHop: /10\.1\.1\.3$/, label: 25 }] });
});

t.test('an address in use is told before anything starts', async (t) => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  t.teardown(() => occupant.close());
  const { port } = occupant.address() as { port: number };
  const listen = { address: '127.0.0.1', port };
  const start = (change: Partial<ControlNodeConfigInput>) =>
    new ControlNode(
      controlNodeConfig.parse({
        name: 'ctrl-1',
        'router-id': '10.1.1.1',
        bgp: { listen: [] },
        xmpp: { listen: { address: '127.0.0.1', port: 0 } },
        ...change,
      }),
    ).start();
  await t.rejects(start({ xmpp: { listen } }), {
    message: `cannot listen for XMPP on 127.0.0.1 port ${port}: address already in use`,
  });
  await t.rejects(start({ bgp: { listen: [listen] } }), {
    message: `cannot listen for BGP on 127.0.0.1 port ${port}: address already in use`,
  });
  await t.rejects(start({ introspect: listen }), {
    message: `cannot serve views on 127.0.0.1 port ${port}: address already in use`,
  });
  await t.rejects(
    start({ xmpp: { listen: { address: '192.0.2.1', port: 0 } } }),
    /no interface of this machine has that address/,
  );
});

async function withPeer(t: Test): Promise<{ node: ControlNode; peer: (address?: string) => RawPeer }> {
  const node = await controlNode(t, {
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: [{ name: 'gateway', address: '127.0.0.9', asn: 64512, passive: true, families: ['inet-vpn'] }],
    },
  });
  return {
    node,
    peer: (address = '127.0.0.9') => {
      const peer = new RawPeer(node.bgpAddresses[0]!, address);
      t.teardown(() => peer.end());
      return peer;
    },
  };
}

t.test('a peer of the wrong AS is told so, and the neighbour shows it', async (t) => {
  const { node, peer } = await withPeer(t);
  const wrong = peer();
  wrong.open(65001, '10.1.1.9');
  await wrong.closed;
  t.match(wrong.notification, /OPEN Message Error.*Bad Peer AS/i);
  await eventually(() => (node.neighbors()[0]!.lastError?.match(/Bad Peer AS/i) ? true : undefined));
});

t.test('a peer with our router id is told so', async (t) => {
  const { node, peer } = await withPeer(t);
  const twin = peer();
  twin.open(64512, '10.1.1.1');
  await twin.closed;
  t.match(twin.notification, /OPEN Message Error.*Bad BGP Identifier/i);
  await eventually(() => (node.neighbors()[0]!.lastError?.match(/Bad BGP Identifier/i) ? true : undefined));
});

t.test('a stranger is refused', async (t) => {
  const { peer } = await withPeer(t);
  const stranger = peer('127.0.0.8');
  await stranger.closed;
  t.match(stranger.notification, /Cease/);
});

t.test('half a BGP header, and a header that is none, end that connection and nothing else', async (t) => {
  const { node, peer } = await withPeer(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  const half = peer();
  half.send(new Uint8Array(9).fill(0xff));
  await new Promise((resolve) => setTimeout(resolve, 50));
  half.end();
  await half.closed;
  const garbage = peer();
  garbage.send(new Uint8Array(19));
  await garbage.closed;
  t.match(garbage.notification, /Message Header Error.*Connection Not Synchronized/i);
  one.publish(route);
  await one.hears(/<item id=/);
  t.equal(node.neighbors().find(({ protocol }) => protocol === 'xmpp')?.state, 'Established');
});

t.test('a BGP peer gets the VPN routes, and its own reach the agents', async (t) => {
  const { node } = await withPeer(t);
  const heard: string[] = [];
  let established = false;
  const session = new Session(
    {
      local: { asn: 64512, routerId: parseIpv4('10.1.1.9'), address: '127.0.0.9' },
      peer: { ...node.bgpAddresses[0]!, asn: 64512 },
      families: ['inet-vpn'],
    },
    {
      established: () => (established = true),
      update: (bytes, start, end) => void heard.push(hexText(bytes, start, end)),
      routeRefresh() {},
      down() {},
    },
  );
  t.teardown(() => session.stop());
  session.start();
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await eventually(() => (established ? true : undefined));
  const update = await eventually(() => heard.find((hex) => hex.includes('ac100003')));
  t.match(
    update,
    '0002fc00007a1204030c000000000002030c00000000000d06000000000000018004fc00007a12028071fc0000000006',
  );
  t.match(update, '780001910001' + '0a0101030004' + 'ac100003', 'label 25, RD 10.1.1.3:4, 172.16.0.3/32');
  t.match(update, '0c' + '0000000000000000' + '0a010103', 'next hop behind a zero RD');
  t.match(update, '800404' + '00000064' + '400504' + '000000c8', 'MED 100 and LOCAL_PREF 200');
  await eventually(() =>
    heard.find(
      (hex) => hex.length === 2 * 29 || hex.includes('800f03000180') || hex.includes('900f0003000180'),
    ),
  );
  const reach =
    '800e20' + '0001800c' + '0000000000000000c0a800cc' + '00' + '700001f1' + '0001c0a800cc01f4' + '0f0f0f';
  const attributes = `40010100 400200 40050400000064 c010080002fc00007a1204 ${reach}`.replaceAll(' ', '');
  const body = Buffer.from(
    `0000${(attributes.length / 2).toString(16).padStart(4, '0')}${attributes}`,
    'hex',
  );
  session.write([frameMessage(messageType.update, body)]);
  await one.hears(/<item id="15\.15\.15\.0\/24">.*<address>192\.168\.0\.204<.*<label>31</s);
  t.match(
    node.neighbors().find(({ name }) => name === 'gateway'),
    { state: 'Established', paths: 1, routerId: '10.1.1.9' },
  );
  await session.stop('maintenance');
  await one.hears(/<retract id="15\.15\.15\.0\/24" \/>/);
  await eventually(() =>
    node
      .neighbors()
      .find(({ name }) => name === 'gateway')!
      .lastError?.includes('maintenance')
      ? true
      : undefined,
  );
});

t.test('stopping says goodbye to everybody', async (t) => {
  const { node, peer } = await withPeer(t);
  const one = await agent(t, node, 'compute-1');
  const open = peer();
  open.open(64512, '10.1.1.9');
  await eventually(() => (open.heard.length > 0 ? true : undefined));
  await node.stop();
  await node.stop();
  await one.closed;
  await open.closed;
  t.match(open.notification, /Cease/);
});

t.test('the next hops of an item are in order on every control node, whoever came first', async (t) => {
  const node = await controlNode(t);
  const order = [5, 3, 9, 4, 7];
  for (const number of order) {
    const one = await agent(t, node, `compute-${number}`, `127.0.0.${number}`);
    one.subscribe(RED, number);
    one.publish({ ...route, nextHop: `10.1.1.${number}`, label: 20 + number });
  }
  const watcher = await agent(t, node, 'watcher', '127.0.0.20');
  watcher.subscribe(RED, 1);
  const wanted = [3, 4, 5, 7, 9].map((number) => `10.1.1.${number} ${20 + number}`).join();
  t.equal(await eventually(() => items(watcher, FIP).find((hops) => hops === wanted)), wanted);
});

t.test('a workload that moves takes its address along: the higher sequence number wins', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  one.publish({ ...route, sequence: 1 });
  await two.hears(/<item id="172\.16\.0\.3\/32">/);
  two.publish({ ...route, nextHop: '10.1.1.4', label: 31, sequence: 2 });
  await eventually(() => (items(one, FIP).at(-1) === '10.1.1.4 31' ? true : undefined));
  t.match(one.received, '<mobility seqno="2" sticky="false" />');
  t.match(node.routes({ table: `${RED}.inet.0` })[0]!.paths, [
    { source: 'compute-2', sequence: 2 },
    { source: 'compute-1', notBest: { step: 'mobility-sequence', ours: '1', theirs: '2' } },
  ]);
  t.same(
    node.routes({ table: 'bgp.l3vpn.0' }).map(({ prefix }) => prefix),
    [`10.1.1.4:7:${FIP}`],
    'only the new place is exported',
  );
});

t.test('ECMP spans local agents and a remote gateway, and communities come along', async (t) => {
  const { node } = await withPeer(t);
  const session = new Session(
    {
      local: { asn: 64512, routerId: parseIpv4('10.1.1.9'), address: '127.0.0.9' },
      peer: { ...node.bgpAddresses[0]!, asn: 64512 },
      families: ['inet-vpn'],
    },
    {
      established: () => {
        const communities =
          '0002fc00007a1204' +
          '030c00000000000d' +
          '8004fc00007a1207' +
          '8071fc0000000006' +
          '8084fc0000010001';
        const reach =
          '800e210001800c0000000000000000c0a800cc' + '00' + '780001f1' + '0001c0a800cc01f4' + 'ac100003';
        const attributes = `40010102400200 80040400000064 400504000000c8 c00804fc00012c c01028${communities} ${reach}`;
        const octets = Buffer.from(attributes.replaceAll(' ', ''), 'hex');
        const head = Buffer.from([0, 0, octets.length >> 8, octets.length & 0xff]);
        session.write([frameMessage(messageType.update, Buffer.concat([head, octets]))]);
      },
      update() {},
      routeRefresh() {},
      down() {},
    },
  );
  t.teardown(() => session.stop());
  session.start();
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  await one.hears(/192\.168\.0\.204/);
  t.match(
    one.received,
    /<address>192\.168\.0\.204<.*<label>31<.*<tunnel-encapsulation>udp<.*<virtual-network>default-domain:demo:red<.*<tag>65537<.*<security-group>8000007<.*<community-tag>64512:300<.*<local-preference>200<.*<med>100</s,
  );
  one.publish({ ...route, sequence: 0 });
  await eventually(() => (items(one, FIP).at(-1) === '10.1.1.3 25,192.168.0.204 31' ? true : undefined));
  t.pass();
});

t.test('an agent that does not read holds up nobody, and then learns only how things stand', async (t) => {
  const node = await controlNode(t);
  const slow = await agent(t, node, 'slow', '127.0.0.2');
  const good = await agent(t, node, 'good', '127.0.0.3');
  const publisher = await agent(t, node, 'compute-1');
  slow.subscribe(RED, 1);
  good.subscribe(RED, 2);
  publisher.subscribe(RED, 4);
  await slow.hears(/EndOfRib/);
  slow.stall();
  const rounds = 12;
  const prefixes = 500;
  const backlogs: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const mark = good.mark;
    for (let i = 0; i < prefixes; i++) {
      publisher.publish({ ...route, prefix: `172.16.${i >> 8}.${i & 255}/32`, label: 100 * round });
    }
    await good.hears(new RegExp(`172\\.16\\.1\\.243/32">(?:(?!</item>).)*<label>${100 * round}<`, 's'), {
      from: mark,
    });
    backlogs.push(node.neighbors().find(({ name }) => name === 'slow')!.backlog);
  }
  t.ok(Math.max(...backlogs) < 4 * 1024 * 1024, `what waits for it is bounded: ${backlogs.join()}`);
  slow.read();
  const last = `172.16.1.243/32`;
  await eventually(
    () => (items(slow, last).at(-1) === `10.1.1.3 ${100 * rounds}` ? true : undefined),
    10_000,
  );
  const told = items(slow, last).length;
  t.ok(told < rounds, `told ${told} of ${rounds} states`);
  const final = new Map(
    [...slow.received.matchAll(/<item id="([^"]+)">.*?<label>(\d+)</gs)].map(([, id, label]) => [id, label]),
  );
  t.equal(final.size, prefixes);
  t.same(new Set(final.values()), new Set([String(100 * rounds)]), 'and every route in its last state');
});

t.test('a route of the underlay stays there, also when it names the VRF of its workload', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(MASTER_INSTANCE, 0);
  one.subscribe(RED, 4);
  one.publish({ ...route, instance: MASTER_INSTANCE, prefix: '10.1.1.3/32', label: 0, nativeId: 4 });
  one.publish(route);
  await one.hears(new RegExp(`<item id="${FIP}">`));
  t.match(node.routes({ table: 'inet.0' }), [{ prefix: '10.1.1.3/32', paths: [{ nextHop: '10.1.1.3' }] }]);
  const exported = node.routes({ table: 'bgp.l3vpn.0' }).map(({ prefix }) => prefix);
  t.same(exported, [`10.1.1.3:4:${FIP}`]);
  one.withdraw({ ...route, instance: MASTER_INSTANCE, prefix: '10.1.1.3/32', nativeId: 4 });
  await eventually(() => (node.routes({ table: 'inet.0' }).length === 0 ? true : undefined));
});
