import { type Origin, aigpMetric, encodeAttributes } from '@vaportrail/bgp/wire';
import {
  ipv4Bytes,
  parseHex,
  parseIpv4,
  parsePrefix,
  parseRouteDistinguisher,
  parseRouteTarget,
} from '@vaportrail/net';
import t from 'tap';
import { type MultipathMode, Rib, type Route, type RuleSetName } from '../src/index.ts';
import { ruleSets } from '../src/selection/rules.ts';

interface Contestant {
  readonly localPref?: number;
  readonly asns?: readonly number[];
  readonly origin?: Origin;
  readonly med?: number;
  readonly aigp?: bigint;
  readonly nextHop?: string;
  readonly originatorId?: string;
  readonly clusterList?: readonly number[];
  readonly routerId?: string;
  readonly address?: string;
  readonly external?: boolean;
  readonly protocol?: 'bgp' | 'xmpp' | 'local' | 'static';
  readonly metric?: number;
  readonly gateways?: number;
  /** In hexadecimal. */
  readonly extended?: string;
  readonly communities?: readonly number[];
  readonly infeasible?: 'no-tunnel-encapsulation';
}

const prefix = parsePrefix('10.0.0.0/24');

/** One route with these paths, in this order. */
function contest(selection: RuleSetName, paths: readonly Contestant[], multipath?: MultipathMode): Route {
  const rib = new Rib({ asn: 65000, routerId: 1 });
  const costs = new Map<string, { metric: number; gateways: number }>();
  const table = rib.createTable({
    name: 't',
    family: 'inet',
    selection,
    ...(multipath === undefined ? {} : { multipath }),
    resolve: (nextHop, source) => costs.get(`${source.name} ${nextHop.join('.')}`),
  });
  paths.forEach((path, i) => {
    const address = path.address ?? `192.0.2.${i + 1}`;
    const protocol = path.protocol ?? 'bgp';
    const source = rib.addSource({
      name: `path ${i}`,
      protocol,
      address:
        protocol === 'local' || protocol === 'static' ? new Uint8Array(0) : ipv4Bytes(parseIpv4(address)),
      routerId: parseIpv4(path.routerId ?? '192.0.2.1'),
      internal: path.external !== true && protocol === 'bgp',
    });
    const nextHop = ipv4Bytes(parseIpv4(path.nextHop ?? '10.9.9.9'));
    if (path.metric !== Number.POSITIVE_INFINITY) {
      costs.set(`${source.name} ${nextHop.join('.')}`, {
        metric: path.metric ?? 0,
        gateways: path.gateways ?? 1,
      });
    }
    const attributes = encodeAttributes({
      origin: path.origin ?? 'igp',
      asPath: path.asns === undefined ? [] : [{ type: 'sequence', asns: path.asns }],
      ...(path.med === undefined ? {} : { med: path.med }),
      ...(path.aigp === undefined ? {} : { aigp: aigpMetric(path.aigp) }),
      ...(path.localPref === undefined ? {} : { localPref: path.localPref }),
      ...(path.originatorId === undefined ? {} : { originatorId: parseIpv4(path.originatorId) }),
      ...(path.clusterList === undefined ? {} : { clusterList: path.clusterList }),
      ...(path.extended === undefined ? {} : { extendedCommunities: parseHex(path.extended) }),
      ...(path.communities === undefined ? {} : { communities: path.communities }),
    });
    table.announce(source, { prefix }, { attributes, nextHop, infeasible: path.infeasible });
  });
  return table.route({ prefix })!;
}

/** Winner, loser, and the step in which the loser lost, for paths given loser first. */
function lost(
  selection: RuleSetName,
  loser: Contestant,
  winner: Contestant,
  multipath?: MultipathMode,
): string {
  const route = contest(selection, [loser, winner], multipath);
  if (route.best?.source.name !== 'path 1') return `${route.best?.source.name} won`;
  const { step, reason } = route.paths[1]!.notBest!;
  return `${step}: ${reason}`;
}

const far = Number.POSITIVE_INFINITY;

t.test('RFC 4271 and RFC 4456, step by step', async (t) => {
  const cases: [Contestant, Contestant, string][] = [
    [{ metric: far, localPref: 900 }, {}, 'feasible: not feasible'],
    [{}, { localPref: 200, asns: [1, 2] }, 'local-preference: lower LOCAL_PREF'],
    [{ asns: [1] }, { aigp: 9n, asns: [1, 2] }, 'aigp: higher AIGP'],
    [{ aigp: 5n, metric: 6 }, { aigp: 7n, metric: 3, asns: [1, 2] }, 'aigp: higher AIGP'],
    [{ aigp: 1n << 40n }, { aigp: 1n, localPref: 100, asns: [1, 2] }, 'aigp: higher AIGP'],
    [{ asns: [1, 2] }, { asns: [1], origin: 'incomplete' }, 'as-path-length: longer AS_PATH'],
    [{ origin: 'incomplete' }, { origin: 'egp', med: 9 }, 'origin: higher ORIGIN'],
    [{ asns: [1], med: 9, external: true }, { asns: [1], med: 5 }, 'med: higher MULTI_EXIT_DISC'],
    [{ asns: [1], med: 5 }, { asns: [2], med: 9, external: true, metric: 7 }, 'external: learned by IBGP'],
    [{ metric: 9 }, { metric: 5, routerId: '192.0.2.9' }, 'igp-metric: next hop farther away'],
    [{ routerId: '192.0.2.9' }, { clusterList: [1, 2] }, 'router-id: higher router id'],
    [
      { routerId: '1.1.1.1', originatorId: '9.9.9.9' },
      { routerId: '2.2.2.2' },
      'router-id: higher router id',
    ],
    [
      { clusterList: [1, 2], address: '192.0.2.1' },
      { clusterList: [1], address: '192.0.2.2' },
      'cluster-list-length: longer CLUSTER_LIST',
    ],
    [{ address: '192.0.2.9' }, { address: '192.0.2.8' }, 'peer-address: higher peer address'],
  ];
  for (const [loser, winner, expected] of cases) t.equal(lost('rfc4271', loser, winner), expected);
  t.equal(
    contest('rfc4271', [{}, {}], 'multipath').multipath.length,
    2,
    'ties through the IGP metric share the load',
  );
  t.equal(contest('rfc4271', [{}, {}]).multipath.length, 1, 'if they are told to');
});

t.test('the MED is compared within a neighbouring AS over the whole set', async (t) => {
  // Pairwise, each of the three loses to another one.
  const route = contest('rfc4271', [
    { asns: [1], med: 10, metric: 5, routerId: '1.0.0.1' },
    { asns: [2], metric: 7, routerId: '1.0.0.2' },
    { asns: [1], med: 5, metric: 9, routerId: '1.0.0.3' },
  ]);
  t.equal(route.best?.source.name, 'path 1');
  const reasons = new Map(route.paths.map(({ source, notBest }) => [source.name, notBest?.step]));
  t.equal(reasons.get('path 0'), 'med');
  t.equal(reasons.get('path 2'), 'igp-metric');
});

t.test('a Contrail control node, step by step', async (t) => {
  const moved = (sequence: string): string => `060000000000${sequence}`;
  const leaf = '0605010000000000';
  const cases: [Contestant, Contestant, string][] = [
    [{ infeasible: 'no-tunnel-encapsulation', localPref: 900 }, { localPref: 1 }, 'feasible: not feasible'],
    [
      { localPref: 100, extended: moved('0009') },
      { localPref: 200, extended: leaf },
      'local-preference: lower LOCAL_PREF',
    ],
    [{ extended: `${leaf}${moved('0009')}` }, { extended: '0600010000000001' }, 'etree: E-tree leaf'],
    [{ extended: '0600010000000009' }, { extended: moved('0001') }, 'sticky-mac: sticky MAC'],
    [
      { extended: moved('0001') },
      { extended: moved('0002'), communities: [0xffff_0006], asns: [1, 2] },
      'mobility-sequence: lower mobility sequence number',
    ],
    [{}, { extended: moved('0001') }, 'mobility-sequence: lower mobility sequence number'],
    [{ communities: [0xffff_0006] }, { asns: [1, 2, 3] }, 'long-lived-stale: long-lived stale'],
    [{ asns: [1, 2] }, { asns: [1] }, 'as-path-length: longer AS_PATH'],
    [{ origin: 'egp' }, { origin: 'igp' }, 'origin: higher ORIGIN'],
    [{ asns: [1], med: 9 }, { asns: [1], med: 5 }, 'med: higher MULTI_EXIT_DISC'],
    [{}, { protocol: 'local', nextHop: '10.99.0.0' }, 'local: learned from a peer'],
    [{ nextHop: '10.0.0.1' }, { protocol: 'xmpp', nextHop: '10.0.0.2' }, 'xmpp: learned by BGP'],
    [{ nextHop: '10.0.0.1' }, { external: true, nextHop: '10.0.0.2' }, 'external: learned by IBGP'],
    [
      { protocol: 'xmpp', nextHop: '10.0.0.2' },
      { protocol: 'xmpp', nextHop: '10.0.0.1', routerId: '9.9.9.9' },
      'path-id: higher next hop',
    ],
    [{ routerId: '192.0.2.9' }, {}, 'router-id: higher router id'],
    [{ clusterList: [1, 2] }, { clusterList: [1] }, 'cluster-list-length: longer CLUSTER_LIST'],
    [
      { protocol: 'static', nextHop: '10.0.0.1' },
      { protocol: 'local', nextHop: '10.0.0.2' },
      'source: lower path source',
    ],
    [
      { protocol: 'local', nextHop: '10.0.0.2' },
      { protocol: 'local', nextHop: '10.0.0.1' },
      'path-id: higher next hop',
    ],
    [
      { originatorId: '9.9.9.9', routerId: '1.1.1.1' },
      { originatorId: '8.8.8.8', routerId: '2.2.2.2' },
      'router-id: higher router id',
    ],
    [{ address: '192.0.2.9' }, { address: '192.0.2.8' }, 'peer-address: higher peer address'],
  ];
  for (const [loser, winner, expected] of cases) t.equal(lost('contrail', loser, winner), expected);
  const shown = new Set(cases.map(([, , expected]) => expected.split(':')[0]));
  t.same(
    ruleSets.contrail.steps.map(({ name }) => name).filter((name) => !shown.has(name)),
    [],
    'a pair for every step',
  );
  const sharing: [Contestant, Contestant, boolean][] = [
    [{ nextHop: '10.0.0.1', protocol: 'xmpp' }, { nextHop: '10.0.0.2' }, true],
    [{ asns: [1], med: 9 }, { asns: [2], med: 5 }, true],
    [{ asns: [1], med: 9 }, { asns: [1], med: 5 }, false],
    [{ origin: 'egp' }, { origin: 'igp' }, false],
    [{ routerId: '9.9.9.9', clusterList: [1] }, { external: true }, true],
  ];
  for (const [one, other, both] of sharing)
    t.equal(contest('contrail', [one, other]).multipath.length, both ? 2 : 1, 'who shares the load');
  const agents = contest('contrail', [
    { protocol: 'xmpp', med: 200, nextHop: '10.0.0.1' },
    { protocol: 'xmpp', med: 100, nextHop: '10.0.0.2' },
  ]);
  t.equal(agents.multipath.length, 2, 'the MEDs of agents are not compared');
});

t.test('a Contrail control node with the knobs of its global configuration', async (t) => {
  const byMed: [Contestant, Contestant] = [
    { asns: [1], med: 9 },
    { asns: [2], med: 5 },
  ];
  t.equal(lost('contrail-always-compare-med', ...byMed), 'med: higher MULTI_EXIT_DISC');
  t.equal(
    lost('contrail-always-compare-med', { asns: [1, 2] }, { asns: [1], med: 9 }),
    'as-path-length: longer AS_PATH',
  );
  const byPath: [Contestant, Contestant] = [{ asns: [1] }, { asns: [2, 3], nextHop: '10.0.0.1' }];
  t.equal(lost('contrail-ignore-as-path', ...byPath), 'path-id: higher next hop');
  t.equal(contest('contrail-ignore-as-path', byPath).multipath.length, 2, 'and both share the load');
  t.equal(
    lost('contrail-always-compare-med-ignore-as-path', { asns: [1], med: 9 }, { asns: [2, 3], med: 5 }),
    'med: higher MULTI_EXIT_DISC',
  );
});

t.test('Junos prints its own words, and says when a path lost inside its group', async (t) => {
  const group = 'Not Best in its group - ';
  const cases: [Contestant, Contestant, string][] = [
    [{ metric: far, localPref: 900 }, {}, 'usable: Not Best in its group - Unusable path'],
    [{ protocol: 'bgp' }, { protocol: 'static' }, `route-preference: ${group}Route Preference`],
    [{ localPref: 100 }, { localPref: 200 }, `local-preference: ${group}Local Preference`],
    [{ asns: [1, 2] }, { asns: [1] }, `as-path-length: ${group}AS path`],
    [{ asns: [1, 2] }, { asns: [3] }, 'as-path-length: AS path'],
    [{ origin: 'incomplete' }, {}, `origin: ${group}Origin`],
    [{ asns: [1], med: 9 }, { asns: [1], med: 5 }, `med: ${group}Route Metric or MED comparison`],
    [{}, { external: true }, `exterior: ${group}Interior > Exterior > Exterior via Interior`],
    [{ metric: 9 }, { metric: 5 }, `igp-metric: ${group}IGP metric`],
    [{ gateways: 1 }, { gateways: 2 }, `gateways: ${group}Number of gateways`],
    [{ routerId: '192.0.2.9' }, {}, `router-id: ${group}Router ID`],
    [{ clusterList: [1, 2] }, {}, `cluster-list-length: ${group}Cluster list length`],
    [{ address: '192.0.2.9' }, { address: '192.0.2.8' }, `peer-address: ${group}Update source`],
  ];
  for (const [loser, winner, expected] of cases) t.equal(lost('junos', loser, winner), expected);
  const stays = contest('junos', [
    { external: true, routerId: '9.9.9.9' },
    { external: true, routerId: '1.1.1.1' },
  ]);
  t.equal(stays.best?.source.name, 'path 0', 'of external paths the active one stays');
  t.equal(stays.paths[1]?.notBest?.reason, `${group}Active preferred`);
});

t.test('the multipath knobs of Junos ignore what they say they ignore', async (t) => {
  const unequal: Contestant[] = [{ metric: 5 }, { metric: 9 }];
  t.equal(contest('junos', unequal).multipath.length, 1);
  t.equal(contest('junos', unequal, 'multipath').multipath.length, 1);
  t.equal(contest('junos', unequal, 'vpn-unequal-cost').multipath.length, 2);
  const mixed: Contestant[] = [{ metric: 5 }, { external: true }];
  t.equal(contest('junos', mixed, 'vpn-unequal-cost').multipath.length, 1);
  t.equal(contest('junos', mixed, 'equal-external-internal').multipath.length, 2);
  t.equal(contest('junos', [{}, {}], 'multipath').multipath.length, 2);
});

t.test(
  'copies of one peer that differ in the route distinguisher: lower next hop, then lower distinguisher',
  async (t) => {
    const rib = new Rib({ asn: 60100, routerId: 1 });
    const vpn = rib.createTable({
      name: 'bgp.l3vpn.0',
      family: 'inet-vpn',
      selection: 'junos',
      replicates: 'all',
    });
    const target = parseRouteTarget('500:500');
    const vrf = rib.createTable({ name: 'v.inet.0', family: 'inet', selection: 'junos', imports: [target] });
    const source = rib.addSource({
      name: 'cn',
      protocol: 'bgp',
      address: ipv4Bytes(9),
      routerId: 9,
      asn: 60100,
      internal: true,
    });
    const attributes = encodeAttributes({
      origin: 'incomplete',
      asPath: [],
      localPref: 200,
      extendedCommunities: target,
    });
    for (const address of ['10.169.25.21', '10.169.25.20']) {
      const routeDistinguisher = parseRouteDistinguisher(`${address}:9`);
      const nextHop = ipv4Bytes(parseIpv4(address));
      vpn.announce(source, { prefix, routeDistinguisher }, { attributes, nextHop, label: 26 });
    }
    rib.settle();
    const route = vrf.route({ prefix })!;
    t.same(
      route.paths.map(({ nextHop }) => nextHop.at(-1)),
      [20, 21],
    );
    t.equal(route.paths[1]!.notBest?.reason, 'Not Best in its group - Update source');
    vrf.setMultipath('vpn-unequal-cost');
    t.equal(vrf.route({ prefix })!.multipath.length, 2);
    vrf.setMultipath('off');
    t.equal(vrf.route({ prefix })!.multipath.length, 1);
  },
);

t.test('every step has a name of its own', async (t) => {
  for (const { name, steps } of Object.values(ruleSets)) {
    t.equal(new Set(steps.map((step) => step.name)).size, steps.length, name);
  }
});
