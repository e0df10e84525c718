import fc from 'fast-check';
import t from 'tap';
import { TextOctets } from '../src/text-octets.ts';

t.test(
  'text becomes the octets that it has in UTF-8, however long it is and whatever is in it',
  async (t) => {
    const out = new TextOctets();
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 10 }), (texts) => {
        out.reset();
        for (const text of texts) out.text(text);
        const expected = Buffer.from(texts.join(''));
        return out.length === expected.length && out.copy().equals(expected);
      }),
    );
    t.pass();
  },
);

t.test('more than there is room for makes room, and what was there stays', async (t) => {
  const out = new TextOctets();
  const octets = Buffer.alloc(20_000, 'x');
  t.same(
    out.text('<a>').octets(octets).text('é'.repeat(20_000)).text('</a>').copy().toString(),
    `<a>${octets.toString()}${'é'.repeat(20_000)}</a>`,
  );
});

t.test('a copy does not change when the next text is written', async (t) => {
  const out = new TextOctets();
  const first = out.text('first').copy();
  out.reset().text('later');
  t.equal(first.toString(), 'first');
});
