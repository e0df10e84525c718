import { encodeAttributes, families } from '@vaportrail/bgp/wire';
import {
  Writer,
  ipv4Bytes,
  parseAddress,
  parseIpv4,
  parseRouteTarget,
  routeDistinguisherText,
} from '@vaportrail/net';
import t from 'tap';
import { Rib, type Route } from '../src/index.ts';

const target = parseRouteTarget('64512:100');
const attributes = encodeAttributes({ origin: 'incomplete', asPath: [], localPref: 100 });

function encoded(fields: Record<string, unknown>): Uint8Array {
  const writer = new Writer();
  families['e-vpn'].encode(writer, { rd: '0:0', esi: '00:00:00:00:00:00:00:00:00:00', ...fields }, false);
  return writer.finish();
}

const macRoute = (label: number) =>
  encoded({
    routeType: 'mac-ip',
    ethernetTag: 0,
    mac: '02:00:00:00:00:01',
    ip: '10.1.0.1',
    labels: [label],
  });

const decoded = (nlri: Uint8Array | undefined) =>
  families['e-vpn'].decode(nlri!, 0, nlri!.length, false, {}) as Record<string, unknown>;

function controlNode() {
  const rib = new Rib({ asn: 64512, routerId: 1 });
  const vpn = rib.createTable({ name: 'bgp.evpn.0', family: 'e-vpn', selection: 'contrail', main: true });
  const instance = (name: string) =>
    rib.createTable({
      name: `${name}.evpn.0`,
      family: 'e-vpn',
      selection: 'contrail',
      vpn: false,
      imports: [target],
      exports: [target],
    });
  const agent = (address: string) =>
    rib.addSource({
      name: address,
      protocol: 'xmpp',
      address: parseAddress(address),
      routerId: parseIpv4(address),
    });
  return { rib, vpn, blue: instance('blue'), green: instance('green'), agent };
}

/** A provider edge of the same AS. */
const addEdge = (rib: Rib) =>
  rib.addSource({
    name: 'pe',
    protocol: 'bgp',
    address: ipv4Bytes(9),
    routerId: 9,
    asn: 64512,
    internal: true,
  });

const texts = (routes: Iterable<Route>) =>
  Array.from(routes, ({ best }) => {
    const { rd, mac, labels } = decoded(best!.nlri);
    return [rd, mac, labels];
  });

const prefixRoute = (label: number) =>
  encoded({
    routeType: 'ip-prefix',
    ethernetTag: 0,
    prefix: '10.9.0.0/16',
    gateway: '0.0.0.0',
    labels: [label],
  });

t.test(
  'an EVPN route is exported with the route distinguisher of its agent, and leaks without one if it is routed',
  async (t) => {
    const { rib, vpn, blue, green, agent } = controlNode();
    const source = agent('10.0.0.1');
    blue.setInstanceId(source, 7);
    for (const bytes of [macRoute(25), prefixRoute(30)])
      blue.announce(source, { bytes }, { attributes, nextHop: source.address });
    rib.settle();
    t.same(texts(vpn.routes()).sort(), [
      ['10.0.0.1:7', undefined, [30]],
      ['10.0.0.1:7', '02:00:00:00:00:01', [25]],
    ]);
    t.same(texts(green.routes()), [['0:0', undefined, [30]]]);
    const [copy] = [...green.routes()];
    t.equal(copy!.best!.primaryTable, 'blue.evpn.0');
    t.equal(routeDistinguisherText(copy!.best!.routeDistinguisher!), '10.0.0.1:7');

    blue.withdraw(source, { bytes: prefixRoute(0) });
    blue.announce(source, { bytes: macRoute(26) }, { attributes, nextHop: source.address });
    rib.settle();
    t.same(texts(vpn.routes()), [['10.0.0.1:7', '02:00:00:00:00:01', [26]]], 'another label is a change');

    blue.withdraw(source, { bytes: macRoute(0) });
    rib.settle();
    t.same([...vpn.routes()], []);
    t.same([...green.routes()], []);
    t.same(rib.statistics().payloads, 0, 'no octets are left behind');
    t.same(rib.statistics().attributeSets, 0);
  },
);

t.test('EVPN routes of peers come into the instances that import their target', async (t) => {
  const { rib, vpn, blue } = controlNode();
  const pe = addEdge(rib);
  const announced = encodeAttributes({
    origin: 'igp',
    asPath: [],
    localPref: 100,
    extendedCommunities: target,
  });
  const nlri = macRoute(99);
  nlri.set([0, 1, 10, 0, 0, 9, 0, 5], 2);
  vpn.announce(pe, { bytes: nlri }, { attributes: announced, nextHop: pe.address });
  rib.settle();
  t.same(texts(blue.routes()), [['0:0', '02:00:00:00:00:01', [99]]]);
  const short = Uint8Array.of(99, 2, 1, 2);
  vpn.announce(pe, { bytes: short }, { attributes: announced, nextHop: pe.address });
  rib.settle();
  t.equal(
    blue.summary().routes,
    1,
    'a route of an unknown type, too short for a distinguisher, goes nowhere',
  );
  rib.removeSource(pe);
  rib.settle();
  t.equal(blue.summary().paths, 0);
});

t.test('what a peer bridges comes into its network, not into those that import its target', async (t) => {
  const rib = new Rib({ asn: 64512, routerId: 1 });
  const vpn = rib.createTable({ name: 'bgp.evpn.0', family: 'e-vpn', selection: 'contrail', main: true });
  const originVn = (index: number) => Uint8Array.of(0x80, 0x71, 0xfc, 0, 0, 0, 0, index);
  const other = parseRouteTarget('64512:200');
  const instance = (name: string, exports: Uint8Array[], index?: number) =>
    rib.createTable({
      name: `${name}.evpn.0`,
      family: 'e-vpn',
      selection: 'contrail',
      vpn: false,
      imports: [target],
      exports,
      ...(index !== undefined && { originVn: originVn(index) }),
    });
  const tables = {
    blue: instance('blue', [target], 6),
    pink: instance('pink', [other], 7),
    plain: instance('plain', [target]),
    stranger: instance('stranger', [other]),
  };
  const pe = addEdge(rib);
  const heard = (bytes: Uint8Array, ...communities: Uint8Array[]) => {
    bytes.set([0, 1, 10, 0, 0, 9, 0, 5], 2);
    const extendedCommunities = Uint8Array.from([target, ...communities].flatMap((one) => [...one]));
    const heardWith = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100, extendedCommunities });
    vpn.announce(pe, { bytes }, { attributes: heardWith, nextHop: pe.address });
    rib.settle();
    return Object.entries(tables).flatMap(([name, table]) => (table.summary().routes > 0 ? [name] : []));
  };
  t.same(heard(macRoute(99)), ['blue', 'plain'], 'by the target where no origin is told');
  t.same(heard(macRoute(99), originVn(6)), ['blue', 'plain']);
  t.same(heard(macRoute(99), originVn(7)), ['pink', 'plain']);
  tables.stranger.setExports([target]);
  rib.settle();
  t.equal(tables.stranger.summary().routes, 1, 'and it comes with an export target');
  t.same(heard(prefixRoute(30)), ['blue', 'pink', 'plain', 'stranger'], 'what is routed goes everywhere');
});

t.test('the newer place of a workload wins by the sequence number of its move', async (t) => {
  const { rib, blue, agent } = controlNode();
  const moved = (sequence: number) =>
    encodeAttributes({
      origin: 'incomplete',
      asPath: [],
      localPref: 100,
      extendedCommunities: Uint8Array.of(6, 0, 0, 0, 0, 0, 0, sequence),
    });
  const [before, now] = [agent('10.0.0.1'), agent('10.0.0.2')];
  blue.announce(before, { bytes: macRoute(25) }, { attributes: moved(1), nextHop: before.address });
  blue.announce(now, { bytes: macRoute(30) }, { attributes: moved(2), nextHop: now.address });
  rib.settle();
  const route = blue.route({ bytes: macRoute(0) })!;
  t.equal(route.best?.source, now);
  t.match(route.paths[1]!.notBest, { step: 'sequence' });
  t.equal(route.multipath.length, 1);
});
