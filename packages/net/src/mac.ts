/** Ethernet addresses: six octets, written `02:30:51:c0:fc:9e`. */
import { hexText } from './bytes.ts';

/** The six octets at `at` as `02:30:51:c0:fc:9e`. */
export function macText(bytes: Uint8Array, at = 0): string {
  return hexText(bytes, at, at + 6).replace(/..(?=.)/g, '$&:');
}

/** @throws RangeError when the text is not six hexadecimal octets joined by `:` or `-` */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text))
    throw new RangeError(`"${text}" is not a MAC address`);
  return Uint8Array.from(text.split(/[:-]/), (octet) => Number.parseInt(octet, 16));
}
