/** BGPSEC_PATH: the path of a route, signed by every AS on it; stands in the place of AS_PATH. */
import { type Attribute, type Fault, optionalNonTransitive, wrongLength } from './attribute.ts';
import { plainOctets } from './plain.ts';

/** pCount, flags and AS number. @see RFC 8205 §3.1 */
const SECURE_PATH_SEGMENT = 6;
/** Subject key identifier and length of the signature. @see RFC 8205 §3.2 */
const SIGNATURE_SEGMENT_HEADER = 22;

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

/** Signatures up to `end`, as many as the path has segments. */
function checkSignatures(bytes: Uint8Array, at: number, end: number, segments: number): Fault | undefined {
  let signatures = 0;
  for (; at < end; signatures++) {
    if (end - at < SIGNATURE_SEGMENT_HEADER) return wrongLength('a signature is cut off');
    at += SIGNATURE_SEGMENT_HEADER + u16(bytes, at + SIGNATURE_SEGMENT_HEADER - 2);
  }
  if (at > end) return wrongLength('a signature passes the end of its block');
  if (signatures !== segments) return wrongLength(`${signatures} signatures for ${segments} segments`);
  return undefined;
}

/** The signatures are not verified, only delimited; the value is handed out as octets. */
export const bgpsecPath: Attribute<Uint8Array, string> = {
  code: 33,
  title: 'BGPSEC_PATH',
  flags: optionalNonTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 8205 §3, §5.2',
  check(bytes, at, end) {
    if (end - at < 2) return wrongLength('the secure path is cut off');
    const length = u16(bytes, at);
    const segments = (length - 2) / SECURE_PATH_SEGMENT;
    if (length > end - at || !Number.isInteger(segments) || segments < 1)
      return wrongLength(`a secure path of ${length} octets`);
    let blocks = 0;
    for (at += length; at < end; blocks++) {
      const octets = end - at < 3 ? 0 : u16(bytes, at);
      if (octets < 3 || octets > end - at) return wrongLength('a block of signatures passes the end');
      const fault = checkSignatures(bytes, at + 3, at + octets, segments);
      if (fault !== undefined) return fault;
      at += octets;
    }
    return blocks === 1 || blocks === 2 ? undefined : wrongLength(`${blocks} blocks of signatures`);
  },
  decode: (reader) => reader.slice(reader.remaining),
  encode: (writer, value) => void writer.bytes(value),
  plain: plainOctets,
};
