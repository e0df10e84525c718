// Every step of the Junos path selection, with the words on the loser: two paths that differ in that step alone, and
// then one that wins it against a better value in every later step.
import { encodeAttributes, type AttributeFields } from '@vaportrail/bgp/wire';
import {
  parseAddress,
  parseIpv4,
  parsePrefix,
  parseRouteDistinguisher,
  parseRouteTarget,
} from '@vaportrail/net';
import { Rib, type Path, type SourceOptions, type Table } from '@vaportrail/rib';
import t from 'tap';

const prefix = parsePrefix('101.101.101.252/32');
const target = parseRouteTarget('500:500');

interface Side {
  source?: Partial<SourceOptions>;
  attributes?: AttributeFields;
  nextHop?: string;
  rd?: string;
  /** Announced in the VRF itself and not imported. */
  primary?: boolean;
}

interface Row {
  step: string;
  reason: string;
  winner: Side;
  loser: Side;
  /** Costs and numbers of gateways by next hop. */
  ways?: Record<string, { metric: number; gateways: number }>;
  /** The loser comes first. */
  loserFirst?: boolean;
}

const near = '10.169.25.20';
const far = '10.169.25.21';
const ebgp = { internal: false, asn: 65001 };
const inGroup = 'Not Best in its group - ';

/** In the order of the selection. */
const rows: readonly Row[] = [
  {
    step: 'route-preference',
    reason: 'Route Preference',
    winner: { source: { protocol: 'static', preference: 5 }, primary: true },
    loser: {},
  },
  {
    step: 'local-preference',
    reason: `${inGroup}Local Preference`,
    winner: { attributes: { localPref: 200 } },
    loser: { attributes: { localPref: 100 } },
  },
  {
    step: 'as-path-length',
    reason: 'AS path',
    winner: { attributes: { asPath: [{ type: 'sequence', asns: [65001] }] } },
    loser: { attributes: { asPath: [{ type: 'sequence', asns: [65002, 65003] }] } },
  },
  {
    step: 'origin',
    reason: `${inGroup}Origin`,
    winner: { attributes: { origin: 'igp' } },
    loser: { attributes: { origin: 'incomplete' } },
  },
  {
    step: 'med',
    reason: `${inGroup}Route Metric or MED comparison`,
    winner: {},
    loser: { attributes: { med: 1 } },
  },
  {
    step: 'exterior',
    reason: `${inGroup}Interior > Exterior > Exterior via Interior`,
    winner: { source: ebgp },
    loser: {},
  },
  {
    step: 'igp-metric',
    reason: `${inGroup}IGP metric`,
    winner: { nextHop: near },
    loser: { nextHop: far },
    ways: { [near]: { metric: 10, gateways: 1 }, [far]: { metric: 20, gateways: 1 } },
  },
  {
    step: 'gateways',
    reason: `${inGroup}Number of gateways`,
    winner: { nextHop: near },
    loser: { nextHop: far },
    ways: { [near]: { metric: 10, gateways: 2 }, [far]: { metric: 10, gateways: 1 } },
  },
  {
    step: 'active',
    reason: `${inGroup}Active preferred`,
    winner: { source: { ...ebgp, routerId: parseIpv4('10.0.0.2') } },
    loser: { source: { ...ebgp, routerId: parseIpv4('10.0.0.1') } },
  },
  {
    step: 'primary',
    reason: `${inGroup}Secondary path`,
    winner: { primary: true },
    loser: {},
  },
  {
    step: 'router-id',
    reason: `${inGroup}Router ID`,
    winner: { source: { routerId: parseIpv4('10.0.0.1') } },
    loser: { source: { routerId: parseIpv4('10.0.0.2') } },
  },
  {
    step: 'router-id',
    reason: `${inGroup}Router ID`,
    winner: {
      source: { routerId: parseIpv4('10.0.0.9') },
      attributes: { originatorId: parseIpv4('10.0.0.1') },
    },
    loser: { source: { routerId: parseIpv4('10.0.0.2') } },
  },
  {
    step: 'cluster-list-length',
    reason: `${inGroup}Cluster list length`,
    winner: { attributes: { clusterList: [1] } },
    loser: { attributes: { clusterList: [1, 2] } },
  },
  {
    step: 'peer-address',
    reason: `${inGroup}Update source`,
    winner: { source: { address: parseAddress('10.169.25.18') } },
    loser: { source: { address: parseAddress('10.169.25.19') } },
  },
  {
    step: 'next-hop',
    reason: `${inGroup}Update source`,
    winner: { nextHop: near },
    loser: { nextHop: far },
    loserFirst: true,
  },
  {
    step: 'route-distinguisher',
    reason: `${inGroup}Update source`,
    winner: { rd: '10.169.25.20:8' },
    loser: { rd: '10.169.25.20:9' },
    loserFirst: true,
  },
];

function contest({ winner, loser, ways = {}, loserFirst = false }: Row): readonly Path[] {
  const rib = new Rib({ asn: 13979, routerId: 1 });
  const vpn = rib.createTable({
    name: 'bgp.l3vpn.0',
    family: 'inet-vpn',
    selection: 'junos',
    replicates: 'all',
  });
  const vrf = rib.createTable({
    name: 'k8s-test.inet.0',
    family: 'inet',
    selection: 'junos',
    imports: [target],
    resolve: (nextHop) => ways[nextHop.join('.')] ?? { metric: 0 },
  });
  const sides: [Side, string][] = [
    [winner, '10.169.25.20:9'],
    [loser, '10.169.25.21:9'],
  ];
  for (const [side, rd] of loserFirst ? sides.toReversed() : sides) {
    announce(rib, side.primary === true ? vrf : vpn, side, rd);
    rib.settle();
  }
  return vrf.route({ prefix })?.paths ?? [];
}

function announce(rib: Rib, table: Table, side: Side, rd: string): void {
  const source = rib.addSource({
    name: 'peer',
    protocol: 'bgp',
    internal: true,
    asn: 60100,
    routerId: parseIpv4('10.0.0.5'),
    address: parseAddress('10.169.25.19'),
    ...side.source,
  });
  const attributes = encodeAttributes({
    origin: 'igp',
    asPath: [],
    localPref: 100,
    extendedCommunities: target,
    ...side.attributes,
  });
  const routeDistinguisher = side.primary === true ? undefined : parseRouteDistinguisher(side.rd ?? rd);
  const nextHop = parseAddress(side.nextHop ?? near);
  table.announce(source, { prefix, routeDistinguisher }, { attributes, nextHop, label: 26 });
}

for (const row of rows) {
  t.test(`${row.step}: ${row.reason}`, async (t) => {
    const paths = contest(row);
    t.equal(paths.length, 2);
    const [best, other] = paths;
    t.ok(best?.best);
    t.match(other?.notBest, { step: row.step, reason: row.reason });
    t.not(other?.notBest?.ours, other?.notBest?.theirs, 'both values are told, and differ');
  });
}

t.test('each step comes before all later ones', async (t) => {
  for (const [i, earlier] of rows.entries()) {
    for (const later of rows.slice(i + 1)) {
      if (earlier.step === later.step || opposed(earlier, later) === undefined) continue;
      const [, other] = contest(opposed(earlier, later)!);
      t.equal(other?.notBest?.step, earlier.step, `${earlier.step} before ${later.step}`);
    }
  }
});

/** The earlier row with the sides of the later one exchanged; undefined when both need the same field. */
function opposed(earlier: Row, later: Row): Row | undefined {
  const winner = merged(earlier.winner, later.loser);
  const loser = merged(earlier.loser, later.winner);
  const fixed = [earlier, later].some(({ step }) => ['active', 'route-preference', 'primary'].includes(step));
  if (winner === undefined || loser === undefined || fixed) return undefined;
  return { ...earlier, winner, loser, ways: { ...later.ways, ...earlier.ways } };
}

function merged(a: Side, b: Side): Side | undefined {
  const clash = (x: object = {}, y: object = {}): boolean => Object.keys(x).some((key) => key in y);
  if (clash(a.source, b.source) || clash(a.attributes, b.attributes)) return undefined;
  if (a.nextHop !== undefined && b.nextHop !== undefined) return undefined;
  return {
    ...a,
    ...b,
    ...(a.nextHop === undefined ? {} : { nextHop: a.nextHop }),
    source: { ...a.source, ...b.source },
    attributes: { ...a.attributes, ...b.attributes },
  };
}
