/** ATOMIC_AGGREGATE, AGGREGATOR and AS4_AGGREGATOR: who made an aggregate, and that it lost AS numbers. */
import {
  type Attribute,
  type Fault,
  type PlainForm,
  exactly,
  isZeroAs,
  twoOctetOnly,
  optionalTransitive,
  wellKnown,
  wrongLength,
} from './attribute.ts';
import { updateSubcode } from '../wire/notification.ts';
import { AS_TRANS } from '../wire/open.ts';
import { plainIpv4, plainNumber, plainRecord } from './plain.ts';

/** The last AS that aggregated a route, and its router. @see RFC 4271 §5.1.7 */
export interface Aggregator {
  readonly asn: number;
  /** IPv4 address as an unsigned number. */
  readonly address: number;
}

/** The same with its address as text. */
export interface PlainAggregator {
  readonly asn: number;
  readonly address: string;
}

const plainAggregator: PlainForm<Aggregator, PlainAggregator> = {
  of: ({ asn, address }) => ({ asn, address: plainIpv4.of(address) }),
  parse(plain) {
    const { asn, address } = plainRecord(plain);
    return { asn: plainNumber(asn), address: plainIpv4.parse(address) };
  },
};

/** An AS number of so many octets, not 0, and an address. @see RFC 7606 §7.7, RFC 7607 §2 */
function checkAggregator(bytes: Uint8Array, at: number, end: number, octets: number): Fault | undefined {
  if (end - at !== octets + 4) return wrongLength(`${end - at} octets long instead of ${octets + 4}`);
  return isZeroAs(bytes, at, octets)
    ? { subcode: updateSubcode.optionalAttribute, because: 'AS 0' }
    : undefined;
}

export const atomicAggregate: Attribute<true, true> = {
  code: 6,
  title: 'ATOMIC_AGGREGATE',
  flags: wellKnown,
  malformed: 'attribute-discard',
  see: 'RFC 4271 §5.1.6, RFC 7606 §7.6',
  check: exactly(0),
  decode: () => true,
  encode: () => {},
  plain: {
    of: (value) => value,
    parse(plain) {
      if (plain !== true) throw new RangeError('an atomic aggregate is true or absent');
      return true;
    },
  },
};

export const aggregator: Attribute<Aggregator, PlainAggregator> = {
  code: 7,
  title: 'AGGREGATOR',
  flags: optionalTransitive,
  malformed: 'attribute-discard',
  see: 'RFC 4271 §5.1.7, RFC 6793 §4.1, RFC 7606 §7.7, RFC 7607 §2',
  check: (bytes, at, end, { asn4 }) => checkAggregator(bytes, at, end, asn4 ? 4 : 2),
  decode: (reader, { asn4 }) => ({ asn: asn4 ? reader.u32() : reader.u16(), address: reader.u32() }),
  encode(writer, { asn, address }, { asn4 }) {
    if (asn4) writer.u32(asn);
    else writer.u16(asn > 0xffff ? AS_TRANS : asn);
    writer.u32(address);
  },
  plain: plainAggregator,
};

export const as4Aggregator: Attribute<Aggregator, PlainAggregator> = {
  code: 18,
  title: 'AS4_AGGREGATOR',
  flags: optionalTransitive,
  malformed: 'attribute-discard',
  see: 'RFC 6793 §3, §6',
  check: twoOctetOnly((bytes, at, end) => checkAggregator(bytes, at, end, 4)),
  decode: (reader) => ({ asn: reader.u32(), address: reader.u32() }),
  encode: (writer, { asn, address }) => void writer.u32(asn).u32(address),
  plain: plainAggregator,
};
