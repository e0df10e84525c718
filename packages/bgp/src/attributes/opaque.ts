/** Attributes known by name and flags whose octets only their users read. None of them is ever empty. */
import {
  type Attribute,
  notEmpty,
  optionalNonTransitive,
  optionalTransitive,
  wrongLength,
} from './attribute.ts';
import { plainOctets } from './plain.ts';

function opaque(code: number, title: string, flags: number, see: string): Attribute<Uint8Array, string> {
  return {
    code,
    title,
    flags,
    malformed: 'treat-as-withdraw',
    see,
    check: notEmpty,
    decode: (reader) => reader.slice(reader.remaining),
    encode: (writer, value) => void writer.bytes(value),
    plain: plainOctets,
  };
}

export const connector = opaque(20, 'CONNECTOR', optionalTransitive, 'RFC 6037 §5.2.1');
/** What makes it malformed is for its users to say. @see RFC 7606 §7.13 */
export const trafficEngineering = opaque(24, 'TRAFFIC_ENGINEERING', optionalNonTransitive, 'RFC 5543 §3');
/** Addresses of 4 or 16 octets, each with a label of three. */
export const peDistinguisherLabels: Attribute<Uint8Array, string> = {
  ...opaque(27, 'PE_DISTINGUISHER_LABELS', optionalTransitive, 'RFC 6514 §8'),
  check(bytes, at, end, context) {
    const octets = end - at;
    if (octets % 7 === 0 || octets % 19 === 0) return notEmpty(bytes, at, end, context);
    return wrongLength(`${octets} octets long, a multiple of neither 7 nor 19`);
  },
};
export const serviceFunctionPath = opaque(37, 'SFP', optionalTransitive, 'RFC 9015 §3.2.2');
export const bfdDiscriminator = opaque(38, 'BFD_DISCRIMINATOR', optionalTransitive, 'RFC 9026 §3.1.6');
/** Contrail: edges of a multicast tree. */
export const edgeDiscovery = opaque(241, 'EDGE_DISCOVERY', optionalTransitive, 'Contrail');
export const edgeForwarding = opaque(242, 'EDGE_FORWARDING', optionalTransitive, 'Contrail');
/** Contrail: the virtual networks a route came through, an extended community each. */
export const originVnPath = opaque(243, 'ORIGIN_VN_PATH', optionalTransitive, 'Contrail');
