/** What hostile agents write to a control node, row by row, and what it says before it closes the connection. */

/** The control node closes with this condition, or it lives with what came. */
type Outcome = 'lives' | 'closes' | { readonly condition: string };

export interface HostileStream {
  readonly what: string;
  readonly octets: string | Uint8Array;
  readonly outcome: Outcome;
}

export const HEADER =
  '<stream:stream from="hostile" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >';

const iq = (inside: string): string =>
  `<iq type="set" from="hostile" to="network-control@contrailsystems.com/bgp-peer"><pubsub xmlns="http://jabber.org/protocol/pubsub">${inside}</pubsub></iq>`;
export const subscribeTo = (instance: string): string =>
  iq(`<subscribe node="${instance}"><options><instance-id>666</instance-id></options></subscribe>`);

function item(prefix: string, hop: string, more = ''): string {
  const [af] = prefix.includes(':') ? [2] : [1];
  return `<item><entry><nlri><af>${af}</af><safi>1</safi><address>${prefix}</address></nlri><next-hops><next-hop>${hop}</next-hop></next-hops>${more}</entry></item>`;
}
const hop = '<af>1</af><address>10.66.6.6</address><label>666</label>';

function publish(instance: string, items: string, action = 'associate'): string {
  const node = `1/1/${instance}/x`;
  return (
    iq(`<publish node="${node}">${items}</publish>`) +
    iq(`<collection node="${instance}"><${action} node="${node}"/></collection>`)
  );
}

const refused = (condition: string) => ({ condition });
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

/** Streams for a control node that has `instance`, and `fip` in it from somebody else. */
export function hostileStreams(instance: string, fip: string): readonly HostileStream[] {
  const bad = (what: string, octets: string | Uint8Array, condition: string): HostileStream => ({
    what,
    octets: Buffer.concat([Buffer.from(HEADER), typeof octets === 'string' ? Buffer.from(octets) : octets]),
    outcome: refused(condition),
  });
  const first = (what: string, octets: string | Uint8Array, condition: string): HostileStream => ({
    what,
    octets,
    outcome: refused(condition),
  });
  const dropped = (what: string, text: string): HostileStream => ({
    what,
    octets: HEADER + subscribeTo(instance) + text,
    outcome: 'lives',
  });
  return [
    // before the header, and instead of it
    first('HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'not-well-formed'),
    first('TLS without STARTTLS', Buffer.from('16030100a5010000a10303', 'hex'), 'not-well-formed'),
    first('a BGP header', Buffer.alloc(19, 0xff), 'not-well-formed'),
    first('a stanza first', subscribeTo(instance) + HEADER, 'bad-format'),
    first('UTF-16', Buffer.from(HEADER, 'utf16le'), 'bad-format'),
    first('a byte order mark', `\ufeff${HEADER}`, 'not-well-formed'),
    first(
      'a declaration of UTF-16',
      `<?xml version="1.0" encoding="UTF-16"?>${HEADER}`,
      'unsupported-encoding',
    ),
    first('a style sheet', `<?xml-stylesheet href="http://127.0.0.1/"?>${HEADER}`, 'restricted-xml'),
    first('a comment', `<!-- -->${HEADER}`, 'restricted-xml'),
    first('laughs', `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>${HEADER}`, 'restricted-xml'),
    first('a file', `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${HEADER}`, 'restricted-xml'),
    first('a header of a megabyte', `<stream:stream from="${'x'.repeat(1 << 20)}`, 'policy-violation'),
    first('a name of 3,000 characters', HEADER.replace('hostile', 'x'.repeat(3000)), 'invalid-from'),
    first('a name with a line break', HEADER.replace('hostile', 'a&#10;b'), 'invalid-from'),
    first('no name', HEADER.replace('from="hostile"', ''), 'invalid-from'),
    first('two names', HEADER.replace('from="hostile"', 'from="hostile" from="agent"'), 'not-well-formed'),
    first("the honest agent's name", HEADER.replace('hostile', 'agent'), 'conflict'),
    first('another namespace', HEADER.replace('etherx.jabber.org', 'example.org'), 'invalid-namespace'),
    // the form of stanzas
    bad('a DOCTYPE', '<!DOCTYPE x>', 'restricted-xml'),
    bad('a comment between stanzas', '<!-- -->', 'restricted-xml'),
    bad('a comment inside a stanza', '<iq type="set"><!-- --></iq>', 'restricted-xml'),
    bad('a processing instruction', '<?php system("id"); ?>', 'restricted-xml'),
    bad('a section between stanzas', '<![CDATA[<iq/>]]>', 'restricted-xml'),
    bad('an entity of its own', '<iq to="&l9;"/>', 'not-well-formed'),
    bad('a reference to NUL', '<iq>&#0;</iq>', 'not-well-formed'),
    bad('a reference to a surrogate', '<iq>&#xD800;</iq>', 'not-well-formed'),
    bad('a NUL', '<iq>\u0000</iq>', 'not-well-formed'),
    bad('an overlong "<"', latin1('<iq>\xc0\xbc</iq>'), 'not-well-formed'),
    bad('half a character', latin1('<iq>\xe2\x82</iq>'), 'not-well-formed'),
    bad('an undeclared prefix', '<x:iq/>', 'not-well-formed'),
    bad('an undeclared prefix of an attribute', '<iq x:type="set"/>', 'not-well-formed'),
    bad('xml for another namespace', '<iq xmlns:xml="urn:x"/>', 'not-well-formed'),
    bad('an attribute twice', '<iq type="set" type="get"/>', 'not-well-formed'),
    bad(
      'an attribute twice by two prefixes',
      '<iq xmlns:a="u" xmlns:b="u" a:x="" b:x=""/>',
      'not-well-formed',
    ),
    bad('tags that cross', '<iq><a><b></a></b></iq>', 'not-well-formed'),
    bad('text between stanzas', 'hello', 'bad-format'),
    // sizes
    bad('a stanza without end', `<iq>${'x'.repeat(1 << 20)}`, 'policy-violation'),
    bad('deep nesting', '<a>'.repeat(100_000), 'policy-violation'),
    bad(
      'many attributes',
      `<iq ${Array.from({ length: 40 }, (_, i) => `a${i}=""`).join(' ')}/>`,
      'policy-violation',
    ),
    bad('many elements', `<iq>${'<a/>'.repeat(60_000)}</iq>`, 'policy-violation'),
    bad(
      'many names',
      `<iq>${Array.from({ length: 20_000 }, (_, i) => `<e${i}/>`).join('')}</iq>`,
      'policy-violation',
    ),
    bad('a name without end', `<${'x'.repeat(1 << 19)}`, 'policy-violation'),
    bad(
      'many next hops',
      publish(instance, item(fip, `${hop}</next-hop>${'<next-hop/>'.repeat(20_000)}<next-hop>`)),
      'policy-violation',
    ),
    // the order of things
    bad('a second header', HEADER, 'bad-format'),
    bad("a second header in the honest agent's name", HEADER.replace('hostile', 'agent'), 'bad-format'),
    bad(
      'TLS that was not offered',
      '<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>',
      'policy-violation',
    ),
    bad(
      'TLS that was not asked for',
      '<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>',
      'policy-violation',
    ),
    bad('features', '<stream:features/>', 'policy-violation'),
    bad('a second subscribe', subscribeTo(instance).repeat(2), 'policy-violation'),
    bad('an unsubscribe out of nowhere', iq(`<unsubscribe node="${instance}"/>`), 'policy-violation'),
    bad('a route without a subscription', publish(instance, item(fip, hop)), 'policy-violation'),
    bad(
      'a withdrawal without a subscription',
      publish(instance, item(fip, hop), 'dissociate'),
      'policy-violation',
    ),
    {
      what: 'the end of the stream, and more',
      octets: `${HEADER}</stream:stream></stream:stream>${subscribeTo(instance)}${publish(instance, item(fip, hop))}`,
      outcome: 'closes',
    },
    {
      what: 'an error, and more',
      octets: `${HEADER}<stream:error><conflict/></stream:error>${subscribeTo(instance)}${publish(instance, item(fip, hop))}`,
      outcome: 'closes',
    },
    // what is dropped
    dropped("a withdrawal of somebody else's route", publish(instance, item(fip, hop), 'dissociate')),
    dropped(
      'a route without a label',
      publish(instance, item(fip, '<af>1</af><address>10.66.6.6</address>')),
    ),
    dropped('a route to nowhere', publish(instance, item(fip, hop.replace('10.66.6.6', '0.0.0.0')))),
    dropped('a label that is too large', publish(instance, item(fip, hop.replace('666<', '16777216<')))),
    dropped('a label that is none', publish(instance, item(fip, hop.replace('666<', 'NaN<')))),
    dropped('a negative label', publish(instance, item(fip, hop.replace('666<', '-1<')))),
    dropped('a prefix that is none', publish(instance, item('101.101.101.252/33', hop))),
    dropped('a prefix of another family', publish(instance, item('2001:db8::1/128', hop))),
    dropped(
      'a preference that is none',
      publish(instance, item(fip, hop, '<local-preference>all</local-preference>')),
    ),
    dropped('an unreadable item elsewhere', publish('a:b:c:c', item('x', hop))),
    dropped(
      'in the name of the honest agent',
      publish(instance, item(fip, hop), 'dissociate').replaceAll('from="hostile"', 'from="agent"'),
    ),
    dropped(
      'a collection of nothing',
      iq(`<collection node="${instance}"><associate node="x"/></collection>`),
    ),
    dropped(
      'items, as if it were a control node',
      `<message to="agent/bgp-peer"><event><items node="1/1/${instance}"><retract id="${fip}"/></items></event></message>`,
    ),
    dropped('an End-of-RIB', `<message to="x/bgp-peer"/>${iq('<publish/>')}${iq('<collection/>')}`),
    dropped(
      'configuration',
      `<iq type="set" to="x/config"><config><delete><node type="virtual-router"><name>x</name></node></delete></config></iq>`,
    ),
    dropped(
      'names of every object',
      publish(instance, '<item __proto__="a" constructor="b"><__proto__/><entry><toString/></entry></item>'),
    ),
    dropped('nothing of use', '<presence/><iq type="get"/><message/><iq type="set" to="dns-peer"/>'),
  ];
}
