/** PMSI_TUNNEL and TUNNEL_ENCAP: which tunnel carries the traffic of a route. */
import { type Attribute, optionalTransitive, wrongLength } from './attribute.ts';
import { plainItems, plainNumber, plainOctets, plainRecord } from './plain.ts';
import { type Tlv, checkTlvs, plainTlvs, writeTlvs } from './tlv.ts';

export interface PmsiTunnel {
  /** Bit 0: leaf information required. */
  readonly flags: number;
  /** 0 none, 1 RSVP-TE P2MP, 2 mLDP P2MP, 3 PIM-SSM, 4 PIM-SM, 5 BIDIR-PIM, 6 ingress replication, 7 mLDP MP2MP. */
  readonly type: number;
  /** The 24-bit field: a label in its upper twenty bits, or a VNI. */
  readonly labelField: number;
  readonly identifier: Uint8Array;
}

/** Length of the tunnel identifier by type, where there is only one. */
const identifierOctets: Readonly<Record<number, readonly number[]>> = { 0: [0], 6: [4, 16] };

export const pmsiTunnel: Attribute<PmsiTunnel> = {
  code: 22,
  title: 'PMSI_TUNNEL',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 6514 §5',
  check(bytes, at, end) {
    if (end - at < 5) return wrongLength(`${end - at} octets long instead of at least 5`);
    const octets = identifierOctets[bytes[at + 1]!];
    if (octets === undefined || octets.includes(end - at - 5)) return undefined;
    return wrongLength(`a tunnel of type ${bytes[at + 1]} with an identifier of ${end - at - 5} octets`);
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
    of: ({ flags, type, labelField, identifier }) => ({
      flags,
      type,
      label: labelField >>> 4,
      labelField,
      identifier: plainOctets.of(identifier),
    }),
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

/** One tunnel; its sub-TLVs have a length of two octets from type 128 on. @see RFC 9012 §3.1 */
export interface Tunnel {
  readonly type: number;
  readonly subTlvs: readonly Tlv[];
}

const tunnelForm = { typeOctets: 2, lengthOctets: 2 } as const;

export const tunnelEncapsulation: Attribute<readonly Tunnel[]> = {
  code: 23,
  title: 'TUNNEL_ENCAP',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 9012 §2, §13',
  check: (bytes, at, end) =>
    checkTlvs(bytes, at, end, tunnelForm, (_type, from, to) => {
      while (from < to) {
        const header = bytes[from]! < 128 ? 2 : 3;
        if (to - from < header) return wrongLength('the header of a sub-TLV is cut off');
        const length = header === 2 ? bytes[from + 1]! : (bytes[from + 1]! << 8) | bytes[from + 2]!;
        if (length > to - from - header)
          return wrongLength(`sub-TLV ${bytes[from]} passes the end of its tunnel`);
        from += header + length;
      }
      return undefined;
    }),
  decode(reader) {
    const tunnels: Tunnel[] = [];
    while (reader.remaining > 0) {
      const type = reader.u16();
      const inner = reader.view(reader.u16());
      const subTlvs: Tlv[] = [];
      while (inner.remaining > 0) {
        const subType = inner.u8();
        subTlvs.push({ type: subType, value: inner.slice(subType < 128 ? inner.u8() : inner.u16()) });
      }
      tunnels.push({ type, subTlvs });
    }
    return tunnels;
  },
  encode(writer, value) {
    for (const { type, subTlvs } of value) {
      writer.u16(type).length16((inner) => {
        for (const sub of subTlvs) {
          writeTlvs(inner, [sub], { typeOctets: 1, lengthOctets: sub.type < 128 ? 1 : 2 });
        }
      });
    }
  },
  plain: plainItems<Tunnel>(
    ({ type, subTlvs }) => ({ type, subTlvs: plainTlvs.of(subTlvs) }),
    (plain) => {
      const { type, subTlvs } = plainRecord(plain);
      return { type: plainNumber(type, 0xffff), subTlvs: plainTlvs.parse(subTlvs) };
    },
  ),
};
