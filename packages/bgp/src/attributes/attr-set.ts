/** ATTR_SET: the attributes a customer gave a route, carried untouched through the provider's iBGP. */
import { type Attribute, wrongLength, EXTENDED_LENGTH, optionalTransitive } from './attribute.ts';
import { plainNumber, plainOctets, plainRecord } from './plain.ts';

/** What a provider carries of its customer's route. @see RFC 6368 §5 */
export interface AttrSet {
  /** AS of the customer. */
  readonly originAs: number;
  /** The attributes, as they stand in an UPDATE, with AS numbers of four octets. */
  readonly attributes: Uint8Array;
}

/** The set as octets, which get encoded; `named` has its attributes by name. */
export interface PlainAttrSet {
  readonly originAs: number;
  readonly attributes: string;
  readonly named?: Readonly<Record<string, unknown>>;
}

export const attrSet: Attribute<AttrSet, PlainAttrSet> = {
  code: 128,
  title: 'ATTR_SET',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 6368 §5, RFC 7606 §7.16',
  check(bytes, at, end) {
    if (end - at < 4) return wrongLength(`${end - at} octets long instead of at least 4`);
    for (at += 4; at < end;) {
      const extended = (bytes[at]! & EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      if (value > end) return wrongLength('the header of an attribute inside is cut off');
      if (bytes[at + 1] === 14 || bytes[at + 1] === 15) return { subcode: 9, because: 'routes stand inside' };
      at = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
      if (at > end) return wrongLength('an attribute inside passes the end');
    }
    return undefined;
  },
  decode: (reader) => ({ originAs: reader.u32(), attributes: reader.slice(reader.remaining) }),
  encode: (writer, value) => void writer.u32(value.originAs).bytes(value.attributes),
  plain: {
    of: (value) => ({ originAs: value.originAs, attributes: plainOctets.of(value.attributes) }),
    parse(plain) {
      const { originAs, attributes } = plainRecord(plain);
      return { originAs: plainNumber(originAs), attributes: plainOctets.parse(attributes) };
    },
  },
};
