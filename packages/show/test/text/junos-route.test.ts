import t from 'tap';
import { routeBrief, routeTerse } from '../../src/text/junos-route.ts';
import { routeDetail } from '../../src/text/junos-route-detail.ts';
import { pipeThrough } from '../../src/text/pipe.ts';
import { copy, multipath, table } from './lab-gateway.ts';

const cent222 = { node: '10.169.25.20', rd: '10.169.25.20:9' } as const;
const cent333 = { node: '10.169.25.21', rd: '10.169.25.21:9' } as const;

t.test('one backend, 19 June', async (t) => {
  const view = table({ destinations: 23, routes: 40, multipath: false }, [
    copy({ ...cent222, interface: 'gr-2/2/0.32771', label: 40, age: 71, mark: '*' }),
  ]);
  t.equal(
    routeBrief(view),
    `
k8s-test.inet.0: 23 destinations, 40 routes (23 active, 0 holddown, 0 hidden)
+ = Active Route, - = Last Active, * = Both

101.101.101.252/32 *[BGP/170] 00:01:11, MED 100, localpref 200, from 10.169.25.19
                      AS path: ?, validation-state: unverified
                    > via gr-2/2/0.32771, Push 40
`,
  );
});

t.test('the same in detail, 20 June: every field of the capture in its order', async (t) => {
  const view = table({ destinations: 23, routes: 41, multipath: false }, [
    copy({
      ...cent222,
      interface: 'gr-2/2/0.32771',
      label: 44,
      age: 36938,
      mark: '*',
      index: 1266,
      indirect: 1048574,
    }),
    copy({ ...cent333, interface: 'gr-2/3/0.32771', label: 44, age: 36938, mark: ' ' }),
  ]);
  const text = routeDetail(view);
  // The capture leaves fields out where it has dots.
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
  let at = 0;
  for (const piece of captured.split('......\n')) {
    const found = text.indexOf(piece, at);
    t.ok(found >= at, `stands in the output: ${piece.trim().split('\n')[0]!}`);
    at = found + piece.length;
  }
  t.match(text, 'Inactive reason: Not Best in its group - Update source');
});

t.test('two backends on two nodes, 30 June', async (t) => {
  const view = table({ destinations: 24, routes: 46, multipath: true }, [
    copy({ ...cent222, interface: 'gr-2/3/0.32771', label: 26, age: 25, mark: '*' }),
    copy({ ...cent333, interface: 'gr-2/2/0.32771', label: 26, age: 25, mark: ' ' }),
  ]);
  t.equal(
    routeBrief(view, 'wrapped'),
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
  );
  t.equal(
    pipeThrough(routeDetail(view), ['match state']),
    `                State: <Secondary Active Int Ext ProtectionCand>
                Validation State: unverified
                State: <Secondary NotBest Int Ext ProtectionCand>
                Validation State: unverified
`,
    'detail | match state',
  );
});

t.test('with multipath vpn-unequal-cost, 26 June', async (t) => {
  const view = table({ destinations: 27, routes: 54, multipath: true }, [
    copy({ ...cent222, interface: 'gr-2/3/0.32771', label: 72, age: 4, mark: '@' }),
    copy({ ...cent333, interface: 'gr-2/2/0.32771', label: 52, age: 52, mark: ' ' }),
    multipath(4, [
      { interface: 'gr-2/3/0.32771', label: 72, selected: false },
      { interface: 'gr-2/2/0.32771', label: 52, selected: true },
    ]),
  ]);
  t.equal(
    routeBrief(view, 'wrapped'),
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
  t.match(
    routeDetail(view),
    '101.101.101.252/32 (3 entries, 2 announced)\n        State: <CalcForwarding>\n',
  );
});

t.test('a prefix too long for its column stands on a line of its own', async (t) => {
  const view = table({ destinations: 1, routes: 1, multipath: false }, [
    copy({ ...cent222, interface: 'gr-2/2/0.32771', label: 40, age: 71, mark: '*' }),
  ]);
  const vpn: typeof view = {
    ...view,
    entries: [{ ...view.entries[0]!, prefix: '10.169.25.20:9:101.101.101.252/32' }],
  };
  t.match(routeBrief(vpn), '\n10.169.25.20:9:101.101.101.252/32\n                   *[BGP/170] 00:01:11');
  t.match(
    routeTerse(vpn),
    '\n* ? 10.169.25.20:9:101.101.101.252/32\n                       B 170        200        100',
  );
});

t.test('a hidden route says why it leads nowhere', async (t) => {
  const view = table({ destinations: 1, routes: 1, multipath: false }, [
    {
      ...copy({ ...cent222, interface: '', label: 40, age: 3, mark: ' ' }),
      nextHopType: 'Unusable',
      nextHops: [],
      indirect: [],
    },
  ]);
  t.match(routeBrief(view), '\n                      Unusable\n');
  t.match(routeDetail(view), 'Next hop type: Unusable\n');
});

t.test('terse has one line per entry and one per next hop of BGP', async (t) => {
  const view = table({ destinations: 1, routes: 2, multipath: false }, [
    copy({ ...cent222, interface: 'gr-2/2/0.32771', label: 40, age: 71, mark: '*' }),
  ]);
  t.match(
    routeTerse(view),
    `A V Destination        P Prf   Metric 1   Metric 2  Next hop        AS path
* ? 101.101.101.252/32 B 170        200        100                  ?
  unverified                                       >gr-2/2/0.32771
`,
  );
});

t.test('nothing to show leaves the header', async (t) => {
  const view = { ...table({ destinations: 3, routes: 3, multipath: false }, []), entries: [] };
  t.equal(routeBrief(view), '\nk8s-test.inet.0: 3 destinations, 3 routes (3 active, 0 holddown, 0 hidden)\n');
});
