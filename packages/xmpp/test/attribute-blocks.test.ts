import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  announceStanzas,
  readStanza,
  StanzaScanner,
  StrictParser,
  type ItemAttributes,
} from '../src/index.ts';
import { anyAttributes, attributes, floatingIp, nextHop, publicInstance } from './items.ts';

const parser = new StrictParser();

/** The attributes that a scanner reads of a publish. */
function scan(scanner: StanzaScanner, bytes: Buffer): ItemAttributes | undefined {
  const stanza = scanner.scan(bytes, 0, bytes.length);
  return stanza?.type === 'publish' ? (stanza.items[0]?.attributes as ItemAttributes) : undefined;
}

const publish = (own: ItemAttributes): Buffer =>
  announceStanzas('compute-1', publicInstance, { ...floatingIp, attributes: own });

const relabelled = (own: ItemAttributes, label: number): ItemAttributes => ({
  ...own,
  nextHops: own.nextHops.map((hop, i) => (i === 0 ? { ...hop, label } : hop)),
});

t.test('a block with another label is read as it is, and each label has attributes of its own', async (t) => {
  const scanner = new StanzaScanner();
  const read = [16, 16, 17, 1_048_575, 16].map((label) =>
    scan(scanner, publish(relabelled(attributes, label))),
  );
  t.same(
    read.map((own) => own?.nextHops[0]?.label),
    [16, 16, 17, 1_048_575, 16],
  );
  t.equal(read[1], read[0], 'the same as before: the very same attributes');
  t.not(read[2], read[0]);
  t.same(read[2], relabelled(attributes, 17));
  t.same(read[4], read[0]);
  t.equal(read[4]?.loadBalance, read[0]?.loadBalance, 'what has nothing to do with the label is shared');
});

t.test('attributes with another label are made anew each time, and those of the block stay', async (t) => {
  const scanner = new StanzaScanner();
  const [first, once, again, back] = [16, 17, 17, 16].map((label) =>
    scan(scanner, publish(relabelled(attributes, label))),
  );
  t.same(once, relabelled(first!, 17));
  t.same(again, once);
  t.not(again, once);
  t.equal(back, first);
});

t.test(
  'attributes met again and again, with labels changed, are read as the strict parser reads them',
  async (t) => {
    const scanner = new StanzaScanner();
    fc.assert(
      fc.property(
        fc.array(anyAttributes, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), fc.oneof(fc.nat(30), fc.nat(0xffff_ffff))), { maxLength: 20 }),
        (some, uses) => {
          for (const [index, label] of uses) {
            const bytes = publish(relabelled(some[index % some.length]!, label));
            const own = scan(scanner, bytes);
            if (own === undefined) continue; // an entity, or letters beyond ASCII
            const stanza = readStanza(parser.parse(bytes.subarray(0, scanner.end)));
            deepStrictEqual(own, stanza.type === 'publish' && stanza.items[0]?.attributes);
          }
        },
      ),
      { numRuns: 500 },
    );
    t.pass();
  },
);

t.test('a first next hop without a label does not get the label of the second', async (t) => {
  const scanner = new StanzaScanner();
  const entry = (label: number): Buffer =>
    Buffer.from(
      publish({ ...attributes, nextHops: [nextHop, { ...nextHop, label }] })
        .toString()
        .replace('<label>25</label>\n', ''),
    );
  for (const label of [30, 31]) {
    t.same(
      scan(scanner, entry(label))?.nextHops.map((hop) => hop.label),
      [0, label],
    );
  }
});

t.test('blocks that look alike are kept apart', async (t) => {
  const scanner = new StanzaScanner();
  const networks = Array.from({ length: 40 }, (_, i) => `default-domain:demo:net-${i}`);
  const own = (virtualNetwork: string): ItemAttributes => ({
    ...attributes,
    nextHops: [{ ...nextHop, virtualNetwork }],
  });
  for (let round = 0; round < 2; round++) {
    for (const network of networks) t.same(scan(scanner, publish(own(network))), own(network));
  }
});
