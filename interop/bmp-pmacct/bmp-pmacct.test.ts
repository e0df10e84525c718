// What pmbmpd, the BMP station of pmacct, understands of a control node and of a gateway, with FRR for a peer of both.
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { Frr, LoopbackBlock, Pmbmpd, findFrr, findPmbmpd, type PmbmpdEvent } from '@vaportrail/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { freePort } from '../free-port.ts';
import { PUBLIC, cent111, runningControlNode } from '../running-control-node.ts';
import { floatingIp } from '../running-lab.ts';

const { asn } = cent111;
const ofFrr = '15.15.15.0/24';
const ofGateway = '16.16.16.0/24';
const block = new LoopbackBlock();

const skip = [findPmbmpd(), findFrr()].flatMap((each) => (each.path === undefined ? [each.missing] : []))[0];

type Said = Readonly<Record<string, unknown>>;

/** What a station heard of the router that gave itself a name. */
function heardOf(events: readonly PmbmpdEvent[], sysName: string): PmbmpdEvent[] {
  const [init] = events.filter((each) => each['bmp_init_info_sysname'] === sysName);
  return events.filter((each) => each.bmp_router_port === init?.bmp_router_port);
}

/** Whether one of the events says all that is asked for. */
const says = (events: readonly PmbmpdEvent[], asked: Said): boolean =>
  events.some((event) => Object.entries(asked).every(([field, value]) => event[field] === value));

/** Waits until a station heard all of it of a router, whatever the order; yields everything it heard of it. */
async function hears(collector: Pmbmpd, sysName: string, asked: readonly Said[]): Promise<PmbmpdEvent[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const heard = heardOf(await collector.events(), sysName);
    const silent = asked.filter((each) => !says(heard, each));
    if (silent.length === 0) return heard;
    if (Date.now() > deadline) {
      const lines = heard.map((each) => JSON.stringify(each)).join('\n');
      throw new Error(`nothing of ${sysName} says ${JSON.stringify(silent)}, only:\n${lines}`);
    }
    await sleep(50);
  }
}

const route = (ip_prefix: string, also: Said): Said => ({ log_type: 'update', ip_prefix, ...also });
const gone = (ip_prefix: string, also: Said): Said => ({ log_type: 'withdraw', ip_prefix, ...also });
/** How pmbmpd names what RFC 7854, 8671 and 9069 tell apart by flags. */
const preAdjRibIn = { is_in: 1, is_post: 0 };
const postAdjRibOut = { is_out: 1, is_post: 1 };
const locRib = { is_loc: 1, is_filtered: 0 };

t.test('pmbmpd tells peers, views and tables of both routers apart', { skip: skip ?? false }, async (t) => {
  t.setTimeout(120_000);
  const [station, node, router, theirs] = [block.take(), block.take(), block.take(), block.take()];
  let collector = await Pmbmpd.start({ address: station });
  t.teardown(() => collector.stop());
  const frr = await Frr.start({
    asn,
    routerId: '192.168.0.205',
    address: theirs,
    importTargets: ['500:500'],
    exported: { prefixes: [ofFrr], label: 299, nextHop: theirs },
    neighbors: [node, router].map((address) => ({ address, asn })),
  });
  t.teardown(() => frr.stop());
  const bmp = { stations: [{ address: station, port: collector.port }], 'statistics-interval': 1 };
  const port = await freePort(router);
  const gateway = new Gateway(
    gatewayConfig.parse({
      name: 'camaro',
      asn,
      'router-id': '192.168.0.204',
      bgp: {
        listen: [{ address: router, port }],
        peers: [
          { address: node, passive: true, asn },
          {
            address: theirs,
            port: frr.port,
            asn,
            'local-address': router,
            'connect-retry': 1,
            families: ['inet-vpn'],
          },
        ],
      },
      'routing-instances': [
        {
          name: 'k8s-test',
          'route-distinguisher': '192.168.0.204:500',
          'vrf-target': '500:500',
          interfaces: [{ name: 'ge-0/0/1.0', address: '16.16.16.1/24' }],
        },
      ],
      'dynamic-tunnels': [
        { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
      ],
      bmp,
    }),
  );
  await gateway.start();
  t.teardown(() => gateway.stop());
  const controlNode = await runningControlNode(t, {
    ...cent111,
    address: node,
    peers: [
      { name: 'camaro', address: router, port },
      { name: 'frr', address: theirs, port: frr.port },
    ],
    bmp,
  });
  const agent = await ComputeNode.connect(controlNode.xmppAddress!, 'cent222', '10.169.25.20');
  t.teardown(async () => agent.kill());
  agent.subscribe(PUBLIC, 9);
  agent.publish({ instance: PUBLIC, prefix: floatingIp, label: 44 });

  const fip = { bgp_nexthop: '10.169.25.20', local_pref: 200, med: 100, label: '44', rd: '1:10.169.25.20:9' };
  const frrs = { bgp_nexthop: theirs, label: '299', rd: '1:192.168.0.205:100', ecomms: 'RT:500:500' };
  const ofVrf = { rd: '1:192.168.0.204:500', rd_origin: 'bmp', safi: 1 };
  const session = { bmp_msg_type: 'peer_up', peer_type: 0, peer_asn: asn };
  const table = { bmp_msg_type: 'peer_up', peer_type: 3, is_loc: 1, peer_asn: asn };
  const hex = (text: string): string =>
    [...Buffer.from(text)]
      .map((each) => each.toString(16))
      .join('-')
      .toUpperCase();
  const atControlNode: readonly Said[] = [
    { bmp_msg_type: 'init', bmp_init_info_sysname: 'cent111' },
    { ...table, bgp_id: '10.169.25.19', bmp_peer_up_info_3: hex('global') },
    { ...session, peer_ip: router, bgp_id: '192.168.0.204', local_ip: node },
    { ...session, peer_ip: theirs, bgp_id: '192.168.0.205', local_ip: node, remote_port: frr.port },
    route(ofFrr, { ...frrs, ...preAdjRibIn, peer_ip: theirs }),
    route(ofGateway, { ...preAdjRibIn, peer_ip: router, bgp_nexthop: '192.168.0.204' }),
    ...[ofFrr, ofGateway].map((prefix) => route(prefix, { ...locRib, safi: 128 })),
    route(floatingIp, { ...fip, ...locRib, peer_ip: '0.0.0.0' }),
    { bmp_msg_type: 'stats', peer_ip: theirs, counter_type: 7, counter_value: 1 },
  ];
  const atGateway: readonly Said[] = [
    { bmp_msg_type: 'init', bmp_init_info_sysname: 'camaro' },
    { ...table, bgp_id: '192.168.0.204', bmp_peer_up_info_3: hex('global') },
    { ...table, rd: ofVrf.rd, bmp_peer_up_info_3: hex('k8s-test') },
    { ...session, peer_ip: node, bgp_id: '10.169.25.19', local_ip: router, local_port: port },
    route(floatingIp, { ...fip, ...preAdjRibIn, peer_ip: node }),
    route(floatingIp, { ...fip, ...locRib, safi: 128 }),
    route(floatingIp, { ...ofVrf, ...locRib, bgp_nexthop: '10.169.25.20', local_pref: 200 }),
    route(ofGateway, { ...ofVrf, ...locRib }),
  ];
  await hears(collector, 'cent111', [
    ...atControlNode,
    ...[theirs, router].map((peer) => route(floatingIp, { ...fip, ...postAdjRibOut, peer_ip: peer })),
  ]);
  const heard = await hears(collector, 'camaro', [
    ...atGateway,
    route(ofGateway, { ...postAdjRibOut, peer_ip: theirs, rd: ofVrf.rd }),
  ]);
  t.notOk(
    says(heard, route(floatingIp, postAdjRibOut)),
    'what a peer inside of the AS told is told to no other',
  );

  t.same(collector.complaints, []);
  await collector.stop();
  collector = await Pmbmpd.start({ address: station });
  t.equal(collector.port, bmp.stations[0]!.port);
  await hears(collector, 'cent111', atControlNode);
  await hears(collector, 'camaro', atGateway);
  t.pass('a station that was away hears of everything again');

  agent.kill();
  await hears(collector, 'cent111', [
    gone(floatingIp, { ...locRib, rd: fip.rd }),
    gone(floatingIp, { ...postAdjRibOut, peer_ip: router }),
  ]);
  await hears(collector, 'camaro', [
    gone(floatingIp, { ...preAdjRibIn, peer_ip: node }),
    gone(floatingIp, { ...locRib, ...ofVrf }),
  ]);
  await controlNode.stop();
  await hears(collector, 'cent111', [
    ...[theirs, router].map((peer_ip) => ({ bmp_msg_type: 'peer_down', peer_ip, reason_type: 1 })),
    { bmp_msg_type: 'term', bmp_term_info_string: 'the router shuts down' },
    { event_type: 'log_close' },
  ]);
  await hears(collector, 'camaro', [{ bmp_msg_type: 'peer_down', peer_ip: node, reason_type: 3 }]);
  await gateway.stop();
  await hears(collector, 'camaro', [{ bmp_msg_type: 'term' }, { event_type: 'log_close' }]);
  t.same(collector.complaints, [], 'and it had nothing to complain of');
});
