/**
 * The story of a Service of type LoadBalancer, as data: what is done in each step, what must then be seen at the
 * agents, the control node and every peer, and the words that go with it. `tell.ts` performs it.
 */
import type { RouteView } from '@vaportrail/show';
import type { Lab } from './lab.ts';
import type { Peer, PeerPath } from './peers/peer.ts';
import type { PodTopology } from './topology.ts';

/** Where a step is watched; the teller shows the output of these. */
export type Viewpoint = 'agent' | 'routing-instance' | 'vpn-table' | 'peers';

export interface StoryStep {
  /** Name in the JSON report. */
  readonly step: string;
  readonly title: string;
  /** What happens and why, for a reader who sees it the first time. */
  readonly text: (lab: Lab) => string;
  readonly act?: (lab: Lab) => Promise<void>;
  readonly shows: readonly Viewpoint[];
  /** The first thing that does not hold yet; undefined when all does. */
  readonly problem: (seen: Seen, lab: Lab) => string | undefined;
}

/** What was seen at one moment. */
export interface Seen {
  /** Routes to the floating IP in the public network's table of the control node, and in `bgp.l3vpn.0`. */
  readonly instance: readonly RouteView[];
  readonly vpn: readonly RouteView[];
  /** Neighbours of the control node whose session is not Established yet. */
  readonly down: readonly string[];
  readonly peers: ReadonlyMap<Peer, readonly PeerPath[]>;
}

export const story: readonly StoryStep[] = [
  {
    step: 'sessions-up',
    title: 'Agents and routers connect',
    text: (lab) =>
      `${names(lab.topology.nodes)} speak XMPP to ${names(lab.topology['control-nodes'])}, ` +
      `the gateways speak MP-BGP for VPNv4 with it. Nobody has heard of ${lab.prefix}.`,
    shows: [],
    problem: (seen) =>
      seen.down.length > 0
        ? `not Established: ${seen.down.join(', ')}`
        : atEveryPeer(seen, [], () => undefined),
  },
  {
    step: 'service-created',
    title: 'A service of type LoadBalancer gets its floating IP',
    text: (lab) =>
      `${lab.service.name} is created with one pod, ${lab.pod(0).name} on ${lab.pod(0).node}. ` +
      `${lab.service['external-ip']} becomes a floating IP of the pod's interface, under its label ${lab.pod(0).label}` +
      `${lab.announcement(1)}.`,
    act: (lab) => lab.setBackends(1),
    shows: ['agent'],
    problem: (seen, lab) => instanceProblem(seen, lab, [lab.pod(0)]),
  },
  {
    step: 'published',
    title: 'The agent publishes it over XMPP',
    text: (lab) =>
      `In the routing instance of the public network the route comes from ${lab.pod(0).node}: ` +
      `next hop ${lab.expected(lab.pod(0)).nextHop}, label ${lab.pod(0).label}.`,
    shows: ['routing-instance'],
    problem: (seen, lab) => instanceProblem(seen, lab, [lab.pod(0)]),
  },
  {
    step: 'vpn-route',
    title: 'The control node makes a VPN route of it',
    text: (lab) =>
      `Exported into bgp.l3vpn.0 with route target ${lab.routeTargets.join(' and ')}; ` +
      `the route distinguisher names the compute node: ${lab.expected(lab.pod(0)).rd}.`,
    shows: ['vpn-table'],
    problem: (seen, lab) => vpnProblem(seen, lab, [lab.pod(0)]),
  },
  {
    step: 'imported',
    title: 'Every gateway imports it by route target',
    text: (lab) => `One path to ${lab.prefix}, and it is the best.`,
    shows: ['peers'],
    problem: (seen, lab) => atEveryPeer(seen, [lab.expected(lab.pod(0))], (paths) => chosen(paths, 'one')),
  },
  {
    step: 'scaled-to-2',
    title: 'The deployment is scaled to two',
    text: (lab) =>
      `${lab.pod(1).name} starts on ${lab.pod(1).node}, which publishes the same address under its own label ` +
      `${lab.pod(1).label}${lab.announcement(2)}. Another route distinguisher makes it another VPN route: no comparison, ` +
      'both are sent.',
    act: (lab) => lab.setBackends(2),
    shows: ['routing-instance', 'vpn-table'],
    problem: (seen, lab) => instanceProblem(seen, lab, lab.pods) ?? vpnProblem(seen, lab, lab.pods),
  },
  {
    step: 'not-best',
    title: 'In the VRF the two compete, and one is not best',
    text: () =>
      'The route distinguisher is gone once a route is in the VRF: two paths to one prefix. A gateway picks one, and ' +
      'all traffic goes to one node. (GoBGP keeps them apart and picks none.)',
    shows: ['peers'],
    problem: (seen, lab) =>
      atEveryPeer(seen, lab.pods.map(lab.expected), (paths, peer) => chosen(paths, 'one', peer)),
  },
  {
    step: 'multipath',
    title: 'The knob: both at once',
    text: () =>
      'multipath vpn-unequal-cost on our gateway, maximum-paths on FRR: the second path joins the first, ' +
      'traffic is balanced over both nodes.',
    act: (lab) => lab.setMultipath(true),
    shows: ['peers'],
    problem: (seen, lab) =>
      atEveryPeer(seen, lab.pods.map(lab.expected), (paths, peer) => chosen(paths, 'all', peer)),
  },
  {
    step: 'scaled-to-1',
    title: 'The deployment is scaled down',
    text: (lab) =>
      `${lab.pod(1).node} withdraws its route; the other path carries on alone${lab.announcement(1)}.`,
    act: (lab) => lab.setBackends(1),
    shows: ['peers'],
    problem: (seen, lab) =>
      instanceProblem(seen, lab, [lab.pod(0)]) ??
      atEveryPeer(seen, [lab.expected(lab.pod(0))], (paths) => chosen(paths, 'one')),
  },
  {
    step: 'service-deleted',
    title: 'The service is deleted, its address goes back to the pool',
    text: (lab) => `Nobody has a route to ${lab.prefix} any more${lab.announcement(0)}.`,
    act: (lab) => lab.setBackends(0),
    shows: ['peers'],
    problem: (seen, lab) =>
      instanceProblem(seen, lab, []) ?? vpnProblem(seen, lab, []) ?? atEveryPeer(seen, [], () => undefined),
  },
  {
    step: 'service-back',
    title: 'The service comes back with both pods',
    text: (lab) =>
      `The knob is still set, so both paths are used from the first moment${lab.announcement(2)}.`,
    act: (lab) => lab.setBackends(2),
    shows: ['peers'],
    problem: (seen, lab) =>
      atEveryPeer(seen, lab.pods.map(lab.expected), (paths, peer) => chosen(paths, 'all', peer)),
  },
];

function names(list: readonly { readonly name: string }[]): string {
  return list.map(({ name }) => name).join(' and ');
}

/** What a peer must show of the route of one pod. */
export type ExpectedPath = Pick<PeerPath, 'rd' | 'prefix' | 'nextHop' | 'label' | 'routeTargets'>;

/** Holds the paths of every peer against the expected ones, then against `also`. */
function atEveryPeer(
  { peers }: Seen,
  expected: readonly ExpectedPath[],
  also: (paths: readonly PeerPath[], peer: Peer) => string | undefined,
): string | undefined {
  for (const [peer, paths] of peers) {
    const problem = pathsProblem(paths, expected) ?? also(paths, peer);
    if (problem !== undefined) return `${peer.kind}: ${problem}`;
  }
  return undefined;
}

/** In which way the paths of a peer differ from the expected ones. */
export function pathsProblem(
  paths: readonly PeerPath[],
  expected: readonly ExpectedPath[],
): string | undefined {
  if (paths.length !== expected.length) return `${count(paths.length)} instead of ${expected.length}`;
  for (const want of expected) {
    const path = paths.find((each) => each.nextHop === want.nextHop);
    if (path === undefined) return `no path with next hop ${want.nextHop}`;
    if (path.rd !== want.rd) return `route distinguisher ${path.rd} instead of ${want.rd}`;
    if (path.label !== want.label) return `label ${path.label} instead of ${want.label}`;
    const lacking = want.routeTargets.find((target) => !path.routeTargets.includes(target));
    if (lacking !== undefined) return `the path with next hop ${want.nextHop} lacks route target ${lacking}`;
  }
  return undefined;
}

/**
 * Whether a peer chose one path, or uses all. GoBGP's tables have one best path per route distinguisher and no
 * notion of several paths at once: there only a best path per route is asked for.
 */
export function chosen(
  paths: readonly PeerPath[],
  how: 'one' | 'all',
  peer?: Pick<Peer, 'kind'>,
): string | undefined {
  if (peer?.kind === 'gobgp' || peer?.kind === 'bird') {
    return paths.every((path) => path.best) ? undefined : 'a route without a best path';
  }
  const best = paths.filter((path) => path.best).length;
  if (best !== 1) return `${best} best paths instead of one`;
  const used = paths.filter((path) => path.multipath).length;
  if (how === 'one') return used > 1 ? 'both paths are used already' : undefined;
  return used === paths.length ? undefined : `multipath over ${used} instead of ${paths.length}`;
}

function instanceProblem({ instance }: Seen, lab: Lab, pods: readonly PodTopology[]): string | undefined {
  const paths = instance.flatMap((route) => route.paths);
  if (paths.length !== pods.length) {
    return `control node: ${count(paths.length)} in ${lab.network.name}.inet.0 instead of ${pods.length}`;
  }
  for (const pod of pods) {
    const { nextHop, label } = lab.expected(pod);
    const path = paths.find((each) => each.nextHop === nextHop);
    if (path === undefined) return `control node: no path with next hop ${nextHop}`;
    if (path.label !== label) return `control node: label ${path.label} instead of ${label}`;
    if (!path.feasible) return `control node: the path from ${pod.node} cannot be used: ${path.because}`;
  }
  return undefined;
}

function vpnProblem({ vpn }: Seen, lab: Lab, pods: readonly PodTopology[]): string | undefined {
  if (vpn.length !== pods.length) return `bgp.l3vpn.0 has ${vpn.length} routes instead of ${pods.length}`;
  for (const pod of pods) {
    const { rd, prefix } = lab.expected(pod);
    if (!vpn.some((route) => route.prefix === `${rd}:${prefix}`)) return `bgp.l3vpn.0 has no ${rd}:${prefix}`;
  }
  return undefined;
}

function count(paths: number): string {
  return paths === 1 ? 'one path' : `${paths === 0 ? 'no' : paths} paths`;
}
