/** Addresses and route distinguishers as they stand in typed NLRI. */
import {
  type Reader,
  type Writer,
  Truncated,
  addressText,
  hexText,
  macText,
  parseAddress,
  parseHex,
  parseMac,
  parseRouteDistinguisher,
  routeDistinguisherText,
} from '@vaportrail/net';
import { type Nlri, textField } from './family.ts';

/** Eight octets of a route distinguisher as text. */
export function readRouteDistinguisher(reader: Reader): string {
  const { bytes, at } = reader;
  reader.skip(8);
  return routeDistinguisherText(bytes, at);
}

/** The eight octets of the field `rd`. @throws RangeError when there is no such text */
export function writeRouteDistinguisher(writer: Writer, nlri: Nlri): void {
  writer.bytes(parseRouteDistinguisher(textField(nlri, 'rd')));
}

/** An address of 4 or 16 octets. @throws Truncated for any other number, as for octets that are not there */
export function readAddress(reader: Reader, octets: number): string {
  if (octets !== 4 && octets !== 16) throw new Truncated(reader.at, 4, octets);
  return addressText(reader.slice(octets));
}

/** An address behind its length in bits, `undefined` for none. */
export function readSizedAddress(reader: Reader): string | undefined {
  const bits = reader.u8();
  return bits === 0 ? undefined : readAddress(reader, bits / 8);
}

/** An address with its length in bits in front, 0 without one. */
export function writeSizedAddress(writer: Writer, address: unknown): void {
  const bytes = typeof address === 'string' ? parseAddress(address) : new Uint8Array(0);
  writer.u8(bytes.length * 8).bytes(bytes);
}

/** The octets of an address in a field. @throws RangeError when there is no such text */
export function writeAddress(writer: Writer, nlri: Nlri, field: string): void {
  writer.bytes(parseAddress(textField(nlri, field)));
}

/** Ten octets that name an Ethernet segment, as hexadecimal. @see RFC 7432 §5 */
export function readEsi(reader: Reader): string {
  return hexText(reader.slice(10)).replace(/..(?=.)/g, '$&:');
}

/** The ten octets of the field `esi`. @throws RangeError when they are not ten */
export function writeEsi(writer: Writer, nlri: Nlri): void {
  const esi = parseHex(textField(nlri, 'esi'));
  if (esi.length !== 10) throw new RangeError('an ESI has 10 octets');
  writer.bytes(esi);
}

/** Six octets as `02:00:00:00:00:01`. */
export function readMac(reader: Reader): string {
  return macText(reader.slice(6));
}

/** The six octets of the field `mac`. @throws RangeError when there is no such text */
export function writeMac(writer: Writer, nlri: Nlri): void {
  writer.bytes(parseMac(textField(nlri, 'mac')));
}
