// EVPN and IPv6 routes of agents through our control node into FRR and GoBGP, and back from GoBGP to the agents.
import type { ControlNode } from '@vaportrail/control-node';
import { Frr, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import { parseAddress, parseMac, parsePrefix } from '@vaportrail/net';
import { type EnetItem, itemAttributes, nextHop } from '@vaportrail/xmpp';
import t, { type Test } from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

const asn = 64512;
const BLUE = 'default-domain:demo:blue:blue';
const TARGET = '64512:8000004';
const block = new LoopbackBlock();
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

function enet(
  key: { mac: string; address: string; tag?: number },
  hop: { address: string; label: number; l3Label?: number; encapsulations: string[]; mac?: string },
  more: { sequence?: number; localPref?: number } = {},
): EnetItem {
  return {
    family: 'e-vpn',
    ethernetTag: key.tag ?? 0,
    mac: parseMac(key.mac),
    prefix: parsePrefix(key.address),
    group: '',
    source: '',
    flags: 0,
    attributes: {
      ...itemAttributes({
        nextHops: [
          nextHop({
            address: parseAddress(hop.address),
            label: hop.label,
            l3Label: hop.l3Label ?? 0,
            encapsulations: hop.encapsulations,
            mac: hop.mac === undefined ? undefined : parseMac(hop.mac),
          }),
        ],
        mobility: { sequence: more.sequence ?? 0, sticky: false },
        securityGroups: [8000002],
        localPref: more.localPref ?? 100,
      }),
      olist: [],
      leafOlist: [],
      edgeReplicationNotSupported: false,
      assistedReplicationSupported: false,
      replicatorAddress: '',
      etreeLeaf: false,
    },
  };
}

const controlNode = (t: Test, ours: string, peer: { address: string; port: number }): Promise<ControlNode> =>
  runningControlNode(t, {
    name: 'ctrl-1',
    asn,
    'router-id': '10.169.25.19',
    address: ours,
    peers: [{ ...peer, name: 'peer' }],
    'routing-instances': [{ name: BLUE, 'vn-index': 6, 'route-targets': [TARGET] }],
  });

async function agents(t: Test, node: ControlNode) {
  const one = await ComputeNode.connect(node.xmppAddress!, 'compute-1', '10.1.1.3');
  const two = await ComputeNode.connect(node.xmppAddress!, 'compute-2', '10.1.1.4');
  t.teardown(async () => [one, two].forEach((agent) => agent.kill()));
  one.subscribe(BLUE, 4);
  two.subscribe(BLUE, 7);
  return { one, two };
}

const workload = { mac: '02:aa:bb:cc:dd:01', address: '10.2.0.4/32' };
const mpls = { address: '10.1.1.3', label: 25, encapsulations: ['gre', 'udp'] };

interface FrrEvpnPath {
  readonly extendedCommunity?: { readonly string: string };
  readonly nexthops?: readonly { readonly ip: string }[];
  readonly locPrf?: number;
}

t.test(
  'FRR shows MAC, multicast and prefix routes of agents, with their distinguishers and communities',
  { skip: missing('frr') },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn,
      routerId: '192.168.0.204',
      address: theirs,
      neighbors: [{ address: ours, asn, families: { 'l2vpn evpn': [], 'ipv6 vpn': [] } }],
    });
    t.teardown(() => frr.stop());
    const node = await controlNode(t, ours, { address: theirs, port: frr.port });
    const { one, two } = await agents(t, node);
    one.announce(BLUE, enet(workload, mpls));
    one.announce(
      BLUE,
      enet(
        { mac: '02:aa:bb:cc:dd:02', address: '0.0.0.0/0' },
        { address: '10.1.1.3', label: 5001, encapsulations: ['vxlan'] },
      ),
    );
    one.announce(BLUE, enet({ mac: BROADCAST, address: '10.1.1.3/32', tag: 0 }, mpls));
    one.announce(
      BLUE,
      enet(
        { mac: '00:00:00:00:00:00', address: '10.9.0.0/16' },
        { address: '10.1.1.3', label: 5002, encapsulations: ['vxlan'], mac: '52:54:00:aa:00:03' },
      ),
    );
    one.publish({ instance: BLUE, prefix: '2001:db8::4/128', label: 26 });

    const routes = async () => {
      const view = (await frr.json('show bgp l2vpn evpn')) as Record<
        string,
        Record<string, { paths?: FrrEvpnPath[][] }>
      >;
      return view['10.1.1.3:4'] ?? {};
    };
    const shown = await frr.process.answers(async () => {
      const names = Object.keys(await routes()).filter((name) => name.startsWith('['));
      return names.length === 4 ? names : undefined;
    });
    t.same(shown.sort(), [
      '[2]:[0]:[48]:[02:aa:bb:cc:dd:01]:[32]:[10.2.0.4]',
      '[2]:[0]:[48]:[02:aa:bb:cc:dd:02]',
      '[3]:[0]:[32]:[10.1.1.3]',
      '[5]:[0]:[16]:[10.9.0.0]',
    ]);
    const detail = await frr.vtysh('show bgp l2vpn evpn route detail');
    t.match(detail, /10\.1\.1\.3:4/);
    t.match(detail, /RT:64512:8000004/, 'the route target of the network');
    t.match(detail, /ET:8/, 'VXLAN where the agent said so');
    t.match(detail, /Rmac:52:54:00:aa:00:03/, 'the router MAC of the prefix route');
    t.match(
      detail,
      /PMSI Tunnel Type: Ingress Replication, label: 401/,
      'FRR prints the field: label 25, bottom of stack',
    );
    t.match(detail, /VNI 5001/, 'a VNI is the whole field');

    const vpn6 = await frr.process.answers(async () => {
      const text = await frr.vtysh('show bgp ipv6 vpn');
      return text.includes('2001:db8::4/128') ? text : undefined;
    });
    t.match(vpn6, /10\.1\.1\.3:4/);
    t.match(await frr.vtysh('show bgp ipv6 vpn 2001:db8::4/128'), /::ffff:a01:103 [\s\S]*Remote label: 26/);

    // The workload moves: the other node has it with a higher sequence number.
    await frr.process.answers(
      async () => two.nextHops(BLUE, '02:aa:bb:cc:dd:01,10.2.0.4/32').join() === '10.1.1.3 25' || undefined,
    );
    two.announce(BLUE, enet(workload, { ...mpls, address: '10.1.1.4', label: 31 }, { sequence: 2 }));
    await frr.process.answers(
      async () => one.nextHops(BLUE, '02:aa:bb:cc:dd:01,10.2.0.4/32').join() === '10.1.1.4 31' || undefined,
    );
    const moved = await frr.process.answers(async () => {
      const text = await frr.vtysh('show bgp l2vpn evpn route detail');
      return text.includes('10.1.1.4:7') && /MM:2/.test(text) ? text : undefined;
    });
    t.ok(moved, 'FRR sees the sequence number of the move');
    await frr.process.answers(
      async () =>
        !Object.keys(await routes()).includes('[2]:[0]:[48]:[02:aa:bb:cc:dd:01]:[32]:[10.2.0.4]') ||
        undefined,
    );
    t.pass('the older place is no longer exported');
    const table = node.routes({ table: `${BLUE}.evpn.0` });
    t.equal(table.length, 4);
    two.retract(BLUE, enet(workload, { ...mpls, address: '10.1.1.4', label: 0 }));
    one.retract(BLUE, enet(workload, mpls));
    await frr.process.answers(
      async () => two.nextHops(BLUE, '02:aa:bb:cc:dd:01,10.2.0.4/32').length === 0 || undefined,
    );
    t.equal(node.routes({ table: `${BLUE}.evpn.0` }).length, 3, 'a retract by the name of the route');
  },
);

t.test(
  'GoBGP reads EVPN and VPNv6 routes of agents, and agents get those that GoBGP makes',
  { skip: missing('gobgp') },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn,
      routerId: '192.168.0.205',
      address: theirs,
      neighbors: [{ address: ours, asn, families: ['l2vpn-evpn', 'l3vpn-ipv6-unicast'] }],
    });
    t.teardown(() => gobgp.stop());
    const node = await controlNode(t, ours, { address: theirs, port: gobgp.port });
    const { one } = await agents(t, node);
    one.announce(BLUE, enet(workload, { ...mpls, l3Label: 40 }, { sequence: 3, localPref: 200 }));
    one.publish({ instance: BLUE, prefix: '2001:db8::4/128', label: 26 });
    const text = await gobgp.process.answers(async () => {
      const routes = await gobgp.gobgp('global', 'rib', '-a', 'evpn');
      return routes.includes('02:aa:bb:cc:dd:01') ? routes : undefined;
    });
    t.match(text, /\[type:macadv\]\[rd:10\.1\.1\.3:4\]\[etag:0\]\[mac:02:aa:bb:cc:dd:01\]\[ip:10\.2\.0\.4\]/);
    t.match(text, /64512:8000004/);
    t.match(text, /mac-mobility: 3/i);
    t.match(text, /\[401,641\]/, 'GoBGP prints the fields of both labels: 25 and 40');
    await gobgp.process.answers(async () =>
      (await gobgp.gobgp('global', 'rib', '-a', 'vpnv6')).includes('10.1.1.3:4:2001:db8::4/128')
        ? true
        : undefined,
    );

    await gobgp.gobgp(
      ...'global rib -a evpn add macadv 02:aa:bb:cc:dd:09 10.2.0.9 etag 0 label 77 rd 192.168.0.205:9'.split(
        ' ',
      ),
      ...`rt ${TARGET} encap vxlan`.split(' '),
    );
    await gobgp.process.answers(
      async () => one.nextHops(BLUE, '02:aa:bb:cc:dd:09,10.2.0.9/32').length > 0 || undefined,
    );
    t.match(one.nextHops(BLUE, '02:aa:bb:cc:dd:09,10.2.0.9/32')[0], / 77$/, 'a VNI as GoBGP wrote it');
    t.same(
      node
        .routes({ table: `${BLUE}.evpn.0`, protocol: 'bgp' })
        .map(({ prefix, paths }) => [prefix, paths[0]!.primaryTable]),
      [['2-0:0-0-02:aa:bb:cc:dd:09,10.2.0.9', 'bgp.evpn.0']],
    );

    const add = (words: string): Promise<string> =>
      gobgp.gobgp(...`global rib -a evpn add ${words} rt ${TARGET} encap vxlan`.split(' '));
    await add(
      'prefix 10.77.0.0/16 gw 0.0.0.0 etag 0 label 5002 rd 192.168.0.205:9 router-mac 52:54:00:aa:00:09',
    );
    const told = (id: string) => gobgp.process.answers(async () => one.enetItems.get(`${BLUE} ${id}`));
    const prefix = await told('00:00:00:00:00:00,10.77.0.0/16');
    t.match(prefix.attributes.nextHops, [
      {
        address: parseAddress(theirs),
        label: 5002,
        encapsulations: ['vxlan'],
        mac: parseMac('52:54:00:aa:00:09'),
      },
    ]);
    one.announce(
      BLUE,
      enet({ mac: BROADCAST, address: '10.1.1.3/32' }, { ...mpls, encapsulations: ['vxlan'] }),
    );
    await add('multicast 192.168.0.204 etag 0 rd 192.168.0.205:9 pmsi ingress-repl 5001 192.168.0.204');
    const copies = await gobgp.process.answers(async () => {
      const { attributes } = await told(`${BROADCAST},10.1.1.3/32`);
      return attributes.olist.length > 0 ? attributes.olist : undefined;
    });
    t.match(copies, [{ address: parseAddress(theirs), label: 5001, encapsulations: ['vxlan'] }]);
  },
);
