import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Framer } from '../src/framer.ts';
import {
  announceStanzas,
  itemId,
  itemsBodies,
  messageHeader,
  readStanza,
  retractsBodies,
  StanzaScanner,
  StreamError,
  StrictParser,
  withdrawStanzas,
  type Stanza,
  type UnicastItem,
} from '../src/index.ts';
import { anyUnicastItem, floatingIp, publicInstance } from './items.ts';

const scanner = new StanzaScanner();
const parser = new StrictParser();

/** What the framer and the strict parser make of the stanza at the start of the octets. */
function strictly(bytes: Buffer): { stanza: unknown; end: number } | 'incomplete' | StreamError {
  try {
    const framer = new Framer(32);
    framer.begin();
    const end = framer.scan(bytes, 1, bytes.length);
    if (end < 0) return 'incomplete';
    return { stanza: readStanza(parser.parse(bytes.subarray(0, end))), end };
  } catch (error) {
    if (error instanceof StreamError) return error;
    throw error;
  }
}

/** Whatever the scanner takes, the strict parser takes as well, and reads the same in it. */
function holdsToStrict(bytes: Buffer): boolean {
  const stanza = scanner.scan(bytes, 0, bytes.length);
  if (stanza === undefined) return false;
  deepStrictEqual({ stanza, end: scanner.end }, strictly(bytes));
  return true;
}

const fromOnwards = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('<'));

/** Every kind of stanza the scanner is there for, made of arbitrary items. */
const known: fc.Arbitrary<Buffer> = fc
  .record({
    items: fc.array(anyUnicastItem, { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom('publish', 'collection', 'withdraw', 'items', 'retracts'),
    nativeId: fc.option(fc.integer({ min: 0, max: 70_000 }), { nil: undefined }),
  })
  .map(({ items, kind, nativeId }) => {
    const [first] = items as [UnicastItem];
    const same = items.filter((item) => item.family === first.family);
    switch (kind) {
      case 'items':
        return Buffer.concat([
          messageHeader('compute-1'),
          ...itemsBodies(first.family, publicInstance, same),
        ]);
      case 'retracts':
        return Buffer.concat([
          messageHeader('compute-1'),
          ...retractsBodies(first.family, publicInstance, same.map(itemId)),
        ]);
      case 'withdraw':
        return withdrawStanzas('compute-1', publicInstance, first, 1, nativeId);
      default: {
        const pair = announceStanzas('compute-1', publicInstance, first, 1, nativeId);
        return kind === 'publish' ? pair : pair.subarray(pair.indexOf('<iq', 1));
      }
    }
  })
  .map(fromOnwards);

t.test('the scanner knows every stanza that the writers of both ends make of plain items', async (t) => {
  const pair = announceStanzas('compute-1', publicInstance, floatingIp, 7);
  t.ok(holdsToStrict(pair), 'publish');
  t.ok(holdsToStrict(pair.subarray(scanner.end + 1)), 'collection');
  const message = Buffer.concat([
    messageHeader('c'),
    ...itemsBodies('inet', publicInstance, [floatingIp, floatingIp]),
  ]);
  t.ok(holdsToStrict(fromOnwards(message)), 'items');
  const retracts = Buffer.concat([
    messageHeader('c'),
    ...retractsBodies('inet', publicInstance, ['172.16.0.3/32']),
  ]);
  t.ok(holdsToStrict(fromOnwards(retracts)), 'retracts');
});

t.test('the scanner and the strict parser read arbitrary items alike', async (t) => {
  let taken = 0;
  fc.assert(
    fc.property(known, (bytes) => {
      if (holdsToStrict(bytes)) taken++;
    }),
    { numRuns: 1000 },
  );
  t.ok(taken > 300, `${taken} of 1000 were for the scanner`);
});

/** Ways in which what a peer writes may differ from what the scanner expects. */
const changes: Record<string, (text: string, at: number) => string> = {
  'an octet less': (text, at) => text.slice(0, at) + text.slice(at + 1),
  'an octet more': (text, at) => text.slice(0, at) + String.fromCharCode(at % 256) + text.slice(at),
  'another octet': (text, at) => text.slice(0, at) + String.fromCharCode((at * 7) % 256) + text.slice(at + 1),
  'a line twice': (text, at) => text.replace(lineAt(text, at), (line) => `${line}\n${line}`),
  'a line less': (text, at) => text.replace(lineAt(text, at), ''),
  'no line breaks': (text) => text.replaceAll('\n', ''),
  'carriage returns': (text) => text.replaceAll('\n', '\r\n'),
  'tight empty tags': (text) => text.replaceAll(' />', '/>'),
  'single quotes': (text) => text.replaceAll('"', "'"),
  'an entity': (text, at) => `${text.slice(0, at)}&amp;${text.slice(at)}`,
  'a comment': (text, at) => `${text.slice(0, at)}<!-- -->${text.slice(at)}`,
  'a section': (text, at) => text.replace(/>([^<>\s]+)</, at % 2 === 0 ? '><![CDATA[$1]]><' : '>$1]]><'),
  'a prefix': (text) => text.replace('<label>', '<x:label>'),
  'another number': (text, at) =>
    text.replace(/>\d+</, [`>-1<`, '>1e3<', '>00007<', '>99999999999<', '> 7 <', '><'][at % 6]!),
  'another label': (text, at) =>
    text.replace(/<label>.*<.label>/, [`<label/>`, '<label>x</label>', ''][at % 3]!),
  'two lines in the other order': (text, at) => {
    const lines = text.split('\n');
    const i = at % lines.length;
    return [...lines.slice(0, i), ...lines.slice(i, i + 2).reverse(), ...lines.slice(i + 2)].join('\n');
  },
  'a character reference': (text, at) =>
    text.replace(/>([0-9a-z])/g, (whole, one: string, place: number) =>
      place % 7 === at % 7 ? `>&#x${one.charCodeAt(0).toString(16)};` : whole,
    ),
  'an attribute more': (text, at) =>
    text.replace(
      ['<item', '<entry', '<nlri', '<iq', '<publish', '<items'][at % 6]!,
      (tag) => `${tag} xmlns:y="z"`,
    ),
  'an unknown element': (text, at) => text.replace(lineAt(text, at), (line) => `<new>1</new>\n${line}`),
  'another MAC address': (text, at) =>
    text.replace(
      /<mac>[^<]*</g,
      `<mac>${['', 'x', '00:00:00:00:00:00', '02-AA-bb-cc-dd-01', ' 02:aa:bb:cc:dd:01 ', '2:aa'][at % 6]}<`,
    ),
  'another family': (text, at) => text.replaceAll(/<af>\d+</g, `<af>${[0, 1, 2, 3, 25, 65537][at % 6]}<`),
  'another mobility': (text, at) =>
    text.replace(
      /<mobility[^>]*>/,
      ['', '<mobility />', '<mobility seqno="0" sticky="true" />', '<mobility seqno="7"></mobility>'][
        at % 4
      ]!,
    ),
  'another prefix': (text, at) =>
    text.replaceAll(
      /<address>[^<]*\/\d+</g,
      `<address>${['10.1.2.3/8', '010.1.2.3/32', '1.2.3/24', '::/0', '1::2/129', '10.0.0.1', '1.2.3.4/032'][at % 7]}<`,
    ),
  'blanks before the end of tags': (text, at) =>
    text.replaceAll(/<\/(\w+)>/g, (whole, name: string) =>
      name.length % 4 === at % 4 ? `</${name} \n>` : whole,
    ),
  'octets beyond ASCII': (text, at) => text.replace(lineAt(text, at), (line) => `${line}\u00c3\u00a9`),
  'blanks in text': (text) => text.replace(/<address>(.*?)</g, '<address> $1 <'),
};

function lineAt(text: string, at: number): string {
  const lines = text.split('\n');
  return lines[at % lines.length]!;
}

t.test(
  'the scanner and the strict parser read changed stanzas alike, or the scanner leaves them',
  async (t) => {
    let taken = 0;
    fc.assert(
      fc.property(
        known,
        fc.array(fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.nat()), {
          minLength: 1,
          maxLength: 3,
        }),
        (bytes, list) => {
          let text = bytes.toString('latin1');
          for (const [name, at] of list) text = changes[name]!(text, at % Math.max(1, text.length));
          if (text.startsWith('<') && holdsToStrict(Buffer.from(text, 'latin1'))) taken++;
        },
      ),
      { numRuns: 3000 },
    );
    t.ok(taken > 100, `${taken} of 3000 were for the scanner`);
  },
);

t.test('the scanner leaves a stanza that does not end in the chunk, wherever it is cut', async (t) => {
  const pair = announceStanzas('compute-1', publicInstance, floatingIp, 7);
  t.ok(scanner.scan(pair, 0, pair.length));
  const whole = scanner.end;
  for (let cut = 1; cut < whole; cut++) {
    if (scanner.scan(pair, 0, cut) !== undefined) t.fail(`taken when cut at ${cut}`);
  }
});

t.test('equal octets give the very same attributes, so that they serve as a key', async (t) => {
  const attributesOf = (stanza: Stanza | undefined): unknown =>
    stanza?.type === 'publish' ? stanza.items[0]?.attributes : undefined;
  const one = announceStanzas('compute-1', publicInstance, floatingIp, 1);
  const other = announceStanzas(
    'compute-2',
    'a:b:c:c',
    { ...floatingIp, prefix: { bytes: Uint8Array.of(1, 2, 3, 4), length: 32 } },
    2,
  );
  const first = attributesOf(scanner.scan(one, 0, one.length));
  t.ok(first);
  t.equal(attributesOf(scanner.scan(other, 0, other.length)), first);
});
