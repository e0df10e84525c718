/** TUNNEL_ENCAP: the tunnels that lead to the next hop of a route, each with its parameters. */
import { type Attribute, optionalTransitive, wrongLength } from './attribute.ts';
import { tunnelName } from './extended-community-kinds.ts';
import { plainItems, plainNumber, plainRecord } from './plain.ts';
import { type PlainTlv, type Tlv, checkTlvs, plainTlvs, writeTlvs } from './tlv.ts';
import { subTlvForm } from './tunnel-parameter.ts';

/** One tunnel; its sub-TLVs have a length of two octets from type 128 on. @see RFC 9012 §3.1 */
export interface Tunnel {
  readonly type: number;
  readonly subTlvs: readonly Tlv[];
}

const tunnelForm = { typeOctets: 2, lengthOctets: 2 } as const;

/** As plain data; its name is there to be read. */
export interface PlainTunnel {
  readonly type: number;
  readonly name?: string;
  readonly subTlvs: readonly PlainTlv[];
}

export const tunnelEncapsulation: Attribute<readonly Tunnel[], readonly PlainTunnel[]> = {
  code: 23,
  title: 'TUNNEL_ENCAP',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 9012 §2, §13',
  check(bytes, at, end) {
    if (at === end) return wrongLength('no tunnel');
    return checkTlvs(bytes, at, end, tunnelForm, (_type, from, to) => {
      while (from < to) {
        const header = bytes[from]! < 128 ? 2 : 3;
        if (to - from < header) return wrongLength('the header of a sub-TLV is cut off');
        const length = header === 2 ? bytes[from + 1]! : (bytes[from + 1]! << 8) | bytes[from + 2]!;
        if (length > to - from - header)
          return wrongLength(`sub-TLV ${bytes[from]} passes the end of its tunnel`);
        from += header + length;
      }
      return undefined;
    });
  },
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
  plain: plainItems<Tunnel, PlainTunnel>(
    ({ type, subTlvs }) => {
      const name = tunnelName(type);
      const described = subTlvForm(type).of(subTlvs);
      return { type, ...(name === undefined ? {} : { name }), subTlvs: described };
    },
    (plain) => {
      const { type, subTlvs } = plainRecord(plain);
      return { type: plainNumber(type, 0xffff), subTlvs: plainTlvs.parse(subTlvs) };
    },
  ),
};
