/** The lab's gateway as its captures show it: the routes of 101.101.101.252/32 on several days. */
import type { GatewayPathView, GatewayRouteView, GatewayTableView } from '../../src/gateway-views.ts';

export const floatingIp = '101.101.101.252/32';

interface Copy {
  node: '10.169.25.20' | '10.169.25.21';
  rd: string;
  interface: string;
  label: number;
  age: number;
  mark: GatewayPathView['mark'];
  index?: number;
  indirect?: number;
}

/** One copy of the floating IP, as the control node sends it. */
export function copy(of: Copy): GatewayPathView {
  const hop = {
    interface: of.interface,
    label: of.label,
    selected: true,
    ...(of.index === undefined ? {} : { index: of.index }),
  };
  const active = of.mark !== ' ';
  return {
    protocol: 'bgp',
    source: 'contrail',
    kind: 'BGP',
    mark: of.mark,
    best: active,
    active,
    multipath: of.mark === '@',
    feasible: true,
    preference: 170,
    preference2: -201,
    from: '10.169.25.19',
    routerId: '10.169.25.19',
    localAsn: 13979,
    peerAsn: 60100,
    age: of.age,
    med: 100,
    metric2: 0,
    localPref: 200,
    origin: 'incomplete',
    asPath: '',
    nextHop: of.node,
    label: of.label,
    routeDistinguisher: of.rd,
    state: ['Secondary', active ? 'Active' : 'NotBest', 'Int', 'Ext', 'ProtectionCand'],
    task: 'BGP_60100_60100.10.169.25.19',
    announcementBits: active ? ['1-KRT'] : [],
    nextHopType: 'Indirect',
    nextHops: [hop],
    indirect: [
      {
        protocolNextHop: of.node,
        label: of.label,
        metric: 0,
        handle: '0x900c660',
        session: '0x690',
        originatingRib: 'inet.3',
        resolvedBy: `${of.node}/32`,
        nextHops: [hop],
        ...(of.indirect === undefined ? {} : { index: of.indirect }),
      },
    ],
    junosCommunities: [
      'target:500:500',
      'target:64512:8000016',
      'encapsulation:unknown(0x2)',
      'encapsulation:mpls-in-udp(0xd)',
      'unknown type 8004 value eac4:7a1207',
      'unknown type 8071 value eac4:b',
      'unknown type 8084 value eac4:10000',
      'unknown type 8084 value eac4:ff0004',
      'unknown type 8084 value eac4:1020006',
      'unknown type 8084 value eac4:1030001',
    ],
    primaryTable: 'bgp.l3vpn.0',
    ...(active ? {} : { inactiveReason: 'Not Best in its group - Update source' }),
  };
}

/** The Multipath entry over two legs. */
export function multipath(
  age: number,
  legs: readonly { interface: string; label: number; selected: boolean }[],
): GatewayPathView {
  return {
    protocol: 'local',
    source: 'multipath',
    kind: 'Multipath',
    mark: '#',
    best: false,
    active: false,
    multipath: true,
    feasible: true,
    preference: 255,
    age,
    metric: 100,
    metric2: 0,
    origin: 'incomplete',
    asPath: '',
    state: ['ForwardingOnly', 'Int', 'Ext'],
    inactiveReason: 'Forwarding use only',
    task: 'RT',
    announcementBits: ['1-KRT'],
    nextHopType: 'Indirect',
    nextHops: legs,
    indirect: [],
    junosCommunities: [],
  };
}

export function table(
  counts: { destinations: number; routes: number; multipath: boolean },
  paths: readonly GatewayPathView[],
): GatewayTableView {
  const route: GatewayRouteView = {
    table: 'k8s-test.inet.0',
    family: 'inet',
    prefix: floatingIp,
    announced: paths.filter((path) => path.announcementBits.length > 0).length,
    paths,
  };
  return {
    name: 'k8s-test.inet.0',
    family: 'inet',
    active: counts.destinations,
    holddown: 0,
    hidden: 0,
    ...counts,
    entries: [route],
  };
}
