import t from 'tap';
import type {
  DynamicTunnelView,
  ForwardingNextHopView,
  ForwardingTableView,
} from '../../src/gateway-views.ts';
import {
  dynamicTunnelsDatabase,
  forwardingTable,
  forwardingTableExtensive,
  tunnelInterface,
} from '../../src/text/junos-forwarding.ts';

function leg(indirect: number, index: number, outgoing: string): ForwardingNextHopView {
  return {
    type: 'indr',
    index: indirect,
    references: 2,
    members: [{ type: 'ucst', operation: 'Push 26', index, references: 2, interface: outgoing }],
  };
}

function view(nextHop: ForwardingNextHopView): ForwardingTableView {
  return {
    name: 'k8s-test.inet',
    index: 7,
    family: 'inet',
    routes: [{ destination: '101.101.101.252/32', type: 'user', references: 0, nextHop }],
  };
}

const cent222 = leg(1048597, 1272, 'gr-2/3/0.32771');
const cent333 = leg(1048600, 1277, 'gr-2/2/0.32771');

/** The printed captures have seven columns less in front of the type of the next hop than the router prints. */
function asPrinted(text: string): string {
  return text.replace(/^(.{32}) {7}/gm, '$1').replace('Next hop           Type', 'Next hop    Type');
}

t.test('the forwarding table before the knob', async (t) => {
  t.equal(
    forwardingTable(view(cent222)),
    `Routing table: k8s-test.inet
Internet:
Enabled protocols: Bridging, All VLANs,
Destination        Type RtRef Next hop           Type Index    NhRef Netif
101.101.101.252/32 user     0                    indr  1048597     2
                                                Push 26     1272     2 gr-2/3/0.32771
`,
  );
});

t.test('and after it', async (t) => {
  t.equal(
    asPrinted(
      forwardingTable(view({ type: 'ulst', index: 1048601, references: 2, members: [cent222, cent333] })),
    ),
    `Routing table: k8s-test.inet
Internet:
Enabled protocols: Bridging, All VLANs,
Destination        Type RtRef Next hop    Type Index    NhRef Netif
101.101.101.252/32 user     0             ulst  1048601     2
                                          indr  1048597     2
                                         Push 26     1272     2 gr-2/3/0.32771
                                          indr  1048600     2
                                         Push 26     1277     2 gr-2/2/0.32771
`,
  );
});

t.test('extensive names every level', async (t) => {
  const text = forwardingTableExtensive(view(cent222));
  t.match(text, 'Routing table: k8s-test.inet [Index 7]');
  t.match(text, /Next-hop type: indirect +Index: 1048597 +Reference: 2/);
  t.match(text, /Next-hop type: Push 26 +Index: 1272 +Reference: 2/);
  t.match(text, 'Next-hop interface: gr-2/3/0.32771   Weight: 0x1');
});

function tunnel(of: Partial<DynamicTunnelView>): DynamicTunnelView {
  return {
    name: 'contrail',
    type: 'gre',
    source: '192.168.0.204',
    destination: '10.169.25.20',
    interface: 'gr-2/3/0.32771',
    state: 'up',
    references: 1,
    metric: 0,
    since: '2019-06-30T00:27:03Z',
    index: 393,
    snmpIndex: 1703,
    inputPackets: 11,
    outputPackets: 11,
    ...of,
  };
}

t.test('the tunnel interfaces of both nodes', async (t) => {
  t.equal(
    tunnelInterface(
      tunnel({
        destination: '10.169.25.21',
        interface: 'gr-2/2/0.32771',
        index: 392,
        snmpIndex: 1801,
        inputPackets: 0,
        outputPackets: 0,
      }),
    ) + tunnelInterface(tunnel({})),
    `  Logical interface gr-2/2/0.32771 (Index 392) (SNMP ifIndex 1801)
    Flags: Up Point-To-Point SNMP-Traps 0x4000
    IP-Header 10.169.25.21:192.168.0.204:47:df:64:0000000800000000
    Encapsulation: GRE-NULL
    Copy-tos-to-outer-ip-header: Off, Copy-tos-to-outer-ip-header-transit: Off
    Gre keepalives configured: Off, Gre keepalives adjacency state: down
    Input packets : 0
    Output packets: 0
    Protocol inet, MTU: 9142
    Max nh cache: 0, New hold nh limit: 0, Curr nh cnt: 0, Curr new hold cnt: 0, NH drop cnt: 0
      Flags: None
    Protocol mpls, MTU: 9130, Maximum labels: 3
      Flags: None
  Logical interface gr-2/3/0.32771 (Index 393) (SNMP ifIndex 1703)
    Flags: Up Point-To-Point SNMP-Traps 0x4000
    IP-Header 10.169.25.20:192.168.0.204:47:df:64:0000000800000000
    Encapsulation: GRE-NULL
    Copy-tos-to-outer-ip-header: Off, Copy-tos-to-outer-ip-header-transit: Off
    Gre keepalives configured: Off, Gre keepalives adjacency state: down
    Input packets : 11
    Output packets: 11
    Protocol inet, MTU: 9142
    Max nh cache: 0, New hold nh limit: 0, Curr nh cnt: 0, Curr new hold cnt: 0, NH drop cnt: 0
      Flags: None
    Protocol mpls, MTU: 9130, Maximum labels: 3
      Flags: None
`,
  );
});

t.test('the database of dynamic tunnels', async (t) => {
  t.equal(
    dynamicTunnelsDatabase({
      table: 'inet.3',
      networks: [
        {
          name: 'contrail',
          prefix: '10.169.25.0/24',
          type: 'gre',
          source: '192.168.0.204',
          metric: 0,
          tunnels: [tunnel({})],
        },
      ],
    }),
    `*- Signal Tunnels #- PFE-down
Table: inet.3

Destination-network: 10.169.25.0/24
Tunnel to: 10.169.25.20/32 State: Up
  Reference count: 1
  Next-hop type: gre
    Source address: 192.168.0.204
    Next hop: gr-2/3/0.32771
      State: Up
`,
  );
});
