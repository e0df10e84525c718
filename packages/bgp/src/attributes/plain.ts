/** Checks on plain data that is to become attribute values. */
import { hexText, ipv4Text, parseHex, parseIpv4 } from '@vaportrail/net';
import type { PlainForm } from './attribute.ts';

/** An unsigned number. @throws RangeError for anything else */
export function plainNumber(plain: unknown, limit = 0xffff_ffff): number {
  if (typeof plain === 'number' && Number.isInteger(plain) && plain >= 0 && plain <= limit) return plain;
  throw new RangeError(`${JSON.stringify(plain)} is not a number from 0 to ${limit}`);
}

/** @throws RangeError for anything but text */
export function plainText(plain: unknown): string {
  if (typeof plain === 'string') return plain;
  throw new RangeError(`${JSON.stringify(plain)} is not text`);
}

/** @throws RangeError for anything but a list */
export function plainList(plain: unknown): readonly unknown[] {
  if (Array.isArray(plain)) return plain;
  throw new RangeError(`${JSON.stringify(plain)} is not a list`);
}

/** @throws RangeError for anything but an object */
export function plainRecord(plain: unknown): Readonly<Record<string, unknown>> {
  if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return { ...plain };
  throw new RangeError(`${JSON.stringify(plain)} is not an object`);
}

/** Octets as hexadecimal. */
export const plainOctets: PlainForm<Uint8Array, string> = {
  of: (octets) => hexText(octets),
  parse: (plain) => parseHex(plainText(plain)),
};

/** IPv4 address as text. */
export const plainIpv4: PlainForm<number, string> = {
  of: (address) => ipv4Text(address),
  parse: (plain) => parseIpv4(plainText(plain)),
};

/** Items of a list, one by one. */
export function plainItems<T, P>(
  of: (item: T) => P,
  parse: (plain: unknown) => T,
): PlainForm<readonly T[], readonly P[]> {
  return { of: (list) => list.map(of), parse: (plain) => plainList(plain).map(parse) };
}
