/** The attributes that are one number a decision compares: MULTI_EXIT_DISC, LOCAL_PREF. */
import { type Attribute, exactly, internalOnly, optionalNonTransitive, wellKnown } from './attribute.ts';
import { plainNumber } from './plain.ts';

export const med: Attribute<number, number> = {
  code: 4,
  title: 'MULTI_EXIT_DISC',
  flags: optionalNonTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.4, RFC 7606 §7.4',
  check: exactly(4),
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
  plain: { of: (value) => value, parse: (plain) => plainNumber(plain) },
};

export const localPref: Attribute<number, number> = {
  code: 5,
  title: 'LOCAL_PREF',
  flags: wellKnown,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.5, RFC 7606 §7.5',
  check: internalOnly(exactly(4)),
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
  plain: { of: (value) => value, parse: (plain) => plainNumber(plain) },
};
