import t from 'tap';

import { flowListText, matchingFlows } from '../../src/text/flow.ts';
import type { VrouterFlowTableView, VrouterFlowView } from '../../src/vrouter-views.ts';

const established = ['syn', 'syn-reverse', 'established', 'established-reverse'] as const;

/** A client's request to a service with port map, on the client's node and on the backend's. */
const forward: VrouterFlowView = {
  index: 40100,
  reverse: 340544,
  generation: 1,
  source: '10.47.255.237',
  sourcePort: 42332,
  destination: '10.101.102.27',
  destinationPort: 9999,
  protocol: 6,
  vrf: 3,
  keyNextHop: 59,
  action: 'forward',
  tcp: established,
  sourceNextHop: 59,
  packets: 7878,
  octets: 520046,
  udpSourcePort: 65053,
  sourceInformation: 6,
};
const translated: VrouterFlowView = {
  ...forward,
  index: 424192,
  reverse: 238980,
  vrf: 2,
  destinationVrf: 2,
  keyNextHop: 24,
  action: 'nat',
  nat: ['destination', 'destination-port'],
  sourceNextHop: 26,
  packets: 8067,
  octets: 419582,
  udpSourcePort: 51018,
  sourceInformation: '10.169.25.20',
};
const table: VrouterFlowTableView = {
  size: 80609280,
  entries: 629760,
  created: 1361,
  added: 1361,
  deleted: 442,
  changed: 443,
  processed: 1361,
  overflow: 0,
  flows: [forward, translated],
};

const lines = (text: string): string[] => text.slice(text.lastIndexOf('---\n') + 4).split('\n');

t.test('flow -l prints a forwarded flow as captured on a real vRouter', async (t) => {
  t.same(lines(flowListText({ ...table, flows: [forward] })), [
    '    40100<=>340544       10.47.255.237:42332                                 6 (3)',
    '                         10.101.102.27:9999 ',
    '(Gen: 1, K(nh):59, Action:F, Flags:, TCP:SSrEEr, QOS:-1, S(nh):59,  Stats:7878/520046, ',
    ' SPort 65053, TTL 0, Sinfo 6.0.0.0)',
    '',
    '',
  ]);
});

t.test('a translated flow shows the action, both VRFs and where it came from', async (t) => {
  const [head, , first, second] = lines(flowListText({ ...table, flows: [translated] }));
  t.match(head, /^ {3}424192<=>238980 .* 6 \(2->2\)$/);
  t.match(first, /^\(Gen: 1, K\(nh\):24, Action:N\(DPd\), Flags:, TCP:SSrEEr, QOS:-1, S\(nh\):26,/);
  t.match(`${first}${second}`, /SPort 51018, TTL 0, Sinfo 10\.169\.25\.20\)$/);
});

t.test(
  'the other direction has its source translated back, and ports only where they are mapped',
  async (t) => {
    const action = (nat: VrouterFlowView['nat']): string =>
      /Action:\w\([^=]*?\)/.exec(flowListText({ ...table, flows: [{ ...translated, nat: nat! }] }))![0];
    t.equal(action(['source', 'source-port']), 'Action:N(SPs)');
    t.equal(action(['source']), 'Action:N(S)');
    t.equal(action(['destination']), 'Action:N(D)');
    t.equal(action(['source', 'destination', 'source-port', 'destination-port']), 'Action:N(SPsDPd)');
  },
);

t.test('a chosen ECMP member and a drop reason are shown; UDP has no TCP marks', async (t) => {
  const { tcp: _, ...udp } = { ...forward, protocol: 17, ecmpIndex: 1 };
  t.match(flowListText({ ...table, flows: [udp] }), /Flags:, E:1, QOS:-1/);
  const dropped: VrouterFlowView = { ...forward, action: 'drop', dropReason: 'SHORT_PORT_MAP_DROP' };
  t.match(flowListText({ ...table, flows: [dropped] }), 'Action:D(SHORT_PORT_MAP_DROP)');
});

t.test('the header counts the table', async (t) => {
  t.same(flowListText({ ...table, flows: [] }).split('\n'), [
    'Flow table(size 80609280, entries 629760)',
    '',
    'Entries: Created 1361 Added 1361 Deleted 442 Changed 443Processed 1361 Used Overflow entries 0',
    '(Created Flows/CPU: )(oflows 0)',
    '',
    'Action:F=Forward, D=Drop N=NAT(S=SNAT, D=DNAT, Ps=SPAT, Pd=DPAT, L=Link Local Port)',
    ' Other:K(nh)=Key_Nexthop, S(nh)=RPF_Nexthop',
    ' Flags:E=Evicted, Ec=Evict Candidate, N=New Flow, M=Modified Dm=Delete Marked',
    'TCP(r=reverse):S=SYN, F=FIN, R=RST, C=HalfClose, E=Established, D=Dead',
    '',
    '    Index                Source:Port/Destination:Port                      Proto(V)',
    '-----------------------------------------------------------------------------------',
    '',
  ]);
});

t.test('flow --match finds flows by one or two endpoints in either direction', async (t) => {
  const back: VrouterFlowView = {
    ...forward,
    index: 340544,
    source: forward.destination,
    sourcePort: forward.destinationPort,
    destination: forward.source,
    destinationPort: forward.sourcePort,
  };
  const other: VrouterFlowView = { ...forward, index: 1, source: '10.47.255.235' };
  const flows = [forward, back, other];
  const match = (...endpoints: { address: string; port?: number }[]): number[] =>
    matchingFlows(flows, endpoints).map(({ index }) => index);
  t.same(match({ address: '10.47.255.237' }), [40100, 340544]);
  t.same(match({ address: '10.101.102.27', port: 9999 }), [40100, 340544, 1]);
  t.same(match({ address: '10.101.102.27', port: 80 }), []);
  t.same(match({ address: '10.101.102.27' }, { address: '10.47.255.235' }), [1]);
  t.same(match(), [40100, 340544, 1]);
});
