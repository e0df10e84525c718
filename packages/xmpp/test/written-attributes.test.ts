import fc from 'fast-check';
import t from 'tap';
import { WrittenAttributes, itemId, itemsBodies } from '../src/index.ts';
import { anyAttributes, floatingIp, publicInstance } from './items.ts';

t.test('an item written with another label is as if it had been written from the start', async (t) => {
  const label = fc.nat(0xffff_ffff);
  fc.assert(
    fc.property(
      anyAttributes.filter(({ nextHops }) => nextHops.length > 0),
      fc.array(label, { minLength: 1, maxLength: 40 }),
      (attributes, labels) => {
        const { family } = floatingIp;
        const id = itemId(floatingIp);
        const written = new WrittenAttributes(attributes);
        const [hop, ...others] = attributes.nextHops;
        const once = itemsBodies(
          family,
          publicInstance,
          labels.map((each) => ({ family, id, written, label: each })),
        );
        const plain = itemsBodies(
          family,
          publicInstance,
          labels.map((each) => ({
            family,
            id,
            attributes: { ...attributes, nextHops: [{ ...hop!, label: each }, ...others] },
          })),
        );
        return Buffer.concat(once).equals(Buffer.concat(plain));
      },
    ),
  );
  t.pass();
});
