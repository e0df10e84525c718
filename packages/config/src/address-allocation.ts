/** Addresses, one owner each: taken from the top of a subnet as Contrail does, or from its start. */
import { addressText, parseAddress, parsePrefix } from '@vaportrail/net';
import type { IpamSubnet } from './object-type.ts';
import { subnetText } from './object-type.ts';

/** The bounds of a subnet as numbers, and what its network keeps for itself. */
export interface AddressRange {
  readonly octets: 4 | 16;
  readonly first: bigint;
  readonly last: bigint;
  readonly reserved: readonly bigint[];
  readonly fromStart: boolean;
}

/**
 * What may be allocated from a subnet. In a /24 the gateway has .254 and the name server .253, so that the first address
 * given out is .252; with `addr_from_start` they are .1 and .2, and .3 comes first.
 */
export function addressRange(ipam: IpamSubnet): AddressRange {
  const { bytes, length } = parsePrefix(subnetText(ipam.subnet));
  const octets = bytes.length as 4 | 16;
  const network = numberOf(bytes);
  const last = network + (1n << BigInt(octets * 8 - length)) - 1n;
  const fromStart = ipam.addr_from_start === true;
  const gateway =
    ipam.default_gateway === undefined
      ? fromStart
        ? network + 1n
        : last - 1n
      : valueOf(ipam.default_gateway);
  const service =
    ipam.dns_server_address === undefined
      ? fromStart
        ? network + 2n
        : last - 2n
      : valueOf(ipam.dns_server_address);
  // A point-to-point subnet or a host has no network and broadcast address to keep.
  const small = octets * 8 - length < 2;
  return {
    octets,
    first: small ? network : network + 1n,
    last: small || octets === 16 ? last : last - 1n,
    reserved: small ? [] : [gateway, service],
    fromStart,
  };
}

/** Whether an address lies in the range and is not kept by the network. */
export function isAllocatable(range: AddressRange, address: string): boolean {
  const bytes = parseAddress(address);
  if (bytes.length !== range.octets) return false;
  const value = numberOf(bytes);
  return value >= range.first && value <= range.last && !range.reserved.includes(value);
}

/** The next address of the range that nobody has, `undefined` when it is used up. */
export function nextAddress(range: AddressRange, isTaken: (address: string) => boolean): string | undefined {
  const step = range.fromStart ? 1n : -1n;
  for (
    let value = range.fromStart ? range.first : range.last;
    value >= range.first && value <= range.last;
    value += step
  ) {
    if (range.reserved.includes(value)) continue;
    const address = textOf(value, range.octets);
    if (!isTaken(address)) return address;
  }
  return undefined;
}

function valueOf(text: string): bigint {
  return numberOf(parseAddress(text));
}

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const octet of bytes) value = (value << 8n) | BigInt(octet);
  return value;
}

function textOf(value: bigint, octets: number): string {
  const bytes = new Uint8Array(octets);
  for (let i = octets - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return addressText(bytes);
}
