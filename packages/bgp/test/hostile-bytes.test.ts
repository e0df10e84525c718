import fc from 'fast-check';
import { Reader, Truncated } from '@vaportrail/net';
import t from 'tap';
import {
  NotificationError,
  PathAttributes,
  UpdateFrame,
  decodeCapabilities,
  decodeMessage,
  decodeOpen,
  describeMessage,
  discardAttributes,
  encodeUpdate,
  families,
  frameMessage,
  locateUpdate,
  validateAttributes,
  walkNlri,
  type FamilyName,
} from '../src/wire/index.ts';

const octets = fc.uint8Array({ maxLength: 300 });
const context = fc.record({
  asn4: fc.constantFrom(true, false, null),
  addpath: fc.constantFrom(true, false, null),
  ibgp: fc.constantFrom(true, false, null),
});
/** Attributes with right headers around any value: further in than any octets get. */
const attribute = fc
  .tuple(
    fc.constantFrom(0x40, 0x80, 0xc0, 0xe0),
    fc.integer({ min: 0, max: 45 }),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([flags, code, value]) => [flags, code, value.length, ...value]);
const body = fc
  .tuple(
    fc.array(attribute, { maxLength: 8 }),
    fc.uint8Array({ maxLength: 12 }),
    fc.uint8Array({ maxLength: 12 }),
  )
  .map(([list, withdrawn, nlri]) => {
    const attributes = list.flat();
    const lengths = [attributes.length >>> 8, attributes.length & 0xff];
    return Uint8Array.from([0, withdrawn.length, ...withdrawn, ...lengths, ...attributes, ...nlri]);
  });
const update = fc.oneof(body, octets).map((bytes) => frameMessage(2, bytes));

t.test('any octets framed as a message of any type are described', async () => {
  const message = fc.tuple(fc.integer({ min: 0, max: 6 }), octets);
  fc.assert(
    fc.property(message, context, ([type, bytes], how) => {
      describeMessage(frameMessage(type as 1, bytes), how);
      describeMessage(bytes, how);
    }),
    { numRuns: 2000 },
  );
});

t.test('any UPDATE is described, and one without problems is encoded to the same octets', async () => {
  fc.assert(
    fc.property(update, context, (bytes, how) => {
      const document = describeMessage(bytes, how);
      if (document.type !== 'update' || document.problems.length > 0) return;
      const again = encodeUpdate(JSON.parse(JSON.stringify(document)) as typeof document);
      if (Buffer.compare(again, bytes) !== 0)
        throw new Error(`encoded to ${Buffer.from(again).toString('hex')}`);
    }),
    { numRuns: 5000 },
  );
});

t.test('decoders throw nothing but the NOTIFICATION to send', async () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      for (const decode of [
        () => decodeMessage(bytes),
        () => decodeOpen(bytes, 0, bytes.length),
        () => decodeCapabilities(new Reader(bytes)),
      ]) {
        try {
          decode();
        } catch (error) {
          if (!(error instanceof NotificationError)) throw error;
        }
      }
    }),
    { numRuns: 3000 },
  );
});

t.test(
  'any attributes are validated, and what is left without the discarded ones has no more to discard',
  async () => {
    const any = fc.oneof(
      octets,
      fc.array(attribute, { maxLength: 8 }).map((list) => Uint8Array.from(list.flat())),
    );
    const how = fc.record({ asn4: fc.boolean(), internal: fc.constantFrom(true, false, null) });
    fc.assert(
      fc.property(any, how, (bytes, settings) => {
        const check = { ...settings, announces: 'mp' } as const;
        const problems = validateAttributes(bytes, 0, bytes.length, check);
        if (problems.some(({ because }) => because.includes('passes the end'))) return;
        const kept = discardAttributes(bytes, problems);
        const left = validateAttributes(kept, 0, kept.length, check);
        if (left.some(({ approach }) => approach === 'attribute-discard'))
          throw new Error(JSON.stringify(left));
        const set = new PathAttributes(kept, check);
        void [
          set.origin,
          set.asPath,
          set.asPathLength,
          set.neighborAs,
          set.firstAs,
          set.originAs,
          set.nextHop,
          set.med,
        ];
        void [
          set.localPref,
          set.aggregator,
          set.communities,
          set.originatorId,
          set.clusterList,
          set.largeCommunities,
        ];
      }),
      { numRuns: 5000 },
    );
  },
);

t.test(
  'the parts found in an UPDATE lie within it, and the copy of its attributes has the length told',
  async () => {
    const frame = new UpdateFrame();
    fc.assert(
      fc.property(update, (bytes) => {
        if (locateUpdate(bytes, 0, bytes.length, frame)?.approach === 'session-reset') return;
        const { withdrawnAt, withdrawnEnd, attributesAt, attributesEnd, nlriAt, nlriEnd } = frame;
        const order = [
          19,
          withdrawnAt,
          withdrawnEnd,
          attributesAt,
          attributesEnd,
          nlriAt,
          nlriEnd,
          bytes.length,
        ];
        if (order.some((at, i) => i > 0 && at < order[i - 1]!)) throw new Error(order.join());
        if (frame.copyAttributes(new Uint8Array(4096), 0) !== frame.attributeOctets) throw new Error('copy');
      }),
      { numRuns: 3000 },
    );
  },
);

t.test('walking any octets as NLRI of any family ends within them', async () => {
  const name = fc.constantFrom(...(Object.keys(families) as FamilyName[]));
  fc.assert(
    fc.property(octets, name, fc.boolean(), fc.boolean(), (bytes, family, addPath, withdrawn) => {
      let last = 0;
      const row = families[family];
      walkNlri(row, bytes, 0, bytes.length, addPath, withdrawn, (at, end) => {
        if (at < last || end <= at || end > bytes.length) throw new Error(`${at}…${end}`);
        last = end;
        try {
          row.decode(bytes, at, end, withdrawn, {});
        } catch (error) {
          throw error instanceof Truncated ? new Error('decode reads past what measure allowed') : error;
        }
      });
    }),
    { numRuns: 10000 },
  );
});
