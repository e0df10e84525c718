/** Families whose NLRI is a prefix, bare or behind labels and a route distinguisher. */
import {
  MAX_LABEL,
  ROUTE_DISTINGUISHER_OCTETS,
  clearHostBits,
  hexText,
  labelOf,
  parseHex,
  parsePrefix,
  parseRouteDistinguisher,
  prefixOctets,
  prefixText,
  routeDistinguisherText,
} from '@vaportrail/net';
import { type Family, type NlriOctets, MALFORMED, numberListField, textField } from './family.ts';

/** What stands in the label field of a withdrawal when nobody cares. @see RFC 8277 §2.4 */
export const WITHDRAWN_LABEL_FIELD = 0x80_0000;
const LABEL_BITS = 24;
const RD_BITS = 64;

/** Fields of a bare prefix: `203.0.113.0/24`. */
export type PrefixNlri = NlriOctets & { readonly prefix: string };

/** Fields of a prefix behind labels, which are absent in withdrawals: the field there has no meaning. */
export type LabeledPrefixNlri = PrefixNlri & { readonly labels?: readonly number[] };

/** Fields of a prefix behind a route distinguisher, `64512:1` or `10.0.0.1:1`. */
export type VpnPrefixNlri = LabeledPrefixNlri & { readonly rd: string };

interface PrefixFamily {
  readonly afi: 1 | 2;
  readonly safi: number;
  readonly title: string;
  readonly see: string;
  readonly labeled: boolean;
  readonly distinguished: boolean;
  readonly nextHopOctets: readonly number[];
}

/**
 * Bits in front of the prefix: labels up to the one at the bottom of the stack, then the route distinguisher.
 *
 * A withdrawal has one label field of any value. An announcement whose stack has no bottom within the NLRI is taken to
 * carry one label, as the S bit does not count for a speaker that knows only one; so is one whose stack ends inside what
 * the type of a route distinguisher behind the first label shows to be that route distinguisher.
 * @see RFC 8277 §2.2, §2.4
 */
function labelOctets(bytes: Uint8Array, at: number, bits: number, room: number, withdrawn: boolean): number {
  const most = Math.floor((bits - room) / LABEL_BITS) * 3;
  if (most < 3) return MALFORMED;
  if (withdrawn) return 3;
  for (let octets = 3; octets <= most; octets += 3) {
    if ((bytes[at + octets - 1]! & 1) === 0) continue;
    const isOneLabel = room > 0 && !hasKnownType(bytes, at + octets) && hasKnownType(bytes, at + 3);
    return isOneLabel ? 3 : octets;
  }
  return 3;
}

/**
 * Octets of the label stack at `at`, of an NLRI of `bits` bits behind its length, for a speaker that has not offered to take
 * more than one label. It ignores the S bit, so this is 3 wherever the NLRI can be read with one label: its prefix is not too
 * long then, and the type of the route distinguisher behind it is known. More than 3 is a stack that nobody asked for.
 * @param longest bits of a prefix of the family
 * @returns 0 when it cannot be read either way
 * @see RFC 8277 §2.1, §2.2
 */
export function unaskedLabelOctets(
  bytes: Uint8Array,
  at: number,
  bits: number,
  longest: number,
  distinguished: boolean,
): number {
  const room = distinguished ? RD_BITS : 0;
  const prefixBits = bits - LABEL_BITS - room;
  if (prefixBits < 0) return 0;
  const isOneLabel = prefixBits <= longest;
  if (isOneLabel && (!distinguished || hasKnownType(bytes, at + LABEL_BITS / 8))) return LABEL_BITS / 8;
  const octets = labelOctets(bytes, at, bits, room, false);
  if (octets > LABEL_BITS / 8 && bits - octets * 8 - room <= longest) return octets;
  return isOneLabel ? LABEL_BITS / 8 : 0;
}

/** Route distinguishers are of type 0, 1 or 2. @see RFC 4364 §4.2 */
function hasKnownType(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1]! <= 2;
}

/** A family row for prefixes of an address family. */
export function prefixFamily(row: PrefixFamily & { readonly distinguished: true }): Family<VpnPrefixNlri>;
export function prefixFamily(row: PrefixFamily & { readonly labeled: true }): Family<LabeledPrefixNlri>;
export function prefixFamily(row: PrefixFamily): Family<PrefixNlri>;
export function prefixFamily({ labeled, distinguished, ...row }: PrefixFamily): Family<PrefixNlri> {
  const longest = row.afi === 1 ? 32 : 128;
  const room = distinguished ? RD_BITS : 0;
  return {
    ...row,
    measure(bytes, at, end, withdrawn) {
      if (at >= end) return MALFORMED;
      const bits = bytes[at]!;
      const octets = 1 + ((bits + 7) >>> 3);
      if (octets > end - at) return MALFORMED;
      if (!labeled) return bits - room > longest || bits < room ? MALFORMED : octets;
      const labels = labelOctets(bytes, at + 1, bits, room, withdrawn);
      if (labels < 0 || bits - labels * 8 - room > longest) return MALFORMED;
      return octets;
    },
    decode(bytes, at, end, withdrawn, into) {
      const bits = bytes[at]!;
      const labelsAt = at + 1;
      const rdAt = labelsAt + (labeled ? labelOctets(bytes, labelsAt, bits, room, withdrawn) : 0);
      const prefixAt = rdAt + (distinguished ? ROUTE_DISTINGUISHER_OCTETS : 0);
      const length = bits - (prefixAt - labelsAt) * 8;
      const address = new Uint8Array(longest / 8);
      for (let i = prefixAt; i < end; i++) address[i - prefixAt] = bytes[i]!;
      const lastOctet = bytes[end - 1]!;
      clearHostBits(address, length);
      let exact = length === 0 || address[end - 1 - prefixAt] === lastOctet;
      const nlri = into as { -readonly [field in keyof VpnPrefixNlri]?: VpnPrefixNlri[field] };
      if (distinguished) {
        nlri.rd = routeDistinguisherText(bytes, rdAt);
        exact &&= !isAmbiguous(bytes, rdAt);
      }
      nlri.prefix = prefixText({ bytes: address, length });
      if (labeled) {
        if (withdrawn) exact &&= u24(bytes, labelsAt) === WITHDRAWN_LABEL_FIELD;
        else {
          const labels: number[] = [];
          for (let i = labelsAt; i < rdAt; i += 3) labels.push(labelOf(u24(bytes, i)));
          nlri.labels = labels;
          exact &&= isPlainStack(bytes, labelsAt, rdAt);
        }
      }
      if (!exact) nlri.nlri = hexText(bytes, at, end);
      return into as typeof into & PrefixNlri;
    },
    encode(writer, nlri, withdrawn) {
      if (nlri.nlri !== undefined) {
        writer.bytes(parseHex(nlri.nlri));
        return;
      }
      const prefix = textField(nlri, 'prefix');
      const labels = numberListField(nlri, 'labels', MAX_LABEL) ?? [];
      const { bytes, length } = parsePrefix(prefix);
      if (bytes.length * 8 !== longest) throw new RangeError(`${prefix} is of another address family`);
      if (labeled && !withdrawn && labels.length === 0) throw new RangeError(`${prefix} needs a label`);
      const stack = withdrawn ? 1 : labels.length;
      const bits = length + room + (labeled ? stack * LABEL_BITS : 0);
      if (bits > 255) throw new RangeError(`${prefix} does not fit with ${labels.length} labels`);
      writer.u8(bits);
      if (labeled && withdrawn) writer.u24(WITHDRAWN_LABEL_FIELD);
      else if (labeled)
        labels.forEach((label, i) => writer.u24((label << 4) | (i === labels.length - 1 ? 1 : 0)));
      if (distinguished) writer.bytes(parseRouteDistinguisher(textField(nlri, 'rd')));
      writer.bytes(bytes.subarray(0, prefixOctets(length)));
    },
  };
}

function u24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** The text of a route distinguisher does not tell type 2 from type 0 when the AS number fits two octets. */
function isAmbiguous(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 2 && bytes[at + 2] === 0 && bytes[at + 3] === 0;
}

/** No traffic class, and the bottom bit on the last label alone. */
function isPlainStack(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i += 3) {
    if ((bytes[i + 2]! & 0x0f) !== (i + 3 === end ? 1 : 0)) return false;
  }
  return true;
}
