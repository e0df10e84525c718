// An operator clears FRR at a control node and at a gateway: softly in both directions, and the whole session.
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { Frr, LoopbackBlock, findFrr, type FrrSettings } from '@vaportrail/lab';
import { fetchView, postAction, type NeighborView } from '@vaportrail/show';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, runningControlNode } from '../running-control-node.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const found = findFrr();
const skip = 'missing' in found ? found.missing : false;

interface FrrNeighbor {
  readonly bgpState: string;
  readonly connectionsDropped: number;
  readonly messageStats: Readonly<Record<'routeRefreshSent' | 'routeRefreshRecv' | 'updatesRecv', number>>;
}

/** FRR with a route, waiting for the daemon at an address. */
async function running(t: { teardown(end: () => unknown): void }, ours: string): Promise<Frr> {
  const settings: FrrSettings = {
    asn: 64512,
    routerId: '10.0.0.2',
    address: block.take(),
    importTargets: ['64512:100'],
    neighbors: [{ address: ours, asn: 64512 }],
  };
  const frr = await Frr.start(settings);
  t.teardown(() => frr.stop());
  return frr;
}

/** What FRR says of us, once it is so. */
function seen(frr: Frr, ours: string, holds: (neighbor: FrrNeighbor) => boolean): Promise<FrrNeighbor> {
  return frr.process.answers(async () => {
    const view = (await frr.json(`show bgp neighbors ${ours}`)) as Record<string, FrrNeighbor>;
    const neighbor = view[ours];
    return neighbor !== undefined && neighbor.bgpState === 'Established' && holds(neighbor)
      ? neighbor
      : undefined;
  }, 30_000);
}

/** Clears FRR in every way at a daemon whose views are at `url`. */
async function cleared(t: Tap, frr: Frr, ours: string, url: string): Promise<void> {
  const before = await seen(frr, ours, ({ messageStats }) => messageStats.updatesRecv > 0);
  t.same(await postAction(url, '/clear', { neighbor: 'frr', soft: 'in' }), [
    { neighbor: 'frr', soft: 'in', families: ['inet-vpn'] },
  ]);
  // FRR is asked once, and marks the beginning and the end of what it sends again.
  const again = ({ messageStats: { routeRefreshRecv, routeRefreshSent } }: FrrNeighbor): boolean =>
    routeRefreshRecv === 1 && routeRefreshSent === 2;
  t.ok(await seen(frr, ours, again));

  await postAction(url, '/clear', { neighbor: frr.address, soft: 'out' });
  const { updatesRecv } = before.messageStats;
  const told = await seen(
    frr,
    ours,
    ({ messageStats }) => messageStats.routeRefreshRecv === 3 && messageStats.updatesRecv > updatesRecv,
  );
  t.equal(told.connectionsDropped, 0, 'no session was lost over either');

  t.same(await postAction(url, '/clear', { neighbor: 'frr' }), [{ neighbor: 'frr' }]);
  await seen(frr, ours, ({ connectionsDropped }) => connectionsDropped === 1);
  t.match(frr.process.output, /NOTIFICATION: received from neighbor .* 6\/4 \(Cease\/Administrative Reset\)/);
  const [view] = await fetchView<NeighborView[]>(url, '/neighbors', { name: frr.address });
  t.match(view, {
    name: 'frr',
    state: 'Established',
    flaps: 1,
    session: {
      holdTimes: { ours: 90, theirs: 30 },
      keepalive: 10,
      capabilitiesSent: ['multiprotocol inet-vpn'],
      lastReset: { because: 'sent Cease (6) / Administrative Reset (4): cleared by an operator' },
    },
  });
  t.ok(view?.session?.capabilitiesReceived?.includes('four-octet-as 64512'));
}
type Tap = Pick<typeof t, 'same' | 'equal' | 'ok' | 'match'>;

t.test('a control node', { skip }, async (t) => {
  const address = block.take();
  const frr = await running(t, address);
  const node = await runningControlNode(t, {
    name: 'cn1',
    asn: 64512,
    'router-id': '10.0.0.1',
    address,
    peers: [{ name: 'frr', address: frr.address, port: frr.port, families: ['inet-vpn'] }],
    'routing-instances': [{ name: PUBLIC, 'route-targets': ['64512:100'] }],
  });
  const cent222 = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
  t.teardown(async () => cent222.kill());
  cent222.subscribe(PUBLIC, 9);
  cent222.publish({ instance: PUBLIC, prefix: '101.101.101.252/32', label: 43 });
  await cleared(t, frr, address, node.url!);

  const agent = { neighbor: 'cent222' };
  await t.rejects(
    postAction(node.url!, '/clear', { ...agent, soft: 'in' }),
    /only whole sessions are cleared/,
  );
  t.notOk(cent222.closed);
  t.same(await postAction(node.url!, '/clear', agent), [agent]);
  await frr.process.answers(async () => cent222.closed || undefined);
  const gone = async () => ((await frr.paths('101.101.101.252/32')).length === 0 ? true : undefined);
  t.ok(await frr.process.answers(gone), 'and FRR has lost what the agent had published');
});

t.test('a gateway', { skip }, async (t) => {
  const address = block.take();
  const frr = await running(t, address);
  const gateway = new Gateway(
    gatewayConfig.parse({
      name: 'gw1',
      asn: 64512,
      'router-id': '10.0.0.1',
      bgp: {
        peers: [
          {
            name: 'frr',
            address: frr.address,
            port: frr.port,
            asn: 64512,
            'local-address': address,
            families: ['inet-vpn'],
            'connect-retry': 1,
          },
        ],
      },
      'routing-instances': [
        {
          name: 'red',
          'route-distinguisher': '10.0.0.1:100',
          'vrf-target': '64512:100',
          'routing-options': { static: [{ route: '10.20.0.0/24', 'next-hop': 'discard' }] },
        },
      ],
    }),
  );
  t.teardown(() => gateway.stop());
  await gateway.start();
  await cleared(t, frr, address, gateway.url!);
});
