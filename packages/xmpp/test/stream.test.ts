import fc from 'fast-check';
import t from 'tap';
import {
  agentEndOfRib,
  announceStanzas,
  MAX_ATTRIBUTES,
  MAX_HEADER_BYTES,
  MAX_STANZA_BYTES,
  MAX_STANZA_DEPTH,
  MAX_STANZA_NODES,
  streamLimits,
  subscribeStanza,
  withdrawStanzas,
} from '../src/index.ts';
import { floatingIp, publicInstance, workload } from './items.ts';
import { agentHeader, readStream, recordStream } from './recorded-stream.ts';

const conversation = Buffer.concat([
  agentHeader,
  subscribeStanza('compute-1', publicInstance, 4, 1),
  announceStanzas('compute-1', publicInstance, floatingIp, 2),
  Buffer.from([0xc8, 0x80]),
  announceStanzas('compute-1', publicInstance, workload, 3),
  Buffer.from('<iq type="set" to="a/bgp-peer"><pubsub><subscribe node="Zürich &amp; 東京"/></pubsub></iq>'),
  withdrawStanzas('compute-1', publicInstance, floatingIp, 4),
  agentEndOfRib('compute-1'),
]);

t.test('a stream torn in two at any octet reads the same', async (t) => {
  const whole = recordStream();
  whole.stream.push(conversation);
  t.equal(whole.condition, undefined);
  t.equal(whole.stanzas.length, 11);
  t.equal(
    whole.stream.strictStanzas,
    6,
    'subscriptions, an EVPN publish and End-of-RIB are for the strict parser',
  );
  // Every octet of the first half, which has every kind of octet; the rest is the same in other words.
  for (let cut = 1; cut < conversation.length; cut += cut < 3000 ? 1 : 17) {
    const torn = recordStream();
    torn.stream.push(conversation.subarray(0, cut));
    torn.stream.push(conversation.subarray(cut));
    if (JSON.stringify(torn.stanzas) !== JSON.stringify(whole.stanzas)) {
      t.same(torn.stanzas, whole.stanzas, `cut at ${cut}`);
      break;
    }
  }
});

t.test('a stream that comes octet by octet reads the same', async (t) => {
  const whole = recordStream();
  whole.stream.push(conversation);
  const dripped = recordStream();
  for (let at = 0; at < conversation.length; at++) dripped.stream.push(conversation.subarray(at, at + 1));
  t.same(dripped.stanzas, whole.stanzas);
  t.equal(dripped.stream.heldBytes, 0);
});

t.test('a letter of several octets may be torn', async (t) => {
  const bytes = Buffer.from('<iq type="set" to="a/bgp-peer"><pubsub><subscribe node="東"/></pubsub></iq>');
  const at = bytes.indexOf('東') + 1;
  const { stanzas } = readStream([bytes.subarray(0, at), bytes.subarray(at)]);
  t.match(stanzas, [{ type: 'subscribe', node: '東' }]);
});

t.test('a chunk of filler is a keepalive, and nothing is kept of it', async (t) => {
  const filler = [Buffer.from([0xc8, 0x80]), ' ', '\n', '\t\r\n', Buffer.from([0xc8])];
  const { keepalives, stanzas, stream } = readStream(filler);
  t.equal(keepalives, filler.length);
  t.same(stanzas, []);
  t.equal(stream.heldBytes, 0);
  for (let i = 0; i < 100_000; i++) stream.push(Buffer.from(' '));
  t.equal(stream.heldBytes, 0);
});

t.test('filler before, between and behind stanzas is passed over', async (t) => {
  const { keepalives, stanzas } = readStream([
    Buffer.concat([
      Buffer.from([0xc8, 0x80, 0x0a]),
      Buffer.from('<iq type="get"/>\n\t <iq type="get"/>'),
      Buffer.from([0x80]),
    ]),
  ]);
  t.equal(stanzas.length, 2);
  t.equal(keepalives, 0, 'a stanza says as much as a keepalive');
});

t.test('an XML declaration before a stanza is passed over', async (t) => {
  const declared = '<?xml version="1.0"?>\n<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls" />';
  t.match(readStream([declared]).stanzas, [{ type: 'starttls' }]);
  t.match(readStream([declared.slice(0, 9), declared.slice(9)]).stanzas, [{ type: 'starttls' }]);
});

t.test('a stanza right behind the header is read', async (t) => {
  const recorded = recordStream();
  recorded.stream.push(Buffer.concat([agentHeader, Buffer.from('<iq type="get"/>')]));
  t.equal(recorded.stanzas.length, 1);
});

t.test('an error of the peer is read with its condition and text', async (t) => {
  const { stanzas } = readStream([
    '<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/><text>gone</text></stream:error>',
  ]);
  t.same(stanzas, [{ type: 'stream-error', condition: 'conflict', text: 'gone' }]);
});

t.test('the closing tag ends the stream, and nothing is read behind it', async (t) => {
  const { closed, stanzas, condition } = readStream(['</stream:stream>', '<iq type="get"/>', '<!--']);
  t.ok(closed);
  t.same(stanzas, []);
  t.equal(condition, undefined);
  t.ok(readStream(['</stream:stream  >']).closed);
});

/** What a hostile or broken peer writes behind its header, and how the stream ends. */
const hostile: readonly (readonly [what: string, octets: string | Uint8Array, condition: string])[] = [
  ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]>', 'restricted-xml'],
  ['a DOCTYPE inside a stanza', '<iq><!DOCTYPE x></iq>', 'restricted-xml'],
  ['a comment', '<!-- x -->', 'restricted-xml'],
  ['a comment inside a stanza', '<iq type="set"><!-- x --></iq>', 'restricted-xml'],
  ['a processing instruction', '<?php x ?>', 'restricted-xml'],
  ['a processing instruction inside a stanza', '<iq><?php x ?></iq>', 'restricted-xml'],
  ['a style sheet', '<?xml-stylesheet href="x"?><iq/>', 'restricted-xml'],
  ['an XML declaration inside a stanza', '<iq><?xml version="1.0"?></iq>', 'restricted-xml'],
  ['an endless XML declaration', `<?xml ${'x'.repeat(200)}`, 'policy-violation'],
  ['an undefined entity', '<iq>&foo;</iq>', 'not-well-formed'],
  ['an undefined entity in an attribute', '<iq to="&foo;"/>', 'not-well-formed'],
  ['a reference to NUL', '<iq>&#0;</iq>', 'not-well-formed'],
  ['a reference to a control character', '<iq>&#x1;</iq>', 'not-well-formed'],
  ['a reference beyond Unicode', '<iq>&#x110000;</iq>', 'not-well-formed'],
  ['a bare ampersand', '<iq>a & b</iq>', 'not-well-formed'],
  ['a raw control character', '<iq>\u0001</iq>', 'not-well-formed'],
  ['a raw NUL', '<iq>\u0000</iq>', 'not-well-formed'],
  ['a raw NUL in a tag', '<i\u0000q></iq>', 'not-well-formed'],
  ['U+FFFE', '<iq>\ufffe</iq>', 'not-well-formed'],
  ['octets that are not UTF-8', Buffer.from('<iq>\xff\xfe</iq>', 'latin1'), 'not-well-formed'],
  ['an overlong encoding', Buffer.from('<iq>\xc0\xbc</iq>', 'latin1'), 'not-well-formed'],
  ['a lone surrogate', Buffer.from('<iq>\xed\xa0\x80</iq>', 'latin1'), 'not-well-formed'],
  ['UTF-16', Buffer.from('\ufeff<iq/>', 'utf16le'), 'bad-format'],
  ['an undeclared prefix', '<x:iq/>', 'not-well-formed'],
  ['an undeclared prefix on an attribute', '<iq x:to="a"/>', 'not-well-formed'],
  ['a duplicate attribute', '<iq to="a" to="b"/>', 'not-well-formed'],
  ['an unquoted attribute', '<iq to=a/>', 'not-well-formed'],
  ['an attribute without a value', '<iq to/>', 'not-well-formed'],
  ['a "<" in an attribute', '<iq to="<"/>', 'not-well-formed'],
  ['a "<" in a tag', '<iq <iq/>', 'not-well-formed'],
  ['a tag without a name', '<></>', 'not-well-formed'],
  ['a blank for a name', '< iq/>', 'not-well-formed'],
  ['tags that do not match', '<iq><a></b></iq>', 'not-well-formed'],
  ['an end tag of another stanza', '<iq></message>', 'not-well-formed'],
  ['an end tag first', '</iq>', 'not-well-formed'],
  ['the end of a CDATA section in text', '<iq>]]></iq>', 'not-well-formed'],
  ['a CDATA section between stanzas', '<![CDATA[x]]>', 'restricted-xml'],
  ['text between stanzas', 'hello', 'bad-format'],
  [
    'a second header',
    '<stream:stream from="a" to="b" version="1.0" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >',
    'bad-format',
  ],
  ['a second header that is closed', '<stream:stream from="a"/>', 'bad-format'],
  ['a second header without an end', '<stream:stream ', 'bad-format'],
  ['half a keepalive and text', Buffer.from([0xc8, 0x81]), 'bad-format'],
  ['a prefix bound to nothing', '<iq xmlns:x=""/>', 'not-well-formed'],
  ['the prefix xmlns', '<xmlns:iq/>', 'not-well-formed'],
  ['deep nesting', '<a>'.repeat(MAX_STANZA_DEPTH + 1), 'policy-violation'],
  ['very deep nesting', '<a>'.repeat(200_000), 'policy-violation'],
  [
    'many attributes',
    `<iq ${Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
    'policy-violation',
  ],
  ['endless text', `<iq>${'x'.repeat(MAX_STANZA_BYTES)}`, 'policy-violation'],
  ['an endless attribute', `<iq to="${'x'.repeat(MAX_STANZA_BYTES)}`, 'policy-violation'],
  ['an endless name', `<${'x'.repeat(MAX_STANZA_BYTES)}`, 'policy-violation'],
  ['an endless CDATA section', `<iq><![CDATA[${']'.repeat(MAX_STANZA_BYTES)}`, 'policy-violation'],
  ['endless children', `<iq>${'<a/>'.repeat(MAX_STANZA_BYTES / 4)}`, 'policy-violation'],
  ['too many children', `<iq>${'<a/>'.repeat(MAX_STANZA_NODES)}</iq>`, 'policy-violation'],
  ['too many children, and more to come', `<iq>${'<a/>'.repeat(MAX_STANZA_NODES)}`, 'policy-violation'],
  [
    'too many attributes in all',
    `<iq>${'<a b="" c=""/>'.repeat(MAX_STANZA_NODES / 3 + 1)}</iq>`,
    'policy-violation',
  ],
  [
    'too many next hops',
    `<iq type="set" to="x/bgp-peer"><pubsub><publish node="1/1/x"><item><entry><next-hops>${'<next-hop/>'.repeat(MAX_STANZA_NODES)}</next-hops></entry></item></publish></pubsub></iq>`,
    'policy-violation',
  ],
  ['a declaration that is none', '<?xml garbage?><iq/>', 'not-well-formed'],
  ['a declaration without a version', '<?xml encoding="utf-8"?><iq/>', 'not-well-formed'],
  [
    'a declaration of another encoding',
    '<?xml version="1.0" encoding="UTF-16"?><iq/>',
    'unsupported-encoding',
  ],
  ['a character of XML 1.1', '<?xml version="1.1"?><iq>&#1;</iq>', 'not-well-formed'],
  ['a declaration in capitals', '<?XML version="1.0"?><iq/>', 'restricted-xml'],
  ['the prefix xml for another namespace', '<iq xmlns:xml="urn:x"/>', 'not-well-formed'],
  [
    'another prefix for the namespace of xml',
    '<iq xmlns:a="http://www.w3.org/XML/1998/namespace"/>',
    'not-well-formed',
  ],
  [
    'the namespace of xml for everything',
    '<iq xmlns="http://www.w3.org/XML/1998/namespace"/>',
    'not-well-formed',
  ],
  ['a prefix xmlns that is declared', '<iq xmlns:xmlns="urn:x"/>', 'not-well-formed'],
  ['a language twice', '<iq xml:lang="en" xml:lang="de"/>', 'not-well-formed'],
  ['one attribute by two prefixes', '<iq xmlns:a="u" xmlns:b="u" a:x="1" b:x="2"/>', 'not-well-formed'],
  ['a reference to a surrogate', '<iq>&#xD800;</iq>', 'not-well-formed'],
  ['a reference to a pair of surrogates', '<iq>&#xD83D;&#xDE00;</iq>', 'not-well-formed'],
  ['a reference to U+FFFE', '<iq>&#xFFFE;</iq>', 'not-well-formed'],
  ['a negative reference', '<iq>&#-1;</iq>', 'not-well-formed'],
  ['a reference to nothing', '<iq>&#;</iq>', 'not-well-formed'],
  ['a reference with a capital X', '<iq>&#X41;</iq>', 'not-well-formed'],
  ['a reference without an end', '<iq>&amp</iq>', 'not-well-formed'],
  ['a reference that is very long', `<iq>&${'a'.repeat(3000)};</iq>`, 'not-well-formed'],
  ['a NUL in an attribute', '<iq to="\u0000"/>', 'not-well-formed'],
  ['attributes without a blank between them', '<iq a="1"b="2"/>', 'not-well-formed'],
  ['a blank in the end of an empty element', '<iq / ></iq>', 'not-well-formed'],
  ['a digit for a name', '<1q/>', 'not-well-formed'],
  ['two colons in a name', '<a:b:c/>', 'not-well-formed'],
  ['a colon before a name', '<:iq/>', 'not-well-formed'],
  ['a section in small letters', '<iq><![cdata[x]]></iq>', 'restricted-xml'],
  ['a section inside a section', '<iq><![CDATA[<![CDATA[]]>]]></iq>', 'not-well-formed'],
  ['a closing tag with an attribute', '</stream:stream x="y">', 'not-well-formed'],
  ['a closing tag inside a stanza', '<iq></stream:stream>', 'not-well-formed'],
  ['half a character before a tag', Buffer.from('<iq>\xc3</iq>', 'latin1'), 'not-well-formed'],
  ['a character beyond Unicode', Buffer.from('<iq>\xf4\x90\x80\x80</iq>', 'latin1'), 'not-well-formed'],
  ['an overlong slash', Buffer.from('<iq>\xe0\x80\xaf</iq>', 'latin1'), 'not-well-formed'],
  ['a byte order mark', '\ufeff<iq/>', 'bad-format'],
  ['TLS', Buffer.from('16030100a5010000a10303', 'hex'), 'bad-format'],
];

for (const [what, octets, condition] of hostile) {
  t.test(`${what} ends the stream with ${condition}`, async (t) => {
    const { errors, stanzas, stream } = readStream([octets, '<iq type="get"/>']);
    t.equal(errors.length, 1);
    t.equal(errors[0]?.condition, condition);
    t.same(stanzas, [], 'nothing is read behind it');
    t.equal(stream.heldBytes, 0, 'nothing is kept of it');

    const bytes = typeof octets === 'string' ? Buffer.from(octets) : octets;
    if (bytes.length > 4096) return;
    const dripped = readStream([...bytes].map((octet) => Uint8Array.of(octet)));
    t.equal(dripped.condition, condition, 'octet by octet as well');
  });
}

t.test('what is wrong with a stanza is told before the stanza ends', async (t) => {
  const known =
    '<iq type="set" from="a" to="network-control@contrailsystems.com/bgp-peer" id="pubsub1">\n<pubsub ';
  const wrong: [string | Uint8Array, string][] = [
    ['<iq>\u0001', 'not-well-formed'],
    ['<iq>&foo;', 'not-well-formed'],
    ['<iq><x:a>', 'not-well-formed'],
    ['<iq a="1" a="2">', 'not-well-formed'],
    ['<iq><a></b>', 'not-well-formed'],
    ['<iq>]]>', 'not-well-formed'],
    [Buffer.from('<iq>\xff', 'latin1'), 'not-well-formed'],
    [`${known}&`, 'not-well-formed'],
    [`${known}x:a="">`, 'not-well-formed'],
  ];
  for (const [octets, condition] of wrong) {
    t.equal(readStream([octets]).condition, condition, String(octets));
    const bytes = Buffer.from(octets);
    const dripped = readStream(
      [...bytes, ...Buffer.from(' '.repeat(bytes.length))].map((octet) => Uint8Array.of(octet)),
    );
    t.equal(dripped.condition, condition, 'octet by octet as well, once the octets have doubled');
  }
});

t.test('a known stanza torn in many places needs no strict parser', async (t) => {
  const pair = announceStanzas('compute-1', publicInstance, floatingIp, 2);
  for (const size of [1, 7, 100, 1000]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < pair.length; at += size) chunks.push(pair.subarray(at, at + size));
    const { stanzas, stream } = readStream(chunks);
    t.match(stanzas, [{ type: 'publish' }, { type: 'collection' }], `${size} octets a chunk`);
    t.equal(stream.strictStanzas, 0);
  }
});

t.test('a stanza just within every limit is read', async (t) => {
  const attributes = Array.from({ length: MAX_ATTRIBUTES }, (_, i) => `a${i}="1"`).join(' ');
  const deep = `${'<a>'.repeat(MAX_STANZA_DEPTH)}${'</a>'.repeat(MAX_STANZA_DEPTH)}`;
  const long = `<iq>${'x'.repeat(MAX_STANZA_BYTES - '<iq></iq>'.length)}</iq>`;
  const { stanzas, condition } = readStream([`<iq ${attributes}/>`, deep, long]);
  t.equal(condition, undefined);
  t.equal(stanzas.length, 3);
});

t.test('limits are those the stream was given', async (t) => {
  const limits = { ...streamLimits, stanzaBytes: 40, stanzaDepth: 2, attributes: 1 };
  t.equal(readStream([`<iq>${' '.repeat(40)}</iq>`], limits).condition, 'policy-violation');
  t.equal(readStream(['<iq><a><b/><c></c></a></iq>'], limits).condition, 'policy-violation');
  t.equal(readStream(['<iq a="1" b="2"/>'], limits).condition, 'policy-violation');
  const publish = announceStanzas('compute-1', publicInstance, floatingIp, 2);
  t.equal(readStream([publish], limits).condition, 'policy-violation', 'the fast scanner keeps them, too');
});

t.test('custom entities are never expanded', async (t) => {
  const laughs = '<iq to="x/bgp-peer" type="set">&lol9;</iq>';
  t.equal(readStream([laughs]).condition, 'not-well-formed');
});

t.test('attribute names of every object are only text', async (t) => {
  const { stanzas } = readStream([
    '<iq __proto__="x" constructor="y" type="set" to="bgp-peer"><pubsub><subscribe/></pubsub></iq>',
  ]);
  t.same(stanzas, [{ type: 'subscribe', node: '', instanceId: -1, noRibOut: false }]);
});

t.test('a header is refused as soon as it cannot become one', async (t) => {
  const refused: [string, string][] = [
    ['GET / HTTP/1.1\r\n', 'not-well-formed'],
    ['<html>', 'bad-format'],
    ['<stream xmlns="http://etherx.jabber.org/streams" from="a">', 'bad-format'],
    ['<stream:stream from="a" to="b">', 'not-well-formed'],
    ['<stream:stream from="a" xmlns:stream="http://example.org/">', 'invalid-namespace'],
    ['<stream:stream to="b" xmlns:stream="http://etherx.jabber.org/streams">', 'invalid-from'],
    ['<stream:stream from="" xmlns:stream="http://etherx.jabber.org/streams">', 'invalid-from'],
    ['<stream:streams from="a" xmlns:stream="http://etherx.jabber.org/streams">', 'bad-format'],
    ['<stream:stream from="a" xmlns:stream="http://etherx.jabber.org/streams"/>', 'bad-format'],
    ['<!DOCTYPE x>', 'restricted-xml'],
    ['<!-- -->', 'restricted-xml'],
    ['<?php ?>', 'restricted-xml'],
    ['<?xml version="1.0"?><!DOCTYPE x>', 'restricted-xml'],
    ['<?xml version="1.0" encoding="iso-8859-1"?><stream:stream', 'unsupported-encoding'],
    ['<?xml-stylesheet href="x"?><stream:stream', 'restricted-xml'],
    ['<?xml garbage?><stream:stream', 'not-well-formed'],
    ['<?xml version="2.0"?><stream:stream', 'not-well-formed'],
    ['<?xml version="1.0"?><?xml version="1.0"?>', 'restricted-xml'],
    ['\ufeff<stream:stream', 'not-well-formed'],
    [
      `<stream:stream from="${'a'.repeat(256)}" xmlns:stream="http://etherx.jabber.org/streams">`,
      'invalid-from',
    ],
    ['<stream:stream from="  " xmlns:stream="http://etherx.jabber.org/streams">', 'invalid-from'],
    ['<stream:stream from="a&#10;b" xmlns:stream="http://etherx.jabber.org/streams">', 'invalid-from'],
    ['<stream:stream from="a\u202eb" xmlns:stream="http://etherx.jabber.org/streams">', 'invalid-from'],
    ['<stream:stream from="a" from="b" xmlns:stream="http://etherx.jabber.org/streams">', 'not-well-formed'],
    [
      `<stream:stream ${Array.from({ length: MAX_ATTRIBUTES }, (_, i) => `a${i}=""`).join(' ')} from="a" xmlns:stream="http://etherx.jabber.org/streams">`,
      'policy-violation',
    ],
    ['<stream:stream from="a" <', 'not-well-formed'],
    ['<stream:stream from="&evil;" xmlns:stream="http://etherx.jabber.org/streams">', 'not-well-formed'],
    [`<stream:stream from="${'x'.repeat(MAX_HEADER_BYTES)}`, 'policy-violation'],
    [`<?xml ${' '.repeat(MAX_HEADER_BYTES)}`, 'policy-violation'],
    [' '.repeat(MAX_HEADER_BYTES + 1), 'policy-violation'],
  ];
  for (const [octets, condition] of refused) {
    const recorded = recordStream();
    recorded.stream.push(Buffer.from(octets));
    t.equal(recorded.condition, condition, octets.slice(0, 60));
    t.equal(recorded.stream.heldBytes, 0);
  }
});

t.test('what a handler throws ends its own stream only', async (t) => {
  const recorded = recordStream(streamLimits, () => {
    throw new TypeError('a mistake');
  });
  recorded.stream.push(agentHeader);
  recorded.stream.push(Buffer.from('<iq type="get"/>'));
  t.equal(recorded.condition, 'internal-server-error');
  t.match(recorded.errors[0]?.cause, { message: 'a mistake' });
});

t.test('random octets never throw out of push, and end the stream at most once', async (t) => {
  const token = fc.constantFrom(
    '<',
    '>',
    '/',
    '<iq',
    '</iq>',
    '<!',
    '<?xml ',
    '?>',
    '"',
    "'",
    '=',
    '&',
    ';',
    ']]>',
    '<![CDATA[',
    ' ',
    '\u00e9',
    '<message ',
    '<stream:stream ',
  );
  const piece = fc.oneof(
    token.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.boolean(), fc.array(piece, { maxLength: 40 }), (begun, pieces) => {
      const recorded = recordStream();
      if (begun) recorded.stream.push(agentHeader);
      for (const bytes of pieces) recorded.stream.push(bytes);
      return recorded.errors.length <= 1;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

t.test('a conversation with an octet changed is read, or ends in one error', async (t) => {
  fc.assert(
    fc.property(fc.nat(conversation.length - 1), fc.nat(255), (at, octet) => {
      const changed = Buffer.from(conversation);
      changed[at] = octet;
      const recorded = recordStream();
      recorded.stream.push(changed);
      return recorded.errors.length <= 1;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

t.test('a stream stops when its allowance is used up, and goes on from there', async (t) => {
  const recorded = recordStream();
  recorded.stream.push(agentHeader);
  recorded.stream.allowance = 3;
  recorded.stream.push(Buffer.from('<iq type="get"/>'.repeat(10)));
  t.equal(recorded.stanzas.length, 3);
  t.ok(recorded.stream.stalled);
  recorded.stream.allowance = 4;
  recorded.stream.push(Buffer.from('<iq type="result"/>'));
  t.equal(recorded.stanzas.length, 7);
  recorded.stream.allowance = 100;
  recorded.stream.push(Buffer.alloc(0));
  t.equal(recorded.stanzas.length, 11);
  t.notOk(recorded.stream.stalled);
});

t.test('a stanza for the strict parser costs by its size and by its elements and attributes', async (t) => {
  const recorded = recordStream();
  recorded.stream.push(agentHeader);
  recorded.stream.allowance = 1000;
  recorded.stream.push(Buffer.from(`<iq type="get">${' '.repeat(25_600)}</iq>`));
  t.equal(recorded.stream.allowance, 1000 - 101);
  recorded.stream.push(announceStanzas('compute-1', publicInstance, floatingIp, 2));
  t.equal(recorded.stream.allowance, 1000 - 101 - 2);
  recorded.stream.allowance = 1000;
  recorded.stream.push(Buffer.from(`<iq type="get">${'<a b=""/>'.repeat(512)}</iq>`));
  t.equal(recorded.stream.allowance, 1000 - 531, '18 for its octets, 513 for what is in it');
});

t.test('a publish costs as many units as it has routes', async (t) => {
  const recorded = recordStream();
  recorded.stream.push(agentHeader);
  recorded.stream.allowance = 1000;
  const one = announceStanzas('compute-1', publicInstance, floatingIp, 2).toString();
  recorded.stream.push(Buffer.from(one.replace(/<item>.*<\/item>/s, (item) => item.repeat(20))));
  t.equal(recorded.stream.strictStanzas, 0);
  t.equal(recorded.stream.allowance, 1000 - 20 - 1);
});

t.test('octets behind the step that begins TLS are refused', async (t) => {
  const recorded = recordStream(streamLimits, (stanza) => {
    if (stanza.type === 'starttls') recorded.stream.restart();
  });
  recorded.stream.push(agentHeader);
  recorded.stream.push(Buffer.from('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>\n'));
  t.equal(recorded.condition, undefined, 'white space is none');
  recorded.stream.push(agentHeader);
  t.equal(recorded.headers.length, 2);
  recorded.stream.push(Buffer.from('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/><iq type="get"/>'));
  t.equal(recorded.condition, 'policy-violation');
  t.equal(recorded.stanzas.length, 2, 'what came before TLS is not taken for what came inside');
});
