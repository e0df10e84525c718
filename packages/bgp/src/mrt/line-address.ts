/** Addresses and prefixes as `bgpdump -m` writes them. */
import { ipv4At, ipv4Text, ipv6GroupsText, ipv6Text, parseAddress } from '@vaportrail/net';
import type { FamilyName } from '../families/table.ts';
import { nlriText } from './nlri.ts';
import { u32 } from './record.ts';

/** Text of 4 or 16 octets. A single group of zeros is enough for `::` there, and `::1.2.3.4` is an IPv4 one. */
export function lineAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(ipv4At(bytes, 0));
  const last = u32(bytes, 12);
  if (last > 1 && bytes.subarray(0, 12).every((octet) => octet === 0)) return `::${ipv4Text(last)}`;
  const mapped = ipv6Text(bytes);
  return mapped.includes('.') ? mapped : ipv6GroupsText(bytes, 0, 1);
}

/** An address, or a prefix, given as text in another style. */
export function inLineStyle(text: string): string {
  if (!text.includes(':')) return text;
  const [address, ...length] = text.split('/');
  return [lineAddress(parseAddress(address!)), ...length].join('/');
}

/** The prefix of unicast NLRI with whatever is set behind its length; other NLRI as {@link nlriText} has them. */
export function linePrefix(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): string {
  const octets = unicastOctets[family ?? ''];
  if (octets === undefined || end - at - 1 > octets) return nlriText(family, bytes, at, end, withdrawn);
  const address = new Uint8Array(octets);
  address.set(bytes.subarray(at + 1, end));
  return `${lineAddress(address)}/${bytes[at]}`;
}

const unicastOctets: Readonly<Record<string, number>> = {
  inet: 4,
  'inet-multicast': 4,
  inet6: 16,
  'inet6-multicast': 16,
};
