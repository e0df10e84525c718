/** PMSI_TUNNEL: which tunnel carries the multicast traffic of a VPN. */
import { addressText, labelOf } from '@vaportrail/net';
import { type Attribute, optionalTransitive, wrongLength } from './attribute.ts';
import { plainNumber, plainOctets, plainRecord } from './plain.ts';

/** How a router takes part in the multicast of a VPN. @see RFC 6514 §5 */
export interface PmsiTunnel {
  /** Bit 0: leaf information required. */
  readonly flags: number;
  /** Number of one of {@link tunnelTypes}, or another. */
  readonly type: number;
  /** The 24-bit field: a label in its upper twenty bits, or a VNI. */
  readonly labelField: number;
  readonly identifier: Uint8Array;
}

/** Tunnel types by number: name, and the lengths of the identifier where only some are right. @see RFC 6514 §5 */
const tunnelTypes: Readonly<Record<number, { readonly name: string; readonly octets?: readonly number[] }>> =
  {
    0: { name: 'none', octets: [0] },
    1: { name: 'rsvp-te-p2mp', octets: [12, 24] },
    2: { name: 'mldp-p2mp' },
    3: { name: 'pim-ssm', octets: [8, 32] },
    4: { name: 'pim-sm', octets: [8, 32] },
    5: { name: 'bidir-pim', octets: [8, 32] },
    6: { name: 'ingress-replication', octets: [4, 16] },
    7: { name: 'mldp-mp2mp' },
    /** @see RFC 9574 §4 */
    10: { name: 'assisted-replication', octets: [4, 16] },
  };

/** The addresses in an identifier: of the endpoint alone, or of the root or sender and the group. */
function addresses({ type, identifier }: PmsiTunnel): Readonly<Record<string, string>> {
  const octets = identifier.length;
  if ((type === 6 || type === 10) && (octets === 4 || octets === 16)) {
    return { endpoint: addressText(identifier) };
  }
  if (type < 3 || type > 5 || (octets !== 8 && octets !== 32)) return {};
  const sender = addressText(identifier.subarray(0, octets / 2));
  return { sender, group: addressText(identifier.subarray(octets / 2)) };
}

/** As plain data: `labelField` or `label` gets encoded, names and addresses are there to be read. */
export interface PlainPmsiTunnel {
  readonly flags: number;
  readonly type: number;
  readonly name?: string;
  readonly label?: number;
  readonly labelField?: number;
  readonly endpoint?: string;
  readonly sender?: string;
  readonly group?: string;
  /** Hexadecimal. */
  readonly identifier: string;
}

export const pmsiTunnel: Attribute<PmsiTunnel, PlainPmsiTunnel> = {
  code: 22,
  title: 'PMSI_TUNNEL',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 6514 §5',
  check(bytes, at, end) {
    const octets = end - at - 5;
    if (octets < 0) return wrongLength(`${end - at} octets long instead of at least 5`);
    const { name, octets: right } = tunnelTypes[bytes[at + 1]!] ?? {};
    if (right === undefined || right.includes(octets)) return undefined;
    return wrongLength(`a tunnel of type ${name} with an identifier of ${octets} octets`);
  },
  decode: (reader) => ({
    flags: reader.u8(),
    type: reader.u8(),
    labelField: reader.u24(),
    identifier: reader.slice(reader.remaining),
  }),
  encode: (writer, { flags, type, labelField, identifier }) =>
    void writer.u8(flags).u8(type).u24(labelField).bytes(identifier),
  plain: {
    of(tunnel) {
      const { flags, type, labelField, identifier } = tunnel;
      const name = tunnelTypes[type]?.name;
      return {
        flags,
        type,
        ...(name === undefined ? {} : { name }),
        label: labelOf(labelField),
        labelField,
        ...addresses(tunnel),
        identifier: plainOctets.of(identifier),
      };
    },
    parse(plain) {
      const { flags, type, label, labelField, identifier } = plainRecord(plain);
      return {
        flags: plainNumber(flags, 0xff),
        type: plainNumber(type, 0xff),
        labelField:
          labelField === undefined ? plainNumber(label, 0xf_ffff) << 4 : plainNumber(labelField, 0xff_ffff),
        identifier: plainOctets.parse(identifier),
      };
    },
  },
};
