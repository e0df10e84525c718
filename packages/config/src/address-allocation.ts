/** Addresses, one owner each: taken from the top of a subnet as Contrail does, or from its start. */
import { addressText, parseAddress, parsePrefix } from '@vaportrail/net';
import { type IpamSubnet, subnetText } from '@vaportrail/schema';
import type { PlaceRow } from './index-pool.ts';

/** The bounds of a subnet as numbers, and what its network keeps for itself. */
export interface AddressRange {
  readonly octets: 4 | 16;
  readonly first: bigint;
  readonly last: bigint;
  readonly reserved: readonly bigint[];
  readonly fromStart: boolean;
  readonly gateway: string | undefined;
  /** Where the network's name server answers. */
  readonly service: string | undefined;
}

/**
 * What may be allocated from a subnet. In a /24 the gateway has .254 and the name server .253, so that the first address
 * given out is .252; with `addr_from_start` they are .1 and .2, and .3 comes first.
 */
export function addressRange(ipam: IpamSubnet): AddressRange {
  let range = ranges.get(ipam);
  if (range === undefined) ranges.set(ipam, (range = computedRange(ipam)));
  return range;
}

/** Subnets do not change, and every address that is asked for is looked up in one. */
const ranges = new WeakMap<IpamSubnet, AddressRange>();

function computedRange(ipam: IpamSubnet): AddressRange {
  const { bytes, length } = parsePrefix(subnetText(ipam.subnet));
  const octets = bytes.length as 4 | 16;
  const network = numberOf(bytes);
  const last = network + (1n << BigInt(octets * 8 - length)) - 1n;
  const fromStart = ipam.addr_from_start === true;
  // A point-to-point subnet or a host has no network and broadcast address to keep.
  if (octets * 8 - length < 2)
    return { octets, first: network, last, reserved: [], fromStart, gateway: undefined, service: undefined };
  const gateway = ipam.default_gateway ?? textOf(fromStart ? network + 1n : last - 1n, octets);
  const service = ipam.dns_server_address ?? textOf(fromStart ? network + 2n : last - 2n, octets);
  return {
    octets,
    first: network + 1n,
    last: last - 1n,
    reserved: [valueOf(gateway), valueOf(service)],
    fromStart,
    gateway,
    service,
  };
}

/** Whether an address lies in a subnet and is not kept by the network. */
export function isAllocatable(ipam: IpamSubnet, address: string): boolean {
  const range = addressRange(ipam);
  const bytes = parseAddress(address);
  if (bytes.length !== range.octets) return false;
  const value = numberOf(bytes);
  return value >= range.first && value <= range.last && !range.reserved.includes(value);
}

/** Rows are searched by whole numbers; what lies behind so many addresses is only given when asked for by name. */
const LONGEST_ROW = 2n ** 40n;

/** Everything a subnet may give out, in the order in which it does; only its `allocation_pools` when it has some. */
export function addressRow(ipam: IpamSubnet): PlaceRow {
  const { octets, first, last, reserved, fromStart } = addressRange(ipam);
  const pools = (ipam.allocation_pools ?? []).map(({ start, end }): [bigint, bigint] => [
    bigger(valueOf(start), first),
    smaller(valueOf(end), last),
  ]);
  const spans = (pools.length === 0 ? [[first, last] as [bigint, bigint]] : pools)
    .flatMap((span) => without(span, reserved))
    .toSorted(([a], [b]) => (a < b === fromStart ? -1 : 1));
  const size = spans.reduce((sum, [from, to]) => sum + (to - from + 1n), 0n);
  return {
    size: Number(smaller(size, LONGEST_ROW)),
    nameAt(index) {
      let left = BigInt(index);
      for (const [from, to] of spans) {
        if (left <= to - from) return textOf(fromStart ? from + left : to - left, octets);
        left -= to - from + 1n;
      }
      throw new RangeError(`the row has no place ${index}`);
    },
    indexOf(name) {
      const value = valueOf(name);
      let passed = 0n;
      for (const [from, to] of spans) {
        if (value >= from && value <= to) return Number(passed + (fromStart ? value - from : to - value));
        passed += to - from + 1n;
      }
      return undefined;
    },
  };
}

/** The parts of a span around values that are not to be given out. */
function without(span: [bigint, bigint], reserved: readonly bigint[]): [bigint, bigint][] {
  let parts = [span];
  for (const value of reserved) {
    parts = parts.flatMap(([from, to]): [bigint, bigint][] =>
      value < from || value > to
        ? [[from, to]]
        : [
            [from, value - 1n],
            [value + 1n, to],
          ],
    );
  }
  return parts.filter(([from, to]) => from <= to);
}

function bigger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
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
