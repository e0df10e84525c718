import t from 'tap';
import type { NeighborView, PathView, RouteView } from '../src/views.ts';
import { why, whyText, type Witness } from '../src/why.ts';

const floatingIp = '101.101.101.252/32';

function path(of: Partial<PathView>): PathView {
  return { protocol: 'bgp', source: 'cent111', best: false, multipath: false, feasible: true, ...of };
}

function session(name: string, of: Partial<NeighborView> = {}): NeighborView {
  const none = { messages: 0, octets: 0, updates: 0 };
  return {
    name,
    address: '10.0.0.1',
    protocol: 'bgp',
    type: 'internal',
    state: 'Established',
    flaps: 0,
    received: none,
    sent: none,
    paths: 0,
    backlog: 0,
    ...of,
  };
}

const copy222 = path({
  nextHop: '10.169.25.20',
  label: 43,
  routeDistinguisher: '10.169.25.20:9',
  best: true,
  multipath: true,
});
const copy333 = path({ nextHop: '10.169.25.21', label: 28, routeDistinguisher: '10.169.25.21:5' });

function lost(step: string, ours: string, theirs: string, reason: string): PathView {
  return { ...copy333, notBest: { step, ours, theirs, reason } };
}

function gateway(paths: readonly PathView[], of: Partial<Witness> = {}): Witness {
  return {
    name: 'camaro',
    kind: 'gateway',
    routes: [{ table: 'k8s-test.inet.0', family: 'inet', prefix: floatingIp, paths }],
    neighbors: [session('cent111')],
    vrfs: [{ name: 'k8s-test', import: ['500:500'], routes: 1 }],
    ...of,
  };
}

function of(loser: PathView): { because: string | undefined; knob: string | undefined } {
  const { because, knob } = why(floatingIp, [gateway([copy222, loser])]).daemons[0]!.tables[0]!.paths[1]!;
  return { because, knob };
}

t.test('the step that decided, with both values and the knob that changes it', async (t) => {
  const multipath = 'set routing-instances k8s-test routing-options multipath';
  t.same(of(lost('next-hop', '10.169.25.21', '10.169.25.20', 'Not Best in its group - Update source')), {
    because: 'next hop 10.169.25.21 against 10.169.25.20 (Not Best in its group - Update source)',
    knob: multipath,
  });
  t.same(of(lost('igp-metric', '20', '10', 'Not Best in its group - IGP metric')), {
    because: 'IGP metric 20 > 10 (Not Best in its group - IGP metric)',
    knob: `${multipath} vpn-unequal-cost`,
  });
  t.same(of(lost('local-preference', '100', '200', 'Local Preference')), {
    because: 'local preference 100 < 200 (Local Preference)',
    knob: undefined,
  });
});

t.test('an unusable path says why, and what would resolve its next hop', async (t) => {
  t.same(of({ ...copy333, feasible: false, because: 'unresolved-next-hop' }), {
    because: 'unresolved next hop',
    knob: 'set routing-options dynamic-tunnels NAME destination-networks 10.169.25.21/32',
  });
});

t.test('paths that share the load need no reason', async (t) => {
  const [first, second] = why(floatingIp, [gateway([copy222, { ...copy333, multipath: true }])]).daemons[0]!
    .tables[0]!.paths;
  t.match([first, second], [{ verdict: 'shares the load' }, { verdict: 'shares the load' }]);
  t.notOk(second?.because);
});

const vpn: RouteView = {
  table: 'bgp.l3vpn.0',
  family: 'inet-vpn',
  prefix: `10.169.25.21:5:${floatingIp}`,
  paths: [{ ...copy333, source: 'cent333', best: true, routeTargets: ['500:501'], advertisedTo: [] }],
};
const node: Witness = {
  name: 'cent111',
  kind: 'control-node',
  routes: [vpn],
  neighbors: [session('camaro')],
};

t.test('a route that the gateway lacks: no target in common', async (t) => {
  const told = why(floatingIp, [gateway([copy222]), node]);
  t.same(
    told.daemons.map(({ kind }) => kind),
    ['control-node', 'gateway'],
  );
  t.match(told.daemons[1]!.missing, [
    {
      route: vpn.prefix,
      at: 'cent111',
      because: 'no route target in common: it carries 500:501, k8s-test imports 500:500',
      knob: 'set routing-instances k8s-test import target:500:501',
    },
  ]);
});

t.test('a route that the gateway lacks: the session is down', async (t) => {
  const down = {
    ...node,
    neighbors: [session('camaro', { state: 'Active', lastError: 'connection refused' })],
  };
  t.match(why(floatingIp, [gateway([]), down]).daemons[1]!.missing, [
    { because: 'the session is Active: connection refused' },
  ]);
});

t.test('a route that the gateway lacks: the control node says why it was not told', async (t) => {
  const best = {
    ...vpn.paths[0]!,
    routeTargets: ['500:500'],
    notAdvertised: [{ neighbor: 'camaro', because: 'no-advertise' }],
  };
  t.match(
    why(floatingIp, [gateway([]), { ...node, routes: [{ ...vpn, paths: [best] }] }]).daemons[1]!.missing,
    [{ because: 'no-advertise' }],
  );
});

t.test('as text, in the order in which a route travels', async (t) => {
  t.equal(
    whyText(
      why(floatingIp, [
        gateway([copy222, lost('next-hop', '10.169.25.21', '10.169.25.20', 'Update source')]),
        { ...node, routes: [{ ...vpn, prefix: floatingIp, family: 'inet', table: 'vn.inet.0' }] },
        { name: 'cent333', kind: 'agent', routes: [], neighbors: [] },
      ]),
    ),
    `101.101.101.252/32

cent333 (agent)
  has no route to it

cent111 (control-node)
  vn.inet.0
    * 10.169.25.21 label 28 (10.169.25.21:5) from cent333, used

camaro (gateway)
  k8s-test.inet.0
    * 10.169.25.20 label 43 (10.169.25.20:9) from cent111, used
      10.169.25.21 label 28 (10.169.25.21:5) from cent111, not used: next hop 10.169.25.21 against 10.169.25.20 (Update source)
        to use it too: set routing-instances k8s-test routing-options multipath
`,
  );
});
