import { isDeepStrictEqual } from 'node:util';
import { encodeAttributes, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer, parseIpv4 } from '@vaportrail/net';
import fc from 'fast-check';
import t from 'tap';
import { Rib, type Source } from '../src/index.ts';

const NEXT_HOP = parseIpv4('10.1.1.1');

/** An octet of an address behind a label and a route distinguisher, and what is not quite that. */
const vpnNlri = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 5 }).map((octet) => [0x60, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, octet]) },
  // Without the S bit, and too long for what there is.
  fc.nat({ max: 5 }).map((octet) => [0x60, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, octet]),
  fc.constant([0x70, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9]),
);

/** An UPDATE; where its NLRI stand, which attributes it has and what else is in it varies little, so that many are alike. */
const message = fc
  .record({
    place: fc.constantFrom('first', 'between', 'last', 'classic', 'both'),
    nlri: vpnNlri,
    med: fc.constantFrom(1, 2),
    withdrawn: fc.constantFrom(false, false, false, true),
    // Attributes are missing, or the last one passes the end of all.
    broken: fc.constantFrom(undefined, undefined, undefined, undefined, 'missing', 'overrun'),
  })
  .map(({ place, nlri, med, withdrawn, broken }) => {
    const mp = new Writer();
    mp.u8(0x90)
      .u8(14)
      .u16(17 + nlri.length);
    mp.u16(1).u8(128).u8(12).u64(0n).u32(NEXT_HOP).u8(0).bytes(Uint8Array.from(nlri));
    const reach = mp.finish();
    const common = broken
      ? { origin: 'igp' as const }
      : { origin: 'igp' as const, localPref: 100, asPath: [] };
    const hasReach = place !== 'classic';
    const attributes = new Writer();
    if (place === 'first') attributes.bytes(reach);
    attributes.bytes(
      encodeAttributes(hasReach && place !== 'both' ? common : { ...common, nextHop: NEXT_HOP }),
    );
    if (place === 'between' || place === 'both') attributes.bytes(reach);
    attributes.bytes(encodeAttributes({ med }));
    if (place === 'last') attributes.bytes(reach);
    if (broken === 'overrun') attributes.u8(0xc0).u8(99).u8(1);
    const body = new Writer();
    if (withdrawn) body.u16(2).u8(8).u8(11);
    else body.u16(0);
    body.u16(attributes.length).bytes(attributes.finish());
    if (!hasReach || place === 'both') body.u8(8).u8(nlri.at(-1)! + 10);
    return frameMessage(messageType.update, body.finish());
  });

const marker = frameMessage(messageType.update, Uint8Array.of(0, 0, 0, 0));
const goneAgain = frameMessage(messageType.update, Uint8Array.of(0, 2, 8, 12, 0, 0));

interface Sent {
  readonly bytes: Uint8Array;
  readonly by: number;
}

const sent = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Sent> =>
  fc.record({ bytes, by: fc.constantFrom(0, 0, 0, 0, 1) });

/** What peers do: most often the first sends what it has sent before, or something like it. */
const deeds = fc
  .array(message, { minLength: 1, maxLength: 4 })
  .chain((messages) =>
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: sent(fc.constantFrom(...messages)) },
        sent(fc.constantFrom(marker, goneAgain)),
        fc.constantFrom('settle' as const, 'new table' as const),
      ),
      { maxLength: 30 },
    ),
  );

class Receiving {
  readonly told: unknown[] = [];
  readonly rib = new Rib({ asn: 64512, routerId: 1 });
  readonly #tables = (['inet', 'inet-vpn'] as const).map((family) =>
    this.rib.createTable({ name: family, family, main: true }),
  );
  readonly #peers = [1, 2, 3].map((id) => this.#peer(id));
  #made = 0;

  receive({ bytes, by }: Sent): void {
    this.told.push(this.#peers[by]!.receiveUpdate(bytes, 0, bytes.length));
  }

  /** A third peer says something in between. */
  interrupt(): void {
    this.#peers[2]!.receiveUpdate(goneAgain, 0, goneAgain.length);
  }

  newTable(): void {
    this.#tables.push(
      this.rib.createTable({ name: `inet-vpn-${++this.#made}`, family: 'inet-vpn', main: true }),
    );
  }

  outcome(): unknown {
    this.rib.settle();
    const routes = this.#tables.map((table) =>
      [...table.routes()].map(({ text, paths }) => ({
        text,
        paths: paths.map(({ attributes, label, because }) => ({ med: attributes.med, label, because })),
      })),
    );
    return { routes, told: this.told, statistics: this.rib.statistics() };
  }

  #peer(id: number): Source {
    return this.rib.addSource({
      name: `${id}`,
      protocol: 'bgp',
      address: Uint8Array.of(10, 0, 0, id),
      routerId: id,
      asn: 64512,
      internal: true,
      endOfRib: (family) => this.told.push(family),
    });
  }
}

t.test('a message that is like the one before means what it means alone', async () => {
  fc.assert(
    fc.property(deeds, (each) => {
      const [inARow, apart] = [new Receiving(), new Receiving()];
      for (const deed of each) {
        for (const receiving of [inARow, apart]) {
          if (receiving === apart) receiving.interrupt();
          if (deed === 'settle') receiving.rib.settle();
          else if (deed === 'new table') receiving.newTable();
          else receiving.receive(deed);
        }
      }
      return isDeepStrictEqual(inARow.outcome(), apart.outcome());
    }),
    { numRuns: 1500 },
  );
});

t.test('a message is like the one before although that was overwritten meanwhile', async (t) => {
  const inARow = new Receiving();
  const [first, second] = fc.sample(
    message.filter((bytes) => bytes.length > 80),
    { numRuns: 2, seed: 7 },
  ) as [Uint8Array, Uint8Array];
  const buffer = new Uint8Array(8192);
  const apart = new Receiving();
  for (const bytes of [first, first, second, second, first, second]) {
    buffer.set(bytes, 0);
    inARow.receive({ bytes: buffer.subarray(0, bytes.length), by: 0 });
    apart.interrupt();
    apart.receive({ bytes, by: 0 });
  }
  t.same(inARow.outcome(), apart.outcome());
});
