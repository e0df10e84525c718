import { encodeAttributes, families } from '@vaportrail/bgp/wire';
import { Writer, ipv4Bytes, parseIpv4 } from '@vaportrail/net';
import t from 'tap';
import { Rib } from '../src/index.ts';

/** An EVPN route of type 2. */
function macRoute(
  mac: number,
  label: number,
  options: { esi?: number; ip?: string; second?: number } = {},
): Uint8Array {
  const body = new Writer();
  body.u16(1).u32(parseIpv4('1.1.1.1')).u16(7);
  body
    .bytes(new Uint8Array(9))
    .u8(options.esi ?? 0)
    .u32(0);
  body.u8(48).u16(2).u32(mac);
  if (options.ip === undefined) body.u8(0);
  else body.u8(32).u32(parseIpv4(options.ip));
  body.u24((label << 4) | 1);
  if (options.second !== undefined) body.u24((options.second << 4) | 1);
  return new Writer().u8(2).u8(body.length).bytes(body.finish()).finish();
}

t.test(
  'a MAC route stays the same route when label or segment change, and keeps what was announced',
  async (t) => {
    const rib = new Rib({ asn: 1, routerId: 1, clusterId: 1 });
    const table = rib.createTable({ name: 'bgp.evpn.0', family: 'e-vpn', main: true });
    const source = rib.addSource({
      name: 'pe',
      protocol: 'bgp',
      address: ipv4Bytes(1),
      routerId: 1,
      asn: 1,
      internal: true,
      client: true,
    });
    const listener = rib.addSource({
      name: 'rr',
      protocol: 'bgp',
      address: ipv4Bytes(2),
      routerId: 2,
      asn: 1,
      internal: true,
    });
    let octets = Buffer.alloc(0);
    rib.updateGroup({ table, internal: true }).join({
      source: listener,
      backlog: 0,
      filterByRouteTarget: false,
      send: (buffers) => {
        octets = Buffer.concat([octets, ...buffers]);
      },
    });
    const announcement = {
      attributes: encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 }),
      nextHop: ipv4Bytes(9),
    };
    const first = macRoute(5, 100, { ip: '10.0.0.1', second: 300 });
    const moved = macRoute(5, 200, { ip: '10.0.0.1', esi: 3 });
    table.announce(source, { bytes: first }, announcement);
    table.announce(source, { bytes: macRoute(6, 100) }, announcement);
    rib.settle();
    t.equal(table.summary().routes, 2);
    t.ok(octets.includes(Buffer.from(first)), 'reflected as it came');
    table.announce(source, { bytes: moved }, announcement);
    rib.settle();
    t.equal(table.summary().routes, 2);
    t.same(table.route({ bytes: first })!.best!.nlri, moved);
    t.ok(octets.includes(Buffer.from(moved)));
    octets = Buffer.alloc(0);
    // Withdrawn with yet another label.
    table.withdraw(source, { bytes: macRoute(5, 0, { ip: '10.0.0.1' }) });
    rib.settle();
    t.equal(table.summary().routes, 1);
    const key = octets.subarray(octets.length - 40);
    t.ok(families['e-vpn'].measure(key, 0, key.length, true) > 0, 'what withdraws is a route as well');
    rib.removeSource(source);
    rib.settle();
    t.match(rib.statistics(), { paths: 0, payloads: 0 });
  },
);
