/** Changes of what peers write on the channel by its grammar: lines, values and tags instead of octets. */
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import { type Dice, mutate } from './mutation.ts';

const LONGEST = 8192;
/** The network of the scenes. */
export const RED = 'default-domain:demo:red:red';

/** Pieces with which XML, or a reader of it, goes wrong. */
const nasty = [
  '<!-- -->',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '<?x?>',
  '<?xml version="1.0"?>',
  '<![CDATA[25]]>',
  ']]>',
  '&amp;',
  '&#x32;',
  '&#0;',
  '&#xD800;',
  '&lol;',
  '<x:y/>',
  '<a xmlns:x="y"><x:b/></a>',
  "'",
  '"',
  '</stream:stream>',
  '<stream:error/>',
  '<stream:stream xmlns:stream="http://etherx.jabber.org/streams">',
  '\u0200',
  '\u0000',
  '\ud7ff',
  '\u{10ffff}',
  '\ufeff',
  '</iq>',
  '<iq type="set"/>',
  '<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>',
  '<item/>',
  '<next-hop/>',
  '<associate/>',
  '/',
  ':',
];
const values = [
  '',
  '0',
  '1',
  '-1',
  '+1',
  '16',
  '1048575',
  '1048576',
  '16777215',
  '16777216',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '1e3',
  '0x10',
  'true',
  'false',
  '10.0.0.1',
  '10.0.0.1/32',
  '10.0.0.1/33',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '::/0',
  '2001:db8::1/128',
  '::ffff:10.0.0.1',
  'ff:ff:ff:ff:ff:ff',
  '00:00:00:00:00:00',
  'gre',
  'vxlan',
  'no-export',
  '64512:1',
  '1-1048575',
  RED,
  MASTER_INSTANCE,
  'constructor',
  '__proto__',
];

type Change = (text: string, dice: Dice, other: string) => string;

/** Changes by the grammar: lines, values and tags instead of octets. */
const changes: readonly Change[] = [
  (text, dice) => inserted(text, dice.roll(text.length + 1), dice.pick(nasty)),
  (text, dice) => replacedOne(text, />[^<>]*</g, dice, () => `>${dice.pick(values)}<`),
  (text, dice) => replacedOne(text, /"[^"]*"/g, dice, () => `"${dice.pick(values)}"`),
  (text, dice) => replacedOne(text, /<\/?[a-z-]+/g, dice, (tag) => `${tag}x`),
  (text, dice) => replacedOne(text, /\n[^\n]*/g, dice, (line) => line.repeat(dice.roll(4))),
  (text, dice) => replacedOne(text, /<iq .*?<\/iq>/gs, dice, (stanza) => stanza.repeat(dice.roll(3))),
  (text, dice) => replacedOne(text, /<item>.*?<\/item>/gs, dice, (item) => item.repeat(dice.roll(4))),
  (text, dice) => replacedOne(text, /<next-hop>.*?<\/next-hop>/gs, dice, (hop) => hop.repeat(dice.roll(3))),
  (text, dice) =>
    text.replaceAll(
      dice.roll(2) === 0 ? 'associate' : 'dissociate',
      dice.roll(2) === 0 ? 'associate' : 'dissociate',
    ),
  (text, dice, other) => inserted(text, dice.roll(text.length + 1), dice.pick(other.split('\n'))),
  (text, _dice, other) => text + other,
];

function inserted(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

/** One of the places that match, chosen by the dice, with another text. */
function replacedOne(text: string, pattern: RegExp, dice: Dice, another: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index, 0: match } = dice.pick(matches);
  return text.slice(0, index) + another(match) + text.slice(index + match.length);
}

/** A new input from one of the corpus, with pieces of another: by the grammar, and now and then by octets as well. */
export function changed(seed: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  let text = Buffer.from(seed).toString('utf8');
  const piece = Buffer.from(other).toString('utf8');
  for (let left = 1 + dice.roll(3); left > 0; left--) text = dice.pick(changes)(text, dice, piece);
  const bytes = new Uint8Array(Buffer.from(text).subarray(0, LONGEST));
  return bytes.length > 0 && dice.roll(4) === 0 ? mutate(bytes, other, dice, LONGEST) : bytes;
}
