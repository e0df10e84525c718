/** PREFIX_SID and the BGP-LS attribute: TLVs whose contents other protocols define. */
import { optionalNonTransitive, optionalTransitive, wrongLength } from './attribute.ts';
import { tlvAttribute } from './tlv.ts';

const LABEL_INDEX_TLV = 1;
const ORIGINATOR_SRGB_TLV = 3;

/** Segment identifiers of a prefix: label index, SRGB, SRv6 services. */
export const prefixSid = tlvAttribute({
  code: 40,
  title: 'PREFIX_SID',
  flags: optionalTransitive,
  malformed: 'attribute-discard',
  wrongFlags: 'attribute-discard',
  see: 'RFC 8669 §3, §6, RFC 9252 §2',
  form: { typeOctets: 1, lengthOctets: 2 },
  visit: (type, at, end) => {
    const length = end - at;
    if (type === LABEL_INDEX_TLV && length !== 7) return wrongLength(`a label index TLV of ${length} octets`);
    if (type === ORIGINATOR_SRGB_TLV && (length < 8 || (length - 2) % 6 !== 0)) {
      return wrongLength(`an originator SRGB TLV of ${length} octets`);
    }
    return undefined;
  },
});

/** Attributes of the node, link or prefix in the NLRI. Malformed ones are discarded. @see RFC 9552 §8.2.2 */
export const linkState = tlvAttribute({
  code: 29,
  title: 'BGP-LS',
  flags: optionalNonTransitive,
  malformed: 'attribute-discard',
  see: 'RFC 9552 §5.3, §8.2.2',
  form: { typeOctets: 2, lengthOctets: 2 },
});
