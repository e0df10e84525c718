import t from 'tap';
import { Element } from '@xmpp/xml';
import { StrictParser } from '../src/index.ts';
import { ordinaryPrefixes, WellFormedness } from '../src/strict-parser.ts';
import { conditionOf } from './recorded-stream.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

t.test('an element comes out with attributes, text and children, and without a parent', async (t) => {
  const element = new StrictParser().parse(bytes('<a b="1 &lt; 2">x<c/>&amp;<![CDATA[<y>]]></a>'));
  t.ok(element instanceof Element);
  t.equal(element.parent, null);
  t.same(element.attrs, { b: '1 < 2' });
  t.equal(element.toString(), '<a b="1 &lt; 2">x<c/>&amp;&lt;y&gt;</a>');
});

t.test('a parser goes on after an error as if there had been none', async (t) => {
  const parser = new StrictParser();
  for (const wrong of ['<a>&x;</a>', '<a><b></a>', '<a/><b/>', '', 'text', '<a>', '</a>', '<a/>text</b>']) {
    t.equal(
      conditionOf(() => parser.parse(bytes(wrong))),
      'not-well-formed',
      wrong,
    );
    t.equal(parser.parse(bytes('<a/>')).name, 'a');
  }
});

t.test('what follows an element as it comes refuses what the whole parser refuses', async (t) => {
  const follow = (text: string): void => {
    const follower = new WellFormedness(ordinaryPrefixes, 4);
    for (const octet of bytes(text)) follower.check(Uint8Array.of(octet));
  };
  follow('<a b="é">東京<stream:b/></a>');
  for (const wrong of ['<a>&x;', '<a></b>', '<x:a>', '<a b="1" b="2">', '<a>\u0001', '<a>]]>']) {
    t.equal(
      conditionOf(() => follow(wrong)),
      'not-well-formed',
      wrong,
    );
  }
  t.equal(
    conditionOf(() => follow('<a b="" c="" d="" e="" f="">')),
    'policy-violation',
  );
  t.equal(
    conditionOf(() => new WellFormedness(ordinaryPrefixes, 4).check(Uint8Array.of(0x3c, 0xff))),
    'not-well-formed',
  );
});
