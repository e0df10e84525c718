// What the lab's router printed, from a gateway that was told what the router was told: routes over a real session, commands
// over HTTP. The peer is on loopback, so its address stands for 10.169.25.19; and a handle in memory is a name of ours.
import { ManualClock } from '@vaportrail/net';
import { fetchView, postAction, runCommand, type CommandOptions, type GatewayAccess } from '@vaportrail/show';
import t from 'tap';
import { gatewayConfig } from '../src/config.ts';
import { Gateway, type GatewayOptions } from '../src/gateway.ts';
import { writtenConfig } from '../src/written-config.ts';
import { ControlNode, counted, floatingIp, until, type Copy } from './control-node.ts';

const cent222 = '10.169.25.20';
const cent333 = '10.169.25.21';
const knob = 'routing-instances k8s-test routing-options multipath vpn-unequal-cost';
/** Next hops that end here come first: reject, the attached network, the own address. */
const terminals = 3;
const wrapped: CommandOptions = { style: 'wrapped' };

class Lab {
  readonly clock = new ManualClock(Date.UTC(2019, 5, 30, 0, 27, 3));
  readonly node: ControlNode;
  readonly gateway: Gateway;
  #announced = 0;

  private constructor(node: ControlNode, indexes: GatewayOptions['indexes']) {
    this.node = node;
    const config = gatewayConfig.parse({
      name: 'camaro',
      asn: 13979,
      'local-as': 60100,
      'router-id': '192.168.0.204',
      bgp: { peers: [{ name: 'contrail', address: '127.0.0.1', port: node.port, asn: 60100 }] },
      'routing-instances': [
        {
          name: 'k8s-test',
          'route-distinguisher': '192.168.0.204:500',
          'vrf-target': 'target:500:500',
          interfaces: [{ name: 'ge-0/0/1.0', address: '15.15.15.1/24' }],
        },
      ],
      'dynamic-tunnels': [
        { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
      ],
      'tunnel-services': { pics: ['2/2/0', '2/3/0'], 'first-unit': 32771 },
    });
    this.gateway = new Gateway(config, { clock: this.clock, ...(indexes === undefined ? {} : { indexes }) });
  }

  static async start(
    t: { teardown(fn: () => Promise<void>): void },
    indexes?: GatewayOptions['indexes'],
  ): Promise<Lab> {
    const lab = new Lab(await new ControlNode().start(), indexes);
    t.teardown(async () => {
      await lab.gateway.stop();
      await lab.node.stop();
    });
    await lab.gateway.start();
    await lab.node.established();
    return lab;
  }

  /** Announces copies one after the other, and waits until the gateway has each. */
  async announce(...copies: Copy[]): Promise<void> {
    for (const copy of copies) {
      this.node.announce(copy);
      this.#announced++;
      await until(() => this.#received() === this.#announced, `${copy.prefix ?? floatingIp} arrives`);
    }
  }

  /** Routes that only fill the table: so many of both nodes, so many of one. */
  async fill(ofBoth: number, ofOne: number, { label = 61, from = 0 } = {}): Promise<void> {
    for (let i = 0; i < ofBoth + ofOne; i++) {
      const prefix = counted('101.101.101.1', from + i);
      this.node.announce({ prefix, nextHop: cent222, label });
      if (i < ofBoth) this.node.announce({ prefix, nextHop: cent333, label });
    }
    this.#announced += 2 * ofBoth + ofOne;
    await until(() => this.#received() === this.#announced, 'the table is filled');
  }

  /** Waits until the floating IP has so many entries. */
  async entries(count: number): Promise<void> {
    const entries = (): number =>
      this.gateway.routes({ table: 'k8s-test.inet.0', prefix: floatingIp })[0]?.paths.length ?? 0;
    await until(() => entries() === count, `${floatingIp} has ${count} entries`);
  }

  async addInstance(): Promise<void> {
    const written = writtenConfig(this.gateway.config);
    written['routing-instances']!.push({
      name: 'other',
      'route-distinguisher': '192.168.0.204:501',
      'vrf-target': 'target:500:501',
      interfaces: [{ name: 'ge-0/0/2.0', address: '16.16.16.1/24' }],
    });
    await this.gateway.reload(gatewayConfig.parse(written));
    const attached = (): number =>
      this.gateway.forwardingTables({ instance: 'other' })[0]?.routes.length ?? 0;
    await until(() => attached() === 3, 'the instance has its network, its address and the default');
  }

  /** Sends packets of one client to the floating IP. */
  send(packets: number): void {
    for (let port = 0; port < packets; port++)
      this.gateway.forward('k8s-test', {
        source: Uint8Array.of(15, 15, 15, 2),
        destination: Uint8Array.of(101, 101, 101, 252),
        protocol: 6,
        sourcePort: 32768 + port,
        destinationPort: 8888,
      });
  }

  async run(command: string, options: CommandOptions = {}): Promise<string> {
    const url = this.gateway.url!;
    const access: GatewayAccess = {
      view: (path, query) => fetchView(url, path, query),
      act: (path, body) => postAction(url, path, body),
    };
    return (await runCommand(command, access, options)).replaceAll('127.0.0.1', '10.169.25.19');
  }

  #received(): number {
    return this.gateway
      .routeTables({ table: 'k8s-test.inet.0', received: 'contrail' })
      .flatMap(({ entries }) => entries)
      .reduce((sum, { paths }) => sum + paths.length, 0);
  }
}

t.test('19 June: one backend', async (t) => {
  const lab = await Lab.start(t);
  await lab.announce({ nextHop: cent222, label: 40 });
  await lab.fill(17, 3);
  lab.clock.advance(71_000);
  t.equal(
    await lab.run('show route table k8s-test.inet.0 101.101.101.252/32'),
    `
k8s-test.inet.0: 23 destinations, 40 routes (23 active, 0 holddown, 0 hidden)
+ = Active Route, - = Last Active, * = Both

101.101.101.252/32 *[BGP/170] 00:01:11, MED 100, localpref 200, from 10.169.25.19
                      AS path: ?, validation-state: unverified
                    > via gr-2/2/0.32771, Push 40
`,
  );
});

t.test('20 June: in detail', async (t) => {
  const lab = await Lab.start(t, { indirect: 1048574, unicast: 1266 - terminals });
  await lab.announce({ nextHop: cent222, label: 44 }, { nextHop: cent333, label: 44 });
  await lab.fill(17, 3);
  lab.clock.advance((10 * 3600 + 15 * 60 + 38) * 1000);
  const text = await lab.run('show route table k8s-test.inet.0 101.101.101.252/32 detail');
  const ours = text.split('         BGP ')[0]!;
  const captured = `
k8s-test.inet.0: 23 destinations, 41 routes (23 active, 0 holddown, 0 hidden)
101.101.101.252/32 (2 entries, 1 announced)
        *BGP    Preference: 170/-201
                Route Distinguisher: 10.169.25.20:9
......
                Source: 10.169.25.19
                Next hop type: Router, Next hop index: 1266
                Next hop: via gr-2/2/0.32771, selected
                Label operation: Push 44
                Label TTL action: prop-ttl
                Load balance label: Label 44: None;
......
                Protocol next hop: 10.169.25.20
                Label operation: Push 44
                Label TTL action: prop-ttl
                Load balance label: Label 44: None;
                Indirect next hop: 0x900c660 1048574 INH Session ID: 0x690
                State: <Secondary Active Int Ext ProtectionCand>
                Local AS: 13979 Peer AS: 60100
                Age: 10:15:38   Metric: 100     Metric2: 0
                Validation State: unverified
                Task: BGP_60100_60100.10.169.25.19
                Announcement bits (1): 1-KRT
                AS path: ?
                Communities: target:500:500 target:64512:8000016 encapsulation:unknown(0x2) encapsulation:mpls-in-udp(0xd) unknown type 8004 value eac4:7a1207 unknown type 8071 value eac4:b unknown type 8084 value eac4:10000 unknown type 8084 value eac4:ff0004 unknown type 8084 value eac4:1020006 unknown type 8084 value eac4:1030001
                Import Accepted
                VPN Label: 44
                Localpref: 200
                Router ID: 10.169.25.19
                Primary Routing Table bgp.l3vpn.0
`;
  const named = ours.replace(
    /Indirect next hop: 0x9\w+ (\d+) INH Session ID: 0x\w+/,
    'Indirect next hop: 0x900c660 $1 INH Session ID: 0x690',
  );
  let at = 0;
  for (const piece of captured.split('......\n')) {
    const found = named.indexOf(piece, at);
    t.ok(found >= at, `stands in the output: ${piece.trim().split('\n')[0]!}`);
    at = found + piece.length;
  }
});

t.test('30 June: two backends, before and after the knob', async (t) => {
  const lab = await Lab.start(t, {
    indirect: 1048596,
    unicast: 1271 - terminals,
    interface: 392,
    snmp: 1801,
  });
  // The knob had been tried before: the legend of the table tells.
  await lab.run(`set ${knob}`);
  await lab.run('delete routing-instances k8s-test routing-options multipath');
  await lab.announce({ nextHop: cent333, label: 26 }, { nextHop: cent222, label: 26 });
  // Seven routes of each of three workloads, which has one label on a node whatever its address.
  for (const [i, label] of [43, 45, 47].entries()) await lab.fill(7, 0, { label, from: 7 * i });
  lab.clock.advance(25_000);
  // Another instance takes next hops between those of the first leg and of the second.
  await lab.addInstance();

  t.equal(
    await lab.run('show route table k8s-test.inet.0 101.101.101.252/32', wrapped),
    `
k8s-test.inet.0: 24 destinations, 46 routes (24 active, 0 holddown, 0 hidden)
@ = Routing Use Only, # = Forwarding Use Only
+ = Active Route, - = Last Active, * = Both

101.101.101.252/32 *[BGP/170] 00:00:25, MED 100, localpref 200, from 10.169.25.19
                       AS path: ?
                    validation-state: unverified, > via gr-2/3/0.32771, Push 26
                    [BGP/170] 00:00:25, MED 100, localpref 200, from 10.169.25.19
                       AS path: ?
                    validation-state: unverified, > via gr-2/2/0.32771, Push 26
`,
    '00:27:03',
  );

  t.equal(
    await lab.run('show route table k8s-test.inet.0 101.101.101.252/32 detail | match state'),
    `                State: <Secondary Active Int Ext ProtectionCand>
                Validation State: unverified
                State: <Secondary NotBest Int Ext ProtectionCand>
                Validation State: unverified
`,
    '00:48:29',
  );

  t.equal(
    await lab.run('show route forwarding-table table k8s-test destination 101.101.101.252'),
    `Routing table: k8s-test.inet
Internet:
Enabled protocols: Bridging, All VLANs,
Destination        Type RtRef Next hop           Type Index    NhRef Netif
101.101.101.252/32 user     0                    indr  1048597     2
                                                Push 26     1272     2 gr-2/3/0.32771
`,
    '00:53:12',
  );

  lab.send(11);
  t.equal(
    (await lab.run('show interfaces gr-2/2/0.32771')) + (await lab.run('show interfaces gr-2/3/0.32771')),
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
  Logical interface gr-2/3/0.32771 (Index 393) (SNMP ifIndex 1802)
    Flags: Up Point-To-Point SNMP-Traps 0x4000
    IP-Header 10.169.25.20:192.168.0.204:47:df:64:0000000800000000
    Encapsulation: GRE-NULL
    Copy-tos-to-outer-ip-header: Off, Copy-tos-to-outer-ip-header-transit: Off
    Gre keepalives configured: Off, Gre keepalives adjacency state: down
    Input packets : 0
    Output packets: 11
    Protocol inet, MTU: 9142
    Max nh cache: 0, New hold nh limit: 0, Curr nh cnt: 0, Curr new hold cnt: 0, NH drop cnt: 0
      Flags: None
    Protocol mpls, MTU: 9130, Maximum labels: 3
      Flags: None
`,
    '00:56:01, but for the SNMP index of the second (1703) and the packets that came back (11)',
  );

  await lab.run(`set ${knob}`);
  await lab.entries(3);
  t.equal(
    // As printed, the capture has seven columns less in front of the type.
    (await lab.run('show route forwarding-table table k8s-test destination 101.101.101.252'))
      .replace(/^(.{32}) {7}/gm, '$1')
      .replace('Next hop           Type', 'Next hop    Type'),
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
    '01:12:36',
  );
});

t.test('26 June: the routes with the knob', async (t) => {
  const lab = await Lab.start(t);
  await lab.run(`set ${knob}`);
  await lab.announce({ nextHop: cent333, label: 52 });
  await lab.fill(12, 11);
  const unequal = '101.101.101.200/32';
  await lab.announce({ prefix: unequal, nextHop: cent222, label: 30 });
  await lab.announce({ prefix: unequal, nextHop: cent333, label: 30, localPref: 100, med: 200 });
  lab.clock.advance(48_000);
  await lab.announce({ nextHop: cent222, label: 72 });
  await lab.entries(3);
  lab.clock.advance(4_000);
  t.equal(
    await lab.run('show route table k8s-test.inet.0 101.101.101.252/32', wrapped),
    `
k8s-test.inet.0: 27 destinations, 54 routes (27 active, 0 holddown, 0 hidden)
@ = Routing Use Only, # = Forwarding Use Only
+ = Active Route, - = Last Active, * = Both

101.101.101.252/32 @[BGP/170] 00:00:04, MED 100, localpref 200, from 10.169.25.19
                       AS path: ?
                    validation-state: unverified, > via gr-2/3/0.32771, Push 72
                    [BGP/170] 00:00:52, MED 100, localpref 200, from 10.169.25.19
                       AS path: ?
                    validation-state: unverified, > via gr-2/2/0.32771, Push 52
                   #[Multipath/255] 00:00:04, metric 100, metric2 0
                       via gr-2/3/0.32771, Push 72
                     > via gr-2/2/0.32771, Push 52
`,
  );
  const extensive = await lab.run('show route table k8s-test.inet.0 101.101.101.252/32 extensive');
  t.match(extensive, '101.101.101.252/32 (3 entries, 2 announced)\n        State: <CalcForwarding>\nTSI:\n');
  t.match(extensive, /KRT in-kernel 101\.101\.101\.252\/32 -> \{list:indirect\(\d+\), indirect\(\d+\)\}/);
  t.match(extensive, 'Inactive reason: Not Best in its group - Update source\n');
  t.match(
    extensive,
    '        #Multipath Preference: 255\n                Next hop type: Indirect, Next hop index: 0\n',
  );
  t.match(
    extensive,
    'State: <ForwardingOnly Int Ext>\n                Inactive reason: Forwarding use only\n',
  );
  t.match(extensive, 'Age: 4  Metric: 100     Metric2: 0\n');
  t.match(extensive, '10.169.25.21/32 Originating RIB: inet.3\n');
});
