import { decodeUpdate, encodeAttributes, parseExtendedCommunity } from '@vaportrail/bgp/wire';
import {
  addressText,
  parseAddress,
  parseIpv4,
  parsePrefix,
  parseRouteTarget,
  routeDistinguisherText,
} from '@vaportrail/net';
import t from 'tap';
import {
  Rib,
  type Route,
  type RoutePolicy,
  type Source,
  type UpdateMember,
  editedAttributes,
  routeTargetNlri,
} from '../src/index.ts';

const asn = 64512;

function attributesOf(localPref: number, ...communities: string[]): Uint8Array {
  const list = communities.map(parseExtendedCommunity);
  const extendedCommunities = new Uint8Array(list.length * 8);
  list.forEach((community, i) => extendedCommunities.set(community, i * 8));
  return encodeAttributes({
    origin: 'incomplete',
    asPath: [],
    localPref,
    ...(list.length > 0 ? { extendedCommunities } : {}),
  });
}

function agent(rib: Rib, address: string): Source {
  return rib.addSource({
    name: address,
    protocol: 'xmpp',
    address: parseAddress(address),
    routerId: parseIpv4(address),
  });
}

function peer(rib: Rib, address: string): Source {
  return rib.addSource({
    name: address,
    protocol: 'bgp',
    address: parseAddress(address),
    routerId: parseIpv4(address),
    asn,
    internal: true,
  });
}

class Wire implements UpdateMember {
  readonly source: Source;
  readonly filterByRouteTarget: boolean;
  backlog = 0;
  buffers: Uint8Array[] = [];
  synchronisations = 0;

  constructor(source: Source, filterByRouteTarget = false) {
    this.source = source;
    this.filterByRouteTarget = filterByRouteTarget;
  }

  send(buffers: Uint8Array[]): void {
    this.buffers.push(...buffers);
  }

  synchronised(): void {
    this.synchronisations++;
  }

  /** The updates sent since the last look, decoded. */
  take(): { op: string; rd: unknown; prefix: unknown; nextHop: unknown; labels: unknown }[] {
    const all = Buffer.concat(this.buffers);
    this.buffers = [];
    const routes = [];
    for (let at = 0; at < all.length;) {
      const length = all.readUInt16BE(at + 16);
      const update = decodeUpdate(all, at, at + length, { asn4: true, internal: true, addPath: () => false });
      for (const route of update.routes) {
        routes.push({
          op: route.op,
          rd: route['rd'],
          prefix: route['prefix'],
          nextHop: route.nextHop,
          labels: route['labels'],
        });
      }
      at += length;
    }
    return routes;
  }
}

const fip = { prefix: parsePrefix('101.101.101.252/32') };

function controlNode() {
  const rib = new Rib({ asn, routerId: parseIpv4('10.169.25.19') });
  const vpn = rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn', selection: 'contrail' });
  const target = parseRouteTarget('500:500');
  const vrf = rib.createTable({
    name: 'public.inet.0',
    family: 'inet',
    selection: 'contrail',
    imports: [target],
    exports: [target],
    originVn: parseExtendedCommunity('origin-vn:64512:6'),
  });
  return { rib, vpn, vrf, target };
}

/** What a control node tells a peer of a floating IP behind 10.169.25.20. */
function floatingIpUpdate(): Uint8Array {
  const { rib, vrf, vpn } = controlNode();
  const source = agent(rib, '10.169.25.20');
  vrf.setInstanceId(source, 9);
  vrf.announce(source, fip, { attributes: attributesOf(200), nextHop: source.address, label: 43 });
  const wire = new Wire(peer(rib, '10.0.0.2'));
  rib.updateGroup({ table: vpn, internal: true }).join(wire);
  rib.settle();
  return Buffer.concat(wire.buffers);
}

/** A gateway with a VRF that imports the target of the floating IP. */
function providerEdge() {
  const rib = new Rib({ asn, routerId: parseIpv4('192.168.0.204') });
  rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn', selection: 'junos', replicates: 'all' });
  const vrf = rib.createTable({
    name: 'k8s-test.inet.0',
    family: 'inet',
    selection: 'junos',
    imports: [parseRouteTarget('500:500')],
  });
  return { rib, vrf };
}

t.test(
  'a floating IP of two agents becomes two VPN routes with their own route distinguishers',
  async (t) => {
    const { rib, vpn, vrf } = controlNode();
    const gateway = new Wire(peer(rib, '192.168.0.204'));
    rib.updateGroup({ table: vpn, internal: true }).join(gateway);
    for (const [address, id, label] of [
      ['10.169.25.20', 9, 43],
      ['10.169.25.21', 7, 28],
    ] as const) {
      const source = agent(rib, address);
      vrf.setInstanceId(source, id);
      vrf.announce(source, fip, { attributes: attributesOf(200), nextHop: parseAddress(address), label });
    }
    rib.settle();
    t.equal(gateway.synchronisations, 1);
    t.same(gateway.take(), [
      {
        op: 'announce',
        rd: '10.169.25.20:9',
        prefix: '101.101.101.252/32',
        nextHop: '10.169.25.20',
        labels: [43],
      },
      {
        op: 'announce',
        rd: '10.169.25.21:7',
        prefix: '101.101.101.252/32',
        nextHop: '10.169.25.21',
        labels: [28],
      },
    ]);
    const route = vrf.route(fip)!;
    t.equal(route.paths.length, 2);
    t.equal(route.multipath.length, 2, 'both share the load');
    t.equal(addressText(route.best!.nextHop), '10.169.25.20');
    t.match(route.paths[1]!.notBest, { step: 'path-id', ours: '10.169.25.21', theirs: '10.169.25.20' });
    t.same(route.replicatedTo, ['bgp.l3vpn.0']);
    t.equal(vpn.summary().routes, 2);
  },
);

t.test('of an active and a standby backend only the active one is exported', async (t) => {
  const { rib, vpn, vrf } = controlNode();
  const [first, second] = [agent(rib, '10.169.25.20'), agent(rib, '10.169.25.21')];
  vrf.setInstanceId(first, 9);
  vrf.setInstanceId(second, 7);
  vrf.announce(first, fip, { attributes: attributesOf(200), nextHop: first.address, label: 43 });
  vrf.announce(second, fip, { attributes: attributesOf(100), nextHop: second.address, label: 28 });
  rib.settle();
  t.same(
    [...vpn.routes()].map(({ text }) => text),
    ['10.169.25.20:9:101.101.101.252/32'],
  );
  vrf.announce(second, fip, { attributes: attributesOf(300), nextHop: second.address, label: 28 });
  rib.settle();
  t.same(
    [...vpn.routes()].map(({ text }) => text),
    ['10.169.25.21:7:101.101.101.252/32'],
  );
  vrf.withdraw(second, fip);
  vrf.withdraw(first, fip);
  rib.settle();
  t.equal(vpn.summary().paths, 0);
  t.equal(vrf.summary().paths, 0);
  t.equal(rib.statistics().attributeSets, 0, 'no attribute set is left behind');
});

t.test('UPDATE bytes of a peer come out in the VRF that imports their target', async (t) => {
  const bytes = floatingIpUpdate();
  const { rib, vrf } = providerEdge();
  const seen: Route[] = [];
  vrf.follow({ changed: (route) => void seen.push(route) });
  const from = peer(rib, '10.169.25.19');
  t.same(from.receiveUpdate(bytes, 0, bytes.length), []);
  rib.settle();
  const route = vrf.route(fip)!;
  t.equal(route.best?.label, 43);
  t.equal(route.best?.replicated, true);
  t.equal(route.best?.primaryTable, 'bgp.l3vpn.0');
  t.equal(routeDistinguisherText(route.best!.routeDistinguisher!), '10.169.25.20:9');
  t.equal(seen.length, 1);
  vrf.setImports([]);
  rib.settle();
  t.equal(vrf.route(fip), undefined, 'the route goes with the import target');
  vrf.setImports([parseRouteTarget('500:500')]);
  rib.settle();
  t.ok(vrf.route(fip), 'and comes back with it');
  rib.removeSource(from);
  rib.settle();
  t.equal(vrf.route(fip), undefined);
  t.equal(rib.statistics().attributeSets, 0);
  t.same(
    seen.map(({ best }) => best?.label),
    [43, undefined, 43, undefined],
  );
});

t.test(
  'route targets are listed when somebody asks for them first, and given up with the last route',
  async (t) => {
    const rib = new Rib({ asn, routerId: parseIpv4('192.168.0.204') });
    rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn', selection: 'junos', replicates: 'all' });
    const source = peer(rib, '10.169.25.19');
    const update = floatingIpUpdate();
    source.receiveUpdate(update, 0, update.length);
    rib.settle();
    t.match(rib.statistics(), { paths: 1, routeTargets: 0 });
    const vrf = rib.createTable({
      name: 'k8s-test.inet.0',
      family: 'inet',
      imports: [parseRouteTarget('1:1')],
    });
    rib.settle();
    t.match(rib.statistics(), { paths: 1, routeTargets: 2 });
    vrf.setImports([parseRouteTarget('500:500')]);
    rib.settle();
    t.match(rib.statistics(), { paths: 2, routeTargets: 1 });
    vrf.setImports([]);
    rib.removeSource(source);
    rib.settle();
    t.match(rib.statistics(), { paths: 0, attributeSets: 0, routeTargets: 0 });
  },
);

t.test('a provider edge copies a path that comes later and is not the best, and takes it back', async (t) => {
  const bytes = floatingIpUpdate();
  const { rib, vrf } = providerEdge();
  const [first, second] = [peer(rib, '10.169.25.18'), peer(rib, '10.169.25.19')];
  const sources = () => (vrf.route(fip)?.paths ?? []).map(({ source: { name } }) => name);
  first.receiveUpdate(bytes, 0, bytes.length);
  rib.settle();
  t.same(sources(), ['10.169.25.18']);
  second.receiveUpdate(bytes, 0, bytes.length);
  rib.settle();
  t.same(sources(), ['10.169.25.18', '10.169.25.19']);
  rib.removeSource(second);
  rib.settle();
  t.same(sources(), ['10.169.25.18']);
});

t.test('policies between tables are asked once per attribute set and kind of prefix', async (t) => {
  const rib = new Rib({ asn, routerId: 1 });
  const target = parseRouteTarget('500:500');
  const asked: string[] = [];
  const importPolicy: RoutePolicy = {
    kindOf: ({ length }) => (length === 32 ? 1 : 0),
    judge: ({ attributes }, kind) => {
      asked.push(`${attributes.localPref} ${kind}`);
      if (kind === 0) return { action: 'reject' };
      return { action: 'modify', attributes: editedAttributes(attributes.bytes, { localPref: 300 }) };
    },
  };
  rib.createTable({ name: 'vpn', family: 'inet-vpn' });
  const red = rib.createTable({
    name: 'red',
    family: 'inet',
    exports: [target],
    routeDistinguisher: new Uint8Array(8),
  });
  const blue = rib.createTable({ name: 'blue', family: 'inet', imports: [target], importPolicy });
  const source = agent(rib, '10.1.1.1');
  const announce = (prefix: string): void =>
    red.announce(
      source,
      { prefix: parsePrefix(prefix) },
      { attributes: attributesOf(100), nextHop: source.address },
    );
  for (const prefix of ['10.0.0.1/32', '10.0.0.2/32', '10.0.1.0/24', '10.0.2.0/24']) announce(prefix);
  rib.settle();
  const shown = (): string[] =>
    [...blue.routes()]
      .map(({ text, paths: [path] }) => `${text} ${path!.because ?? path!.attributes.localPref}`)
      .sort();
  t.same(asked.sort(), ['100 0', '100 1']);
  t.same(shown(), [
    '10.0.0.1/32 300',
    '10.0.0.2/32 300',
    '10.0.1.0/24 rejected-by-policy',
    '10.0.2.0/24 rejected-by-policy',
  ]);
  blue.setPolicies(undefined, undefined);
  rib.settle();
  t.same(
    [...new Set(shown().map((text) => text.split(' ')[1]))],
    ['100'],
    'without it they come as they are',
  );
  red.setPolicies(undefined, { kindOf: undefined, judge: () => ({ action: 'reject' }) });
  rib.settle();
  t.same(shown(), [], 'what may not go out comes in nowhere');
  t.equal(rib.table('vpn')!.summary().infeasiblePaths, 4);
  rib.removeSource(source);
  rib.settle();
  t.match(rib.statistics(), { attributeSets: 0, paths: 0, routeTargets: 1 });
});

t.test('a peer with route target constraint hears what it asked for', async (t) => {
  const { rib, vpn, vrf, target } = controlNode();
  const memberships = rib.createTable({ name: 'bgp.rtarget.0', family: 'route-target', main: true });
  const source = agent(rib, '10.169.25.20');
  vrf.setInstanceId(source, 9);
  vrf.announce(source, fip, { attributes: attributesOf(200), nextHop: source.address, label: 43 });
  const wire = new Wire(peer(rib, '192.168.0.204'), true);
  rib.updateGroup({ table: vpn, internal: true }).join(wire);
  rib.settle();
  t.same(wire.take(), []);
  const membership = { bytes: routeTargetNlri(asn, target) };
  memberships.announce(wire.source, membership, {
    attributes: attributesOf(100),
    nextHop: wire.source.address,
  });
  rib.settle();
  t.same(
    wire.take().map(({ op, rd }) => [op, rd]),
    [['announce', '10.169.25.20:9']],
  );
  memberships.withdraw(wire.source, membership);
  rib.settle();
  t.same(
    wire.take().map(({ op, rd }) => [op, rd]),
    [['withdraw', '10.169.25.20:9']],
  );
});

t.test('subscribers are told ECMP sets and hear their own routes', async (t) => {
  const { rib, vrf } = controlNode();
  const [first, second] = [agent(rib, '10.169.25.20'), agent(rib, '10.169.25.21')];
  const group = rib.itemGroup<string>(vrf, (reach, unreach) =>
    [
      ...reach.map(
        ({ text, multipath }) => `${text} ${multipath.map(({ labelField }) => labelField >>> 4).join()}`,
      ),
      ...unreach.map(({ text }) => `-${text}`),
    ].join(';'),
  );
  const heard: string[] = [];
  group.join({
    isCongested: false,
    send: (body) => void heard.push(body),
    synchronised: () => heard.push('eor'),
  });
  rib.settle();
  vrf.announce(first, fip, { attributes: attributesOf(200), nextHop: first.address, label: 43 });
  rib.settle();
  vrf.announce(second, fip, { attributes: attributesOf(200), nextHop: second.address, label: 28 });
  rib.settle();
  vrf.withdraw(first, fip);
  rib.settle();
  vrf.withdraw(second, fip);
  rib.settle();
  t.same(heard, [
    'eor',
    '101.101.101.252/32 43',
    '101.101.101.252/32 43,28',
    '101.101.101.252/32 28',
    '-101.101.101.252/32',
  ]);
});

t.test('a VPN table that comes after the VRFs has what they export', async (t) => {
  const rib = new Rib({ asn, routerId: parseIpv4('10.169.25.19') });
  const target = parseRouteTarget('500:500');
  const vrf = rib.createTable({ name: 'red', family: 'inet', imports: [target], exports: [target] });
  const source = agent(rib, '10.1.1.3');
  vrf.setInstanceId(source, 4);
  vrf.announce(source, fip, { attributes: attributesOf(100), nextHop: parseAddress('10.1.1.3') });
  rib.settle();
  for (let round = 0; round < 2; round++) {
    const vpn = rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn' });
    rib.settle();
    t.same(
      [...vpn.routes()].map(({ text }) => text),
      ['10.1.1.3:4:101.101.101.252/32'],
    );
    rib.removeTable(vpn);
    rib.settle();
  }
  t.match(rib.statistics(), { paths: 1, origins: 0 });
});

t.test('copies of the paths of one source are refused when a route has too many of them', async (t) => {
  const { rib, vpn, vrf } = controlNode();
  const reflector = peer(rib, '10.1.1.9');
  const target = attributesOf(100, 'target:500:500');
  const named = (i: number) => ({
    ...fip,
    routeDistinguisher: Uint8Array.of(0, 1, 10, 1, 1, 9, i >>> 8, i & 255),
  });
  const announce = (i: number): void =>
    vpn.announce(reflector, named(i), { attributes: target, nextHop: parseAddress('10.1.1.9'), label: 16 });
  for (let i = 1; i <= 8200; i++) announce(i);
  rib.settle();
  t.equal(vrf.summary().paths, 8192);
  t.ok(vrf.summary().refusedPaths >= 8);
  t.equal(vpn.summary().paths, 8200);
  // Numbers of origins are given to others; nothing of these may go with what was refused.
  for (let i = 8193; i <= 8200; i++) vpn.withdraw(reflector, named(i));
  rib.settle();
  t.equal(vrf.summary().paths, 8192);
  for (let i = 1; i <= 8192; i++) vpn.withdraw(reflector, named(i));
  rib.settle();
  t.match(rib.statistics(), { paths: 0, origins: 0, routeDistinguishers: 0, attributeSets: 0 });
});

t.test('who asks for more prefixes of route targets than are compared is told everything', async (t) => {
  const rib = new Rib({ asn, routerId: parseIpv4('10.169.25.19'), clusterId: 1 });
  const vpn = rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn' });
  const memberships = rib.createTable({ name: 'bgp.rtarget.0', family: 'route-target', main: true });
  const from = agent(rib, '10.1.1.9');
  const routeDistinguisher = Uint8Array.of(0, 1, 10, 1, 1, 9, 0, 1);
  const announced = { attributes: attributesOf(100, 'target:500:500'), nextHop: parseAddress('10.1.1.9') };
  vpn.announce(from, { ...fip, routeDistinguisher }, announced);
  const wire = new Wire(peer(rib, '10.0.0.2'), true);
  rib.updateGroup({ table: vpn, internal: true }).join(wire);
  // The first 40 bits of a route target of an AS with four octets.
  const prefix = (i: number) => ({ bytes: Uint8Array.of(72, 0, 0, 0, 0, 2, 2, 9, i >>> 8, i & 255) });
  const count = (from: number, to: number): number => {
    for (let i = from; i < to; i++)
      memberships.announce(wire.source, prefix(i), {
        attributes: attributesOf(100),
        nextHop: new Uint8Array(0),
      });
    rib.settle();
    return wire.take().length;
  };
  t.equal(count(0, 1024), 0);
  t.equal(count(1024, 1025), 1);
  memberships.withdraw(wire.source, prefix(0));
  rib.settle();
  t.match(wire.take(), [{ op: 'withdraw' }]);
});
