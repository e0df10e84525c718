/** Type-length-value lists inside attributes, kept as octets. */
import { Reader, Truncated, type Writer } from '@vaportrail/net';
import type { Approach } from '../wire/update-problem.ts';
import { type Fault, type PlainForm, wrongLength } from './attribute.ts';
import { plainItems, plainNumber, plainOctets, plainRecord } from './plain.ts';

/** A type, and as many octets as its length says. */
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

type Visit = (type: number, at: number, end: number) => Fault | undefined;

/**
 * Walks the list; calls `visit` with each type and value range until it finds a fault. `overrun` may say what it means
 * when the value of a type passes the end.
 */
export function checkTlvs(
  bytes: Uint8Array,
  start: number,
  end: number,
  { typeOctets, lengthOctets, lengthCountsHeader }: TlvForm,
  visit?: Visit,
  overrun?: (type: number) => Approach | undefined,
): Fault | undefined {
  const header = typeOctets + lengthOctets;
  for (let at = start; at < end;) {
    if (end - at < header) return wrongLength('the header of a TLV is cut off');
    const type = field(bytes, at, typeOctets);
    let length = field(bytes, at + typeOctets, lengthOctets);
    if (lengthCountsHeader === true) length -= header;
    if (length < 0 || length > end - at - header) {
      const fault = wrongLength(`TLV ${type} passes the end`);
      const approach = overrun?.(type);
      return approach === undefined ? fault : { ...fault, approach };
    }
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

/** Writes TLVs one behind the other. */
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

/** A TLV as plain data: its value in hexadecimal, and beside it what that means, where it is known. */
export interface PlainTlv {
  readonly type: number;
  readonly value: string;
  readonly [meaning: string]: unknown;
}

/** What is known about the value of a TLV, for people: `{}` when nothing is. Must not fail on any octets. */
export type DescribeTlv = (type: number, value: Reader) => Readonly<Record<string, unknown>>;

/** TLVs with their values in hexadecimal, which is what gets encoded again, and beside that what they mean. */
export function describedTlvs(describe: DescribeTlv): PlainForm<readonly Tlv[], readonly PlainTlv[]> {
  return plainItems<Tlv, PlainTlv>(
    ({ type, value }) => ({ type, ...described(describe, type, value), value: plainOctets.of(value) }),
    (plain) => {
      const { type, value } = plainRecord(plain);
      return { type: plainNumber(type, 0xffff), value: plainOctets.parse(value) };
    },
  );
}

/** The fields of a value; none when it is shorter than its type wants it. */
function described(describe: DescribeTlv, type: number, value: Uint8Array): object {
  try {
    return describe(type, new Reader(value));
  } catch (error) {
    if (error instanceof Truncated) return {};
    throw error;
  }
}

/** TLVs with their values in hexadecimal. */
export const plainTlvs = describedTlvs(() => ({}));
