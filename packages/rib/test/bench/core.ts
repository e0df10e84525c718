/**
 * The core without sockets: UPDATE bytes in, best path chosen, UPDATE bytes out. Prints nanoseconds and octets per route.
 * `node packages/rib/dist/test/bench/core.js [ROUTES] [NLRI PER UPDATE] [ATTRIBUTE SETS]`
 */
import { encodeAttributes, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer, ipv4Bytes, parseIpv4, parseRouteTarget } from '@vaportrail/net';
import { Rib, type Source, type UpdateGroup } from '../../src/index.ts';

const [routes = 1_000_000, perUpdate = 100, sets = 10_000] = process.argv.slice(2).map(Number);
const PER_DISTINGUISHER = 100;
const CHUNK = 65536;

/** All UPDATE messages of a sender, in chunks as a socket would give them. */
export function updates(
  count: number,
  perMessage: number,
  attributeSets: number,
  localPref: number,
  withdraw = false,
): Buffer[] {
  const chunks: Buffer[] = [];
  let chunk: Uint8Array[] = [];
  let size = 0;
  const extendedCommunities = new Uint8Array(16);
  extendedCommunities.set(parseRouteTarget('64512:1'));
  extendedCommunities.set(parseRouteTarget('64512:2'), 8);
  const encoded = new Map<number, Uint8Array>();
  for (let route = 0, message = 0; route < count; route += perMessage, message++) {
    const set = message % attributeSets;
    let attributes = encoded.get(set);
    if (attributes === undefined) {
      attributes = encodeAttributes({
        origin: 'igp',
        asPath: [{ type: 'sequence', asns: [65001, 65002, 100_000 + set] }],
        med: 10,
        localPref,
        communities: [0xfe00_0001, 0xfe00_0002],
        extendedCommunities,
      });
      encoded.set(set, attributes);
    }
    const mp = new Writer();
    if (withdraw) mp.u16(1).u8(128);
    else
      mp.u16(1)
        .u8(128)
        .u8(12)
        .bytes(new Uint8Array(8))
        .bytes(ipv4Bytes(0x0a64_0000 + (set % 500)))
        .u8(0);
    for (let i = route; i < Math.min(route + perMessage, count); i++) {
      const distinguisher = Math.floor(i / PER_DISTINGUISHER);
      mp.u8(112)
        .u24(withdraw ? 0x80_0000 : ((16 + (i % 1000)) << 4) | 1)
        .u16(1)
        .u32(0x0a00_0000 + (distinguisher >>> 8))
        .u16(distinguisher & 0xff)
        .u24(0x0b_0000 + (i % PER_DISTINGUISHER));
    }
    const value = mp.finish();
    const body = new Writer();
    const length = (withdraw ? 0 : attributes.length) + 4 + value.length;
    body.u16(0).u16(length);
    if (!withdraw) body.bytes(attributes);
    body
      .u8(0x90)
      .u8(withdraw ? 15 : 14)
      .u16(value.length)
      .bytes(value);
    const whole = frameMessage(messageType.update, body.finish());
    chunk.push(whole);
    size += whole.length;
    if (size > CHUNK) {
      chunks.push(Buffer.concat(chunk));
      chunk = [];
      size = 0;
    }
  }
  chunks.push(Buffer.concat(chunk));
  return chunks;
}

export function feed(source: Source, rib: Rib, chunks: readonly Buffer[]): number {
  let worst = 0;
  for (const chunk of chunks) {
    const start = performance.now();
    for (let at = 0; at < chunk.length;) {
      const end = at + chunk.readUInt16BE(at + 16);
      source.receiveUpdate(chunk, at, end);
      at = end;
    }
    while (rib.drain()) {
      // until done
    }
    worst = Math.max(worst, performance.now() - start);
  }
  return worst;
}

function measure(name: string, count: number, action: () => number | void): void {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const worst = action();
  const wall = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  const line = `${((wall * 1e6) / count).toFixed(0)} ns/route wall, ${((cpuMs * 1e6) / count).toFixed(0)} ns CPU`;
  console.log(
    `${name.padEnd(34)} ${line}${worst === undefined ? '' : `, worst chunk ${worst.toFixed(1)} ms`}`,
  );
}

let announced = 0;
function build(): { rib: Rib; source: Source; second: Source; group: UpdateGroup } {
  const rib = new Rib({ asn: 64512, routerId: parseIpv4('10.0.0.1'), clusterId: 1 });
  const table = rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn', selection: 'contrail' });
  const make = (id: number): Source =>
    rib.addSource({
      name: `peer ${id}`,
      protocol: 'bgp',
      address: ipv4Bytes(id),
      routerId: id,
      asn: 64512,
      internal: true,
      client: true,
    });
  const group = rib.updateGroup({ table, internal: true });
  join(group, make(3));
  return { rib, source: make(1), second: make(2), group };
}

function join(group: UpdateGroup, source: Source): void {
  group.join({
    source,
    backlog: 0,
    filterByRouteTarget: false,
    send: (buffers) => {
      for (const { length } of buffers) announced += length;
    },
  });
}

// Warm up the compiler on a scratch instance: its feedback belongs to the methods.
{
  const { rib, source } = build();
  feed(source, rib, updates(50_000, 10, 500, 100));
  feed(source, rib, updates(50_000, 10, 500, 100, true));
}
global.gc?.();
const first = updates(routes!, perUpdate!, sets!, 100);
const changed = updates(routes!, perUpdate!, sets!, 200);
const gone = updates(routes!, perUpdate!, sets!, 100, true);
const idle = process.memoryUsage().rss;
const { rib, source, second, group } = build();
console.log(`${routes} routes, ${perUpdate} per UPDATE, ${sets} attribute sets`);
measure('announce, cold table', routes!, () => feed(source, rib, first));
global.gc?.();
const loaded = process.memoryUsage();
console.log(
  `  ${((loaded.rss - idle) / routes!).toFixed(1)} octets RSS per route, heap ${(loaded.heapUsed / 1e6).toFixed(1)} MB`,
);
measure('announce again, nothing changed', routes!, () => feed(source, rib, first));
measure('change all (LOCAL_PREF)', routes!, () => feed(source, rib, changed));
measure('second path, loses', routes!, () => feed(second, rib, first));
global.gc?.();
console.log(
  `  ${((process.memoryUsage().rss - loaded.rss) / routes!).toFixed(1)} octets RSS per further path`,
);
const before = announced;
measure('late joiner', routes!, () => {
  join(
    group,
    rib.addSource({ name: 'late', protocol: 'bgp', asn: 64512, internal: true, routerId: 9, client: true }),
  );
  let worst = 0;
  for (let more = true; more;) {
    const start = performance.now();
    more = rib.drain();
    worst = Math.max(worst, performance.now() - start);
  }
  return worst;
});
console.log(`  ${((announced - before) / routes!).toFixed(1)} octets per route told`);
measure('withdraw the first paths', routes!, () => feed(source, rib, gone));
measure('withdraw the second paths', routes!, () => feed(second, rib, gone));
console.log(rib.statistics(), `${group.messages} messages`);
global.gc?.();
console.log(`  ${((process.memoryUsage().rss - idle) / 1e6).toFixed(1)} MB RSS kept`);
