import { encodeAttributes, families, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer, ipv4Bytes, parseIpv4 } from '@vaportrail/net';
import t from 'tap';
import { Rib, type Source, type Table } from '../src/index.ts';

/** Milliseconds the random operations may take; raise it for a long hunt. */
const MILLISECONDS = Number(process.env['RIB_TABLE_MILLISECONDS'] ?? 4000);

function generator(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

interface Model {
  readonly paths: Map<string, Map<number, number>>;
}

/** Applies the same random announcements and withdrawals to a table and to a map of maps. */
function shake(
  table: Table,
  rib: Rib,
  sources: Source[],
  model: Model,
  random: (below: number) => number,
  keys: number,
  count: number,
): void {
  const attributes = [100, 200, 300].map((localPref) =>
    encodeAttributes({ origin: 'igp', asPath: [], localPref }),
  );
  const nextHop = ipv4Bytes(parseIpv4('10.0.0.1'));
  const wide = table.family === 'inet6';
  for (let i = 0; i < count; i++) {
    const number = random(keys);
    const bytes = wide ? new Uint8Array(16) : ipv4Bytes((number << 8) >>> 0);
    if (wide) new DataView(bytes.buffer).setUint32(4, number);
    const prefix = { bytes, length: wide ? 64 : 24 };
    const s = random(sources.length);
    const name = String(number);
    let paths = model.paths.get(name);
    if (random(5) < 2) {
      table.withdraw(sources[s]!, { prefix });
      paths?.delete(s);
    } else {
      const preference = random(3);
      table.announce(sources[s]!, { prefix }, { attributes: attributes[preference]!, nextHop });
      if (paths === undefined) model.paths.set(name, (paths = new Map()));
      paths.set(s, 100 + preference * 100);
    }
    if (random(1000) === 0) rib.drain(1 + random(2000));
  }
}

function agrees(table: Table, model: Model, sources: Source[]): string | undefined {
  const due = new Map([...model.paths].filter(([, paths]) => paths.size > 0));
  let seen = 0;
  for (const route of table.routes({ explained: false })) {
    seen++;
    const { bytes } = route.prefix!;
    const at = bytes.length === 16 ? 4 : 0;
    const number =
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(at) >>> (bytes.length === 16 ? 0 : 8);
    const paths = due.get(String(number));
    if (paths === undefined) return `${route.text} should not be there`;
    const actual = route.paths
      .map(({ source, attributes }) => `${source.name} ${attributes.localPref}`)
      .sort();
    const wanted = [...paths].map(([s, localPref]) => `${sources[s]!.name} ${localPref}`).sort();
    if (actual.join() !== wanted.join())
      return `${route.text} has ${actual.join()} instead of ${wanted.join()}`;
    if (route.best!.attributes.localPref !== Math.max(...paths.values()))
      return `${route.text}: not the best path`;
  }
  return seen === due.size ? undefined : `${seen} routes instead of ${due.size}`;
}

for (const family of ['inet', 'inet6'] as const) {
  t.test(
    `a table of ${family} routes agrees with a map of maps, whatever order things come in`,
    async (t) => {
      const random = generator((Math.random() * 2 ** 31) | 0);
      const rib = new Rib({ asn: 65000, routerId: 1 });
      const table = rib.createTable({ name: family, family, main: true });
      // A follower makes removed destinations wait until it has heard of them.
      let changes = 0;
      const end = table.follow({ changed: () => void changes++ });
      const sources = Array.from({ length: 5 }, (_, i) =>
        rib.addSource({ name: `s${i}`, protocol: 'local', routerId: i + 1, address: ipv4Bytes(i + 1) }),
      );
      const model: Model = { paths: new Map() };
      const until = Date.now() + MILLISECONDS / 2;
      let operations = 0;
      for (let round = 0; Date.now() < until || round < 2; round++) {
        const keys = round % 2 === 0 ? 200 : 100_000;
        shake(table, rib, sources, model, random, keys, 20_000);
        operations += 20_000;
        if (random(3) !== 0) rib.settle();
        const difference = agrees(table, model, sources);
        if (difference !== undefined) {
          t.fail(difference);
          return;
        }
      }
      t.comment(`${operations} operations, ${changes} changes heard`);
      for (const source of sources) rib.removeSource(source);
      rib.settle();
      t.same(
        {
          routes: table.summary().routes,
          sets: rib.statistics().attributeSets,
          sources: rib.sources().length,
        },
        { routes: 0, sets: 0, sources: 0 },
        'nothing is left behind',
      );
      t.ok(table.summary().octets < 4096, 'and the memory is returned');
      end();
    },
  );
}

/** An UPDATE that announces routes with a LOCAL_PREF, or withdraws them. */
function update(
  family: 'inet' | 'inet6',
  nlri: readonly Uint8Array[],
  localPref: number | undefined,
): Uint8Array {
  const { afi, safi } = families[family];
  const mp = new Writer().u16(afi).u8(safi);
  const nextHop = new Uint8Array(afi === 1 ? 4 : 16).fill(10);
  if (localPref !== undefined) mp.u8(nextHop.length).bytes(nextHop).u8(0);
  for (const octets of nlri) mp.bytes(octets);
  const body = new Writer();
  body.u16(0).length16((writer) => {
    if (localPref !== undefined) writer.bytes(encodeAttributes({ origin: 'igp', asPath: [], localPref }));
    writer
      .u8(0x90)
      .u8(localPref === undefined ? 15 : 14)
      .u16(mp.length)
      .bytes(mp.finish());
  });
  return frameMessage(messageType.update, body.finish());
}

for (const family of ['inet', 'inet6'] as const) {
  t.test(`${family} routes are found in the order they came in, in another, and with gaps`, async (t) => {
    const rib = new Rib({ asn: 65000, routerId: 1 });
    const table = rib.createTable({ name: family, family, main: true });
    const source = rib.addSource({
      name: 's',
      protocol: 'bgp',
      asn: 65000,
      internal: true,
      routerId: 2,
      address: ipv4Bytes(2),
    });
    const inOrder = Array.from({ length: 3000 }, (_, i) => i);
    const octets = family === 'inet' ? 3 : 6;
    const nlri = (i: number): Uint8Array => {
      const made = new Uint8Array(1 + octets).fill(0x20);
      made[0] = octets * 8;
      made[octets - 1] = i >>> 8;
      made[octets] = i;
      return made;
    };
    const due = new Map<number, number>();
    const tell = (order: readonly number[], localPref: number | undefined): void => {
      for (let from = 0; from < order.length; from += 50) {
        const some = order.slice(from, from + 50);
        const message = update(family, some.map(nlri), localPref);
        t.same(source.receiveUpdate(message, 0, message.length), []);
        for (const i of some) {
          if (localPref === undefined) due.delete(i);
          else due.set(i, localPref);
        }
      }
      rib.settle();
      const held = [...table.routes({ explained: false })].map(({ prefix, best }) => [
        (prefix!.bytes[octets - 2]! << 8) | prefix!.bytes[octets - 1]!,
        best!.attributes.localPref!,
      ]);
      t.equal(held.length, due.size);
      t.same(new Map(held as [number, number][]), due);
    };
    tell(inOrder, 100);
    tell(inOrder, 200);
    tell(inOrder.toReversed(), 300);
    for (const [step, localPref] of [
      [7, 400],
      [3, 500],
    ] as const) {
      tell(
        inOrder.filter((i) => i % step === 2),
        undefined,
      );
      tell(inOrder, localPref);
    }
    tell([...inOrder.slice(1000), ...inOrder.slice(0, 1000)], 600);
    tell(inOrder, undefined);
    t.ok(table.summary().octets < 4096, 'the memory is returned');
  });
}
