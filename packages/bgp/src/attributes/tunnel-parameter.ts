/** The parameters of a tunnel: what the sub-TLVs of TUNNEL_ENCAP say. */
import { type Reader, addressText, ipv6Text, macText } from '@vaportrail/net';
import type { PlainForm } from './attribute.ts';
import { type PlainTlv, type Tlv, describedTlvs } from './tlv.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  /** Its fields; without it the octets speak for themselves. */
  read?(value: Reader, tunnelType: number): Fields;
}

const VXLAN = 8;
const NVGRE = 9;
const GRE = 2;
const MPLS_IN_GRE = 11;
const COLOR_HEAD = 0x030b;

/** A text behind one reserved octet. */
function text(value: Reader): string {
  value.skip(1);
  return new TextDecoder().decode(value.slice(value.remaining));
}

/** A SID behind flags and a reserved octet: a label stack entry, an IPv6 address, or nothing. @see RFC 9830 §2.4.2 */
function sid(value: Reader): Fields {
  const flags = value.u8();
  value.skip(1);
  if (value.remaining === 4) return { flags, label: value.u32() >>> 12 };
  return value.remaining >= 16 ? { flags, sid: ipv6Text(value.slice(16)) } : { flags };
}

/** A weight, and segments in their order: a label or an SRv6 SID each, or octets. @see RFC 9830 §2.4.4 */
function segmentList(value: Reader): Fields {
  value.skip(1);
  let weight: number | undefined;
  const segments: Fields[] = [];
  while (value.remaining > 0) {
    const type = value.u8();
    const body = value.view(value.u8());
    if (type === 9) {
      body.skip(2);
      weight = body.u32();
    } else if (type === 1) {
      body.skip(2);
      segments.push({ label: body.u32() >>> 12 });
    } else if (type === 13) {
      body.skip(2);
      segments.push({ sid: ipv6Text(body.slice(16)) });
    } else segments.push({ type });
  }
  return { ...(weight === undefined ? {} : { weight }), segments };
}

/** A header's own parameters, by the type of the tunnel. @see RFC 9012 §3.2 */
function encapsulation(value: Reader, tunnelType: number): Fields {
  if (tunnelType === GRE || tunnelType === MPLS_IN_GRE) return { key: value.u32() };
  if (tunnelType !== VXLAN && tunnelType !== NVGRE) return {};
  const flags = value.u8();
  const vni = value.u24();
  const mac = macText(value.slice(6));
  return { ...((flags & 0x80) === 0 ? {} : { vni }), ...((flags & 0x40) === 0 ? {} : { mac }) };
}

/** @see https://www.iana.org/assignments/bgp-tunnel-encapsulation */
const parameters: Readonly<Record<number, Parameter>> = {
  1: { name: 'encapsulation', read: encapsulation },
  2: { name: 'protocol-type', read: (value) => ({ protocol: value.u16() }) },
  3: { name: 'ipsec-authenticator' },
  4: {
    name: 'color',
    read: (value) => (value.u16() === COLOR_HEAD ? { flags: value.u16(), color: value.u32() } : {}),
  },
  5: { name: 'load-balancing-block', read: (value) => ({ octets: value.u16() }) },
  6: {
    name: 'endpoint',
    read(value) {
      value.skip(4);
      const octets = [0, 4, 16][value.u16()];
      if (octets === undefined || value.remaining !== octets) return {};
      return octets === 0 ? {} : { address: addressText(value.slice(octets)) };
    },
  },
  7: { name: 'ds-field', read: (value) => ({ ds: value.u8() }) },
  8: { name: 'udp-port', read: (value) => ({ port: value.u16() }) },
  9: { name: 'embedded-label', read: (value) => ({ handling: value.u8() }) },
  10: {
    name: 'label-stack',
    read(value) {
      const labels: number[] = [];
      while (value.remaining > 0) labels.push(value.u32() >>> 12);
      return { labels };
    },
  },
  11: { name: 'prefix-sid' },
  12: {
    name: 'preference',
    read(value) {
      value.skip(2);
      return { preference: value.u32() };
    },
  },
  13: { name: 'binding-sid', read: sid },
  14: {
    name: 'explicit-null-policy',
    read(value) {
      value.skip(2);
      return { policy: value.u8() };
    },
  },
  15: { name: 'priority', read: (value) => ({ priority: value.u8() }) },
  20: { name: 'srv6-binding-sid', read: sid },
  128: { name: 'segment-list', read: segmentList },
  129: { name: 'candidate-path-name', read: (value) => ({ text: text(value) }) },
  130: { name: 'policy-name', read: (value) => ({ text: text(value) }) },
};

/** Sub-TLVs of a tunnel of a type, with names and fields beside their octets. */
export function subTlvForm(tunnelType: number): PlainForm<readonly Tlv[], readonly PlainTlv[]> {
  return describedTlvs((type, value) => {
    const parameter = parameters[type];
    if (parameter === undefined) return {};
    return { name: parameter.name, ...parameter.read?.(value, tunnelType) };
  });
}
