/** ORIGIN: how the route got into BGP. */
import { type Attribute, wellKnown, wrongLength } from './attribute.ts';

/** By value on the wire, most preferred first. */
export const origins = ['igp', 'egp', 'incomplete'] as const;
/** One of {@link origins}. */
export type Origin = (typeof origins)[number];

export const origin: Attribute<Origin, Origin> = {
  code: 1,
  title: 'ORIGIN',
  flags: wellKnown,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.1, RFC 7606 §7.1',
  check(bytes, at, end) {
    if (end - at !== 1) return wrongLength(`${end - at} octets long instead of 1`);
    if (bytes[at]! < origins.length) return undefined;
    return { subcode: 6, because: `value ${bytes[at]} is undefined` };
  },
  decode: (reader) => origins[reader.u8()] ?? 'incomplete',
  encode: (writer, value) => void writer.u8(origins.indexOf(value)),
  plain: {
    of: (value) => value,
    parse(plain) {
      const value = origins.find((name) => name === plain);
      if (value === undefined) throw new RangeError(`${JSON.stringify(plain)} is not an origin`);
      return value;
    },
  },
};
