import t from 'tap';
import { Framer } from '../src/framer.ts';
import { conditionOf } from './recorded-stream.ts';

/** Where the stanza at the start of the octets ends. */
function endOf(text: string, depth = 32): number {
  const bytes = Buffer.from(text);
  const framer = new Framer(depth);
  framer.begin();
  return framer.scan(bytes, 1, bytes.length);
}

t.test('a stanza ends with the end tag of its start tag, or with itself when it is empty', async (t) => {
  const stanzas = [
    '<iq/>',
    '<iq />',
    '<iq></iq>',
    '<iq a="1"/>',
    '<iq a="/>" b=\'/>\'/>',
    '<iq><a/><b></b>text</iq>',
    '<iq><iq></iq></iq >',
    '<iq><![CDATA[</iq>]]></iq>',
    '<iq><![CDATA[]]]]></iq>',
    '<iq><![CDATA[>]>]]>]]></iq>',
    '<iq a="x"><b c="y/">/</b></iq>',
  ];
  for (const stanza of stanzas) t.equal(endOf(`${stanza}<next/>`), stanza.length, stanza);
});

t.test('what is not a stanza is told by name', async (t) => {
  const framer = new Framer(32);
  for (const [text, framed] of [
    ['</stream:stream>', 'closing-tag'],
    ['<?xml version="1.0"?>', 'declaration'],
    ['<?xml\n?>', 'declaration'],
    ['<iq/>', 'stanza'],
  ] as const) {
    framer.begin();
    t.equal(framer.scan(Buffer.from(text), 1, text.length), text.length);
    t.equal(framer.framed, framed, text);
  }
});

t.test('a framer goes on where the last chunk ended', async (t) => {
  const text = '<iq a="<"/>'.replace('<"', '>"') + '<x/>';
  const framer = new Framer(32);
  for (let cut = 1; cut < 11; cut++) {
    framer.begin();
    const bytes = Buffer.from(text);
    t.equal(framer.scan(bytes, 1, cut), -1);
    t.equal(framer.scan(bytes, cut, bytes.length), 11, `cut at ${cut}`);
  }
});

t.test('the depth is that of open elements; empty ones add nothing', async (t) => {
  t.equal(endOf('<a><b/></a>', 1), 11);
  t.equal(
    conditionOf(() => endOf('<a><b></b></a>', 1)),
    'policy-violation',
  );
});
