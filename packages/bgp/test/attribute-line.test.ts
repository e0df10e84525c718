import fc from 'fast-check';
import t from 'tap';
import { PathAttributes } from '../src/attributes/path-attributes.ts';
import { attributeLineOctets, writeAttributes } from '../src/mrt/attribute-line.ts';
import { attributesText } from '../src/mrt/attribute-text.ts';
import { encodeAttributes } from '../src/wire/index.ts';

const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 9, 10, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));
const asns = fc.array(u32, { minLength: 1, maxLength: 8 });
const ofSixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
const dumpedReach = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), ofSixteen, fc.constant(new Uint8Array(16)))
  .map((address) => ({ flags: 0x80, code: 14, value: Uint8Array.of(address.length, ...address) }));
const anything = fc.record({
  flags: fc.constant(0xc0),
  code: fc.integer({ min: 9, max: 40 }),
  value: fc.uint8Array({ maxLength: 40 }),
});

const sets = fc.record(
  {
    origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
    asPath: fc.array(
      fc.record({
        type: fc.constantFrom(
          'sequence' as const,
          'set' as const,
          'confed-sequence' as const,
          'confed-set' as const,
        ),
        asns,
      }),
      { maxLength: 3 },
    ),
    nextHop: u32,
    med: u32,
    localPref: u32,
    atomicAggregate: fc.constant(true as const),
    aggregator: fc.record({ asn: u32, address: u32 }),
    communities: fc.array(
      fc.oneof(u32, fc.constantFrom(0xffff_ff01, 0xffff_ff02, 0xffff_ff03, 0xffff_ff04)),
      {
        maxLength: 9,
      },
    ),
    largeCommunities: fc.array(fc.tuple(u32, u32, u32), { maxLength: 4 }),
    unknown: fc.array(fc.oneof(dumpedReach, anything), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

/** What the fast half writes; undefined when it leaves the attributes to the other one. */
function written(bytes: Uint8Array): string | undefined {
  const target = new Uint8Array(attributeLineOctets(bytes.length));
  const end = writeAttributes(target, 0, bytes, 0, bytes.length);
  return end === -1 ? undefined : Buffer.from(target.subarray(0, end)).toString('latin1');
}

function text(bytes: Uint8Array): string {
  return attributesText(new PathAttributes(bytes, { asn4: true }));
}

t.test('attributes written digit by digit are the text of the attributes', async (t) => {
  let fast = 0;
  fc.assert(
    fc.property(sets, (fields) => {
      const bytes = encodeAttributes(fields, { asn4: true });
      const found = written(bytes);
      if (found !== undefined) fast++;
      return found === undefined || found === text(bytes);
    }),
    { numRuns: 2000 },
  );
  t.ok(fast > 1000, `${fast} of 2000 need no closer look`);
});

t.test('octets changed at random are written as the text has them, or left to it', async () => {
  fc.assert(
    fc.property(sets, fc.nat(), fc.nat(255), fc.nat(), (fields, where, octet, cut) => {
      const whole = encodeAttributes(fields, { asn4: true });
      if (whole.length === 0) return true;
      whole[where % whole.length] = octet;
      const bytes = whole.slice(0, whole.length - (cut % 3 === 0 ? cut % whole.length : 0));
      const found = written(bytes);
      return found === undefined || found === text(bytes);
    }),
    { numRuns: 5000 },
  );
});
