/** How an UPDATE was laid out, where that is not how we would write it: kept so that the same octets come out again. */
import { type AttributeContext, EXTENDED_LENGTH, OPTIONAL } from '../attributes/attribute.ts';
import { attributeByCode } from '../attributes/table.ts';
import { hexText } from '@vaportrail/net';
import type { AfiSafi } from './capability.ts';
import { isPlainNextHop } from './next-hop.ts';
import type { UpdateFrame } from './update-frame.ts';

const MP_REACH = 14;
const MP_UNREACH = 15;

/** What routes and attributes do not tell about the octets; absent where `encodeUpdate` would choose the same. */
export interface UpdateLayout {
  /** `false`: AS numbers have two octets. */
  readonly asn4?: false;
  /** Code and flags of all attributes in their order. */
  readonly attributes?: readonly (readonly [code: number, flags: number])[];
  /** What is in MP_REACH_NLRI: family, next hop in hexadecimal, number of routes. */
  readonly reach?: AfiSafi & { readonly nextHop: string; readonly routes: number };
  /** What is in MP_UNREACH_NLRI. */
  readonly unreach?: AfiSafi & { readonly routes: number };
}

/** Order and flags of the attributes, and what stands in the multiprotocol ones, where that is not what we would write. */
export function layoutOf(
  frame: UpdateFrame,
  { asn4 }: AttributeContext,
  reachRoutes: number,
  unreachRoutes: number,
): UpdateLayout | undefined {
  const attributes = isCanonical(frame) ? undefined : codesAndFlags(frame);
  const reach = reachLayout(frame, reachRoutes);
  const unreach = unreachLayout(frame, unreachRoutes);
  const withAsNumbers = !asn4 && frame.attributeOctets > 0;
  if (attributes === undefined && reach === undefined && unreach === undefined && !withAsNumbers)
    return undefined;
  const layout: { -readonly [field in keyof UpdateLayout]: UpdateLayout[field] } = {};
  if (withAsNumbers) layout.asn4 = false;
  if (attributes !== undefined) layout.attributes = attributes;
  if (reach !== undefined) layout.reach = reach;
  if (unreach !== undefined) layout.unreach = unreach;
  return layout;
}

/** Whether the attributes stand in our order, each with the flags we would give it. */
function isCanonical({ bytes, attributesAt, attributesEnd }: UpdateFrame): boolean {
  let last = -1;
  for (let at = attributesAt; at < attributesEnd;) {
    const flags = bytes[at]!;
    const code = bytes[at + 1]!;
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
    const rank = attributeRank(code);
    if (rank <= last || extended !== length > 0xff) return false;
    const known = attributeFlags(code);
    if (known !== undefined && known !== (flags & ~EXTENDED_LENGTH)) return false;
    last = rank;
    at += (extended ? 4 : 3) + length;
  }
  return true;
}

function codesAndFlags({ bytes, attributesAt, attributesEnd }: UpdateFrame): (readonly [number, number])[] {
  const list: (readonly [number, number])[] = [];
  for (let at = attributesAt; at < attributesEnd;) {
    const flags = bytes[at]!;
    list.push([bytes[at + 1]!, flags]);
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    at += extended ? 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!) : 3 + bytes[at + 2]!;
  }
  return list;
}

/** Place of an attribute in a message of ours: routes first, then ascending by code. @see RFC 7606 §5.1 */
export function attributeRank(code: number): number {
  if (code === MP_UNREACH) return 0;
  if (code === MP_REACH) return 1;
  return code + 2;
}

/** Flags an attribute must have; `undefined` for an unknown one. */
export function attributeFlags(code: number): number | undefined {
  return code === MP_REACH || code === MP_UNREACH ? OPTIONAL : attributeByCode[code]?.row.flags;
}

function reachLayout(frame: UpdateFrame, routes: number): UpdateLayout['reach'] {
  if (frame.reachAt === 0) return undefined;
  const { reachAfi: afi, reachSafi: safi } = frame;
  const plain = afi === 1 && safi === 1;
  if (!plain && routes > 0 && isPlainNextHop(frame)) return undefined;
  const nextHop = hexText(frame.bytes, frame.reachNextHopAt, frame.reachNextHopAt + frame.reachNextHopLength);
  return { afi, safi, nextHop, routes };
}

function unreachLayout(frame: UpdateFrame, routes: number): UpdateLayout['unreach'] {
  if (frame.unreachAt === 0) return undefined;
  const { unreachAfi: afi, unreachSafi: safi } = frame;
  if ((afi === 1 && safi === 1) || (routes === 0 && frame.endOfRib === 0)) return { afi, safi, routes };
  return undefined;
}
