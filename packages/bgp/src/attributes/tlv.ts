/** Type-length-value lists inside attributes, kept as octets. */
import { type Reader, type Writer } from '@vaportrail/net';
import { type Attribute, type Fault, wrongLength } from './attribute.ts';
import { plainItems, plainNumber, plainOctets, plainRecord } from './plain.ts';

export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** How a list writes its headers: octets of type and length, and whether the length counts the header. */
export interface TlvForm {
  readonly typeOctets: 1 | 2;
  readonly lengthOctets: 1 | 2;
  readonly lengthCountsHeader?: boolean;
}

const field = (bytes: Uint8Array, at: number, octets: 1 | 2): number =>
  octets === 1 ? bytes[at]! : (bytes[at]! << 8) | bytes[at + 1]!;

/** Walks the list; calls `visit` with each type and value range until it finds a fault. */
export function checkTlvs(
  bytes: Uint8Array,
  start: number,
  end: number,
  { typeOctets, lengthOctets, lengthCountsHeader }: TlvForm,
  visit?: (type: number, at: number, end: number) => Fault | undefined,
): Fault | undefined {
  const header = typeOctets + lengthOctets;
  for (let at = start; at < end;) {
    if (end - at < header) return wrongLength('the header of a TLV is cut off');
    const type = field(bytes, at, typeOctets);
    let length = field(bytes, at + typeOctets, lengthOctets);
    if (lengthCountsHeader === true) length -= header;
    if (length < 0 || length > end - at - header) return wrongLength(`TLV ${type} passes the end`);
    const fault = visit?.(type, at + header, at + header + length);
    if (fault !== undefined) return fault;
    at += header + length;
  }
  return undefined;
}

/** All TLVs up to the end of the reader, their values as views. */
export function readTlvs(reader: Reader, { typeOctets, lengthOctets, lengthCountsHeader }: TlvForm): Tlv[] {
  const tlvs: Tlv[] = [];
  const header = lengthCountsHeader === true ? typeOctets + lengthOctets : 0;
  while (reader.remaining > 0) {
    const type = typeOctets === 1 ? reader.u8() : reader.u16();
    const length = (lengthOctets === 1 ? reader.u8() : reader.u16()) - header;
    tlvs.push({ type, value: reader.slice(Math.max(0, length)) });
  }
  return tlvs;
}

export function writeTlvs(writer: Writer, tlvs: readonly Tlv[], form: TlvForm): void {
  for (const { type, value } of tlvs) {
    if (form.typeOctets === 1) writer.u8(type);
    else writer.u16(type);
    const length =
      value.length + (form.lengthCountsHeader === true ? form.typeOctets + form.lengthOctets : 0);
    if (form.lengthOctets === 1) writer.u8(length);
    else writer.u16(length);
    writer.bytes(value);
  }
}

/** TLVs with their values in hexadecimal. */
export const plainTlvs = plainItems<Tlv>(
  ({ type, value }) => ({ type, value: plainOctets.of(value) }),
  (plain) => {
    const { type, value } = plainRecord(plain);
    return { type: plainNumber(type, 0xffff), value: plainOctets.parse(value) };
  },
);

type TlvRow = Pick<Attribute<readonly Tlv[]>, 'code' | 'title' | 'flags' | 'malformed' | 'see'> & {
  readonly form: TlvForm;
  readonly wrongFlags?: Attribute<unknown>['malformed'];
  readonly visit?: Parameters<typeof checkTlvs>[4];
};

/** An attribute row whose value is a list of TLVs. */
export function tlvAttribute({ form, visit, ...row }: TlvRow): Attribute<readonly Tlv[]> {
  return {
    ...row,
    check: (bytes, at, end) => checkTlvs(bytes, at, end, form, visit),
    decode: (reader) => readTlvs(reader, form),
    encode: (writer, value) => writeTlvs(writer, value, form),
    plain: plainTlvs,
  };
}
