// Our control node and GoBGP: route-target constraint both ways, and routes as GoBGP prints them.
import { Gobgp, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, cent111, runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

const { asn } = cent111;
const fip = '101.101.101.252/32';
const POD = 'default-domain:k8s-ns-user-1:k8s-ns-user-1-pod-network:k8s-ns-user-1-pod-network';
const skip = missing('gobgp');
const block = new LoopbackBlock();

interface GobgpRoute {
  readonly nlri: { readonly prefix?: string; readonly labels?: readonly number[] };
  readonly attrs: readonly { readonly type: number; readonly value?: unknown; readonly nexthop?: string }[];
}

async function lab(t: { teardown(end: () => Promise<unknown>): void }) {
  const [ours, theirs] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn,
    routerId: '192.168.0.206',
    address: theirs,
    neighbors: [{ address: ours, asn, families: ['l3vpn-ipv4-unicast', 'rtc'] }],
    vrfs: [{ name: 'k8s-test', routeDistinguisher: '192.168.0.206:500', routeTargets: ['500:500'] }],
  });
  t.teardown(() => gobgp.stop());
  const node = await runningControlNode(t, {
    ...cent111,
    address: ours,
    peers: [{ name: 'camaro', address: theirs, port: gobgp.port, families: ['inet-vpn', 'route-target'] }],
    'routing-instances': [
      ...cent111['routing-instances'],
      { name: POD, 'vn-index': 5, 'route-targets': ['64512:8000003'] },
    ],
  });
  const cent222 = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
  const cent333 = await ComputeNode.connect(node.xmppAddress!, 'cent333', '10.169.25.21');
  t.teardown(async () => [cent222, cent333].forEach((one) => one.kill()));
  cent222.subscribe(PUBLIC, 9);
  cent222.subscribe(POD, 2);
  cent333.subscribe(PUBLIC, 5);
  await gobgp.process.answers(async () => (await gobgp.established(ours)) || undefined, 20_000);
  const rib = async (family: string) =>
    ((await gobgp.json('global', 'rib', '-a', family)) ?? {}) as Record<string, GobgpRoute[]>;
  const routes = (wanted: readonly string[]) =>
    gobgp.process.answers(async () => {
      const all = await rib('vpnv4');
      return JSON.stringify(Object.keys(all).sort()) === JSON.stringify(wanted) ? all : undefined;
    }, 20_000);
  return { ours, gobgp, node, cent222, cent333, rib, routes };
}

const attribute = (route: GobgpRoute | undefined, type: number) =>
  route?.attrs.find((one) => one.type === type);

t.test('GoBGP gets only what its VRF imports, each with its attributes', { skip }, async (t) => {
  const { cent222, cent333, routes } = await lab(t);
  cent222.publish({ instance: POD, prefix: '10.47.255.236/32', label: 44 });
  cent222.publish({ instance: PUBLIC, prefix: fip, label: 44, communities: ['64512:300'] });
  cent333.publish({ instance: PUBLIC, prefix: fip, label: 26 });
  const all = await routes([`10.169.25.20:9:${fip}`, `10.169.25.21:5:${fip}`]);
  const [route] = all[`10.169.25.20:9:${fip}`]!;
  t.same(route!.nlri.labels, [44]);
  t.match(attribute(route, 1), { value: 2 }, 'ORIGIN incomplete');
  t.match(attribute(route, 4), { metric: 100 });
  t.match(attribute(route, 5), { value: 200 });
  t.match(attribute(route, 8), { communities: [64512 * 65536 + 300] });
  t.match(attribute(route, 14), { nexthop: '10.169.25.20' });
  t.match(attribute(route, 16), {
    value: [
      { type: 0, subtype: 2, value: '500:500' },
      { type: 3, subtype: 12, tunnel_type: 2 },
      { type: 3, subtype: 12, tunnel_type: 13 },
    ],
  });
  t.match(all[`10.169.25.21:5:${fip}`]![0]!.nlri.labels, [26]);
});

t.test('we ask GoBGP for the targets of instances that have agents', { skip }, async (t) => {
  const { gobgp, rib, cent222 } = await lab(t);
  const ours = async () =>
    Object.keys(await rib('rtc'))
      .filter((one) => one.startsWith(`${asn}:`))
      .sort()
      .join();
  await gobgp.process.answers(async () =>
    (await ours()) === '60100:500:500,60100:64512:8000003' ? true : undefined,
  );
  cent222.unsubscribe(POD);
  await gobgp.process.answers(async () => ((await ours()) === '60100:500:500' ? true : undefined));
  t.pass('and no longer when the last agent has left');
});

t.test('introspect lists the targets that GoBGP asked for', { skip }, async (t) => {
  const { gobgp, node } = await lab(t);
  const targets = (xml: string) => [...xml.matchAll(/<rtarget [^>]*>([^<]*)</g)].map(([, target]) => target);
  const asked = async (peer: string) =>
    targets(await (await fetch(`${node.url}/Snh_ShowRtGroupPeerReq?x=${peer}`)).text());
  await gobgp.process.answers(async () => (await asked('camaro')).length > 0 || undefined);
  t.same(await asked('camaro'), ['target:500:500']);
  t.same(await asked('nobody'), []);
});

t.test('a new import of GoBGP brings routes that were held back', { skip }, async (t) => {
  const { gobgp, cent222, routes } = await lab(t);
  cent222.publish({ instance: POD, prefix: '10.47.255.236/32', label: 44 });
  cent222.publish({ instance: PUBLIC, prefix: fip, label: 44 });
  await routes([`10.169.25.20:9:${fip}`]);
  await gobgp.gobgp('vrf', 'add', 'pods', 'rd', '192.168.0.206:501', 'rt', 'both', '64512:8000003');
  await routes(['10.169.25.20:2:10.47.255.236/32', `10.169.25.20:9:${fip}`]);
  await gobgp.gobgp('vrf', 'del', 'pods');
  await routes([`10.169.25.20:9:${fip}`]);
  t.pass('and takes them away again with the VRF');
});

t.test(
  "GoBGP's route reaches the agents of the instance that imports it, and no other",
  { skip },
  async (t) => {
    const { gobgp, cent222, cent333 } = await lab(t);
    const add =
      'global rib add -a vpnv4 15.15.15.0/24 label 500 rd 192.168.0.206:500 rt 500:500 nexthop 192.168.0.206';
    await gobgp.gobgp(...add.split(' '));
    const arrived = (of: ComputeNode, instance: string) => of.nextHops(instance, '15.15.15.0/24').join();
    await gobgp.process.answers(async () => arrived(cent333, PUBLIC) || undefined);
    t.equal(arrived(cent333, PUBLIC), '192.168.0.206 500');
    t.equal(arrived(cent222, PUBLIC), '192.168.0.206 500');
    t.equal(arrived(cent222, POD), '');
  },
);

t.test('a withdrawn route leaves GoBGP, and a lost agent takes its own along', { skip }, async (t) => {
  const { cent222, cent333, routes } = await lab(t);
  cent222.publish({ instance: PUBLIC, prefix: fip, label: 44 });
  cent333.publish({ instance: PUBLIC, prefix: fip, label: 26 });
  await routes([`10.169.25.20:9:${fip}`, `10.169.25.21:5:${fip}`]);
  cent222.withdraw({ instance: PUBLIC, prefix: fip, label: 0 });
  await routes([`10.169.25.21:5:${fip}`]);
  cent333.kill();
  await routes([]);
  t.pass();
});
