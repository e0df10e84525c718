/** BGP-LS: what an IGP says about the node, link or prefix in the NLRI. */
import { type Attribute, optionalNonTransitive } from './attribute.ts';
import { type PlainTlv, type Tlv, checkTlvs, plainTlvs, readTlvs, writeTlvs } from './tlv.ts';

const form = { typeOctets: 2, lengthOctets: 2 } as const;

/** The TLVs are for other protocols to read. Malformed ones are discarded. @see RFC 9552 §8.2.2 */
export const linkState: Attribute<readonly Tlv[], readonly PlainTlv[]> = {
  code: 29,
  title: 'BGP-LS',
  flags: optionalNonTransitive,
  malformed: 'attribute-discard',
  see: 'RFC 9552 §5.3, §8.2.2',
  check: (bytes, at, end) => checkTlvs(bytes, at, end, form),
  decode: (reader) => readTlvs(reader, form),
  encode: (writer, value) => writeTlvs(writer, value, form),
  plain: plainTlvs,
};
