/** ONLY_TO_CUSTOMER: once set, the route goes to customers only; finds and stops route leaks. */
import { type Attribute, exactly, optionalTransitive } from './attribute.ts';
import { plainNumber } from './plain.ts';

/** The AS number that set it. */
export const onlyToCustomer: Attribute<number, number> = {
  code: 35,
  title: 'ONLY_TO_CUSTOMER',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 9234 §5',
  check: exactly(4),
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
  plain: { of: (value) => value, parse: (plain) => plainNumber(plain) },
};
