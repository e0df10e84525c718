/** UPDATE as plain data: routes, attributes, and what RFC 7606 says about them. */
import {
  Reader,
  Writer,
  hexText,
  ipv4At,
  ipv4Text,
  ipv6Text,
  parseAddress,
  parseHex,
  sameBytes,
} from '@vaportrail/net';
import {
  type Attribute,
  type AttributeContext,
  EXTENDED_LENGTH,
  OPTIONAL,
  TRANSITIVE,
} from '../attributes/attribute.ts';
import { PathAttributes } from '../attributes/path-attributes.ts';
import {
  type AttributeName,
  type AttributeValue,
  attributeByCode,
  attributes as attributesTable,
} from '../attributes/table.ts';
import { type Announces, validateAttributes } from '../attributes/validate.ts';
import type { Family, Nlri } from '../families/family.ts';
import { walkNlri } from '../families/nlri-field.ts';
import { families, familyOf } from '../families/table.ts';
import type { AfiSafi } from './capability.ts';
import { updateSubcode } from './notification.ts';
import { UpdateFrame, locateUpdate } from './update-frame.ts';
import { type UpdateProblem, updateProblem } from './update-problem.ts';

/** What the reader of an UPDATE has to know about the session. */
export interface UpdateContext extends AttributeContext {
  /** Whether the message came from a peer of the same AS; `null` when nobody knows. */
  readonly internal: boolean | null;
  /** Whether NLRI of a family carry path identifiers. */
  addPath(afi: number, safi: number): boolean;
}

/** One route of an UPDATE: the fields of its NLRI beside these. */
export interface UpdateRoute extends Nlri {
  readonly op: 'announce' | 'withdraw';
  readonly afi: number;
  readonly safi: number;
  /** Path identifier, `null` without ADD-PATH. */
  readonly pathId: number | null;
  /** Absent in withdrawals, and where the family needs none. */
  readonly nextHop?: string;
  /** The second address of an IPv6 next hop of 32 or 48 octets. @see RFC 2545 §3 */
  readonly linkLocalNextHop?: string;
}

/** The attributes by name, each as the plain form of its row. */
export type PlainAttributes = { readonly [N in AttributeName]?: unknown };

/** An attribute as octets: one that nobody knows, one that is malformed, or a repeated one. */
export interface RawAttributeText {
  readonly code: number;
  readonly flags: number;
  /** Hexadecimal. */
  readonly value: string;
}

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

export interface Update {
  readonly type: 'update';
  readonly routes: readonly UpdateRoute[];
  readonly attributes: PlainAttributes;
  readonly raw?: readonly RawAttributeText[];
  readonly problems: readonly UpdateProblem[];
  readonly endOfRib?: AfiSafi;
  readonly layout?: UpdateLayout;
}

const MP_REACH = 14;
const MP_UNREACH = 15;

/**
 * Reads the whole UPDATE in `bytes[start…end)`. Never throws: what is wrong is in `problems`, and what could be read in
 * spite of it is in the rest.
 */
export function decodeUpdate(bytes: Uint8Array, start: number, end: number, context: UpdateContext): Update {
  const frame = new UpdateFrame();
  const problem = locateUpdate(bytes, start, end, frame);
  if (problem?.approach === 'session-reset') {
    return { type: 'update', routes: [], attributes: {}, problems: [problem] };
  }
  return decodeFrame(frame, context, problem);
}

/** The UPDATE whose parts a frame holds; `problem` is what {@link locateUpdate} found. */
export function decodeFrame(frame: UpdateFrame, context: UpdateContext, problem?: UpdateProblem): Update {
  const { bytes } = frame;
  const problems: UpdateProblem[] = problem === undefined ? [] : [problem];
  const own = new Uint8Array(frame.attributeOctets);
  frame.copyAttributes(own, 0);
  const announces = announcesOf(frame);
  const { asn4, internal } = context;
  for (const found of validateAttributes(own, 0, own.length, { asn4, internal, announces }))
    problems.push(found);
  for (const found of checkMultiprotocol(frame)) problems.push(found);
  const { attributes, raw } = plainAttributes(own, context, problems);

  const routes: UpdateRoute[] = [];
  const read = (field: RouteField): number => {
    const before = routes.length;
    const wrong = readRoutes(bytes, field, context, routes);
    if (wrong !== undefined) problems.push(wrong);
    return routes.length - before;
  };
  const inet = { afi: 1, safi: 1 };
  read({ op: 'withdraw', ...inet, at: frame.withdrawnAt, end: frame.withdrawnEnd });
  let unreachRoutes = 0;
  if (frame.unreachAt !== 0) {
    const family = { afi: frame.unreachAfi, safi: frame.unreachSafi, attribute: MP_UNREACH } as const;
    unreachRoutes = read({ op: 'withdraw', ...family, at: frame.unreachNlriAt, end: frame.unreachNlriEnd });
  }
  let reachRoutes = 0;
  if (frame.reachAt !== 0) {
    const family = { afi: frame.reachAfi, safi: frame.reachSafi, attribute: MP_REACH } as const;
    const nextHop = nextHopText(bytes, frame.reachNextHopAt, frame.reachNextHopLength);
    reachRoutes = read({
      op: 'announce',
      ...family,
      at: frame.reachNlriAt,
      end: frame.reachNlriEnd,
      nextHop,
    });
  }
  const nextHop = attributes.nextHop === undefined ? {} : { nextHop: attributes.nextHop as string };
  read({ op: 'announce', ...inet, at: frame.nlriAt, end: frame.nlriEnd, nextHop });

  const update: { -readonly [field in keyof Update]: Update[field] } = {
    type: 'update',
    routes,
    attributes,
    problems,
  };
  if (raw.length > 0) update.raw = raw;
  const { endOfRib } = frame;
  if (endOfRib !== 0) update.endOfRib = { afi: endOfRib >>> 8, safi: endOfRib & 0xff };
  const layout = layoutOf(frame, context, reachRoutes, unreachRoutes);
  if (layout !== undefined) update.layout = layout;
  return update;
}

/** Which fields of a message announce routes. */
export function announcesOf(frame: UpdateFrame): Announces {
  const nlri = frame.nlriAt !== frame.nlriEnd;
  const mp = frame.reachAt !== 0 && frame.reachNlriAt !== frame.reachNlriEnd;
  if (nlri) return mp ? 'both' : 'nlri';
  return mp ? 'mp' : 'nothing';
}

/**
 * What is wrong with flags and next hop of MP_REACH_NLRI and MP_UNREACH_NLRI; the NLRI themselves are for
 * {@link walkNlri}. Either error makes the routes of the family unreliable and no others.
 * @see RFC 7606 §5.3, §7.11, RFC 4760 §7
 */
export function checkMultiprotocol(frame: UpdateFrame): UpdateProblem[] {
  const problems: UpdateProblem[] = [];
  if (frame.reachAt !== 0) {
    if ((frame.reachFlags & (OPTIONAL | TRANSITIVE)) !== OPTIONAL) {
      problems.push(
        disable(updateSubcode.attributeFlags, `flags 0x${frame.reachFlags.toString(16)}`, MP_REACH),
      );
    }
    const family = familyRow(frame.reachAfi, frame.reachSafi);
    if (family !== undefined && !family.nextHopOctets.includes(frame.reachNextHopLength)) {
      const because = `a next hop of ${frame.reachNextHopLength} octets for ${family.title}`;
      problems.push(disable(updateSubcode.optionalAttribute, because, MP_REACH));
    }
  }
  if (frame.unreachAt !== 0 && (frame.unreachFlags & (OPTIONAL | TRANSITIVE)) !== OPTIONAL) {
    problems.push(
      disable(updateSubcode.attributeFlags, `flags 0x${frame.unreachFlags.toString(16)}`, MP_UNREACH),
    );
  }
  return problems;
}

function disable(subcode: number, because: string, code: typeof MP_REACH | typeof MP_UNREACH): UpdateProblem {
  const attribute = { code, name: code === MP_REACH ? 'mpReach' : 'mpUnreach' };
  return updateProblem('afi-safi-disable', subcode, because, attribute);
}

function familyRow(afi: number, safi: number): Family | undefined {
  const name = familyOf(afi, safi);
  return name === undefined ? undefined : families[name];
}

interface NextHop {
  readonly nextHop?: string;
  readonly linkLocalNextHop?: string;
}

/** Next hops of 4 and 16 octets, of two addresses, and of both behind a route distinguisher. @see RFC 4659 §3.2.1 */
function nextHopText(bytes: Uint8Array, at: number, octets: number): NextHop {
  switch (octets) {
    case 4:
      return { nextHop: ipv4Text(ipv4At(bytes, at)) };
    case 12:
      return { nextHop: ipv4Text(ipv4At(bytes, at + 8)) };
    case 16:
      return { nextHop: ipv6Text(bytes, at) };
    case 24:
      return { nextHop: ipv6Text(bytes, at + 8) };
    case 32:
      return { nextHop: ipv6Text(bytes, at), linkLocalNextHop: ipv6Text(bytes, at + 16) };
    case 48:
      return { nextHop: ipv6Text(bytes, at + 8), linkLocalNextHop: ipv6Text(bytes, at + 32) };
    case 0:
      return {};
    default:
      return { nextHop: `0x${hexText(bytes, at, at + octets)}` };
  }
}

/** A field of the message that holds routes of one family. */
interface RouteField extends AfiSafi {
  readonly op: UpdateRoute['op'];
  readonly at: number;
  readonly end: number;
  readonly nextHop?: NextHop;
  /** The attribute that holds them; absent for the two fields of RFC 4271. */
  readonly attribute?: typeof MP_REACH | typeof MP_UNREACH;
}

function readRoutes(
  bytes: Uint8Array,
  { op, afi, safi, at, end, nextHop, attribute }: RouteField,
  context: UpdateContext,
  routes: UpdateRoute[],
): UpdateProblem | undefined {
  if (at === end) return undefined;
  const family = familyRow(afi, safi);
  if (family === undefined) {
    const nlri = hexText(bytes, at, end);
    routes.push(withNextHop({ op, afi, safi, pathId: null, nlri }, nextHop));
    return undefined;
  }
  const addPath = context.addPath(afi, safi);
  const withdrawn = op === 'withdraw';
  const malformed = walkNlri(family, bytes, at, end, addPath, withdrawn, (from, to, pathId) => {
    const route = { op, afi, safi, pathId: addPath ? pathId : null };
    routes.push(withNextHop(family.decode(bytes, from, to, withdrawn, route), nextHop));
  });
  if (malformed < 0) return undefined;
  const because = `the NLRI at octet ${malformed - at} of ${family.title} is malformed`;
  if (attribute === undefined)
    return updateProblem('session-reset', updateSubcode.invalidNetworkField, because);
  return disable(updateSubcode.optionalAttribute, because, attribute);
}

function withNextHop(route: UpdateRoute, hop: NextHop | undefined): UpdateRoute {
  if (hop?.nextHop === undefined) return route;
  const target: { -readonly [field in keyof NextHop]: NextHop[field] } = route;
  target.nextHop = hop.nextHop;
  if (hop.linkLocalNextHop !== undefined) target.linkLocalNextHop = hop.linkLocalNextHop;
  return route;
}

/** The attributes that can be read by name, and the others as octets. */
function plainAttributes(
  bytes: Uint8Array,
  context: AttributeContext,
  problems: readonly UpdateProblem[],
): { attributes: PlainAttributes; raw: RawAttributeText[] } {
  const attributes: { [N in AttributeName]?: unknown } = {};
  const raw: RawAttributeText[] = [];
  const malformed = malformedCodes(problems);
  for (let at = 0; at < bytes.length;) {
    const flags = bytes[at]!;
    const code = bytes[at + 1]!;
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    const value = at + (extended ? 4 : 3);
    const end = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
    const known = attributeByCode[code];
    if (known === undefined || malformed?.has(code) === true || attributes[known.name] !== undefined) {
      raw.push({ code, flags, value: hexText(bytes, value, end) });
    } else {
      attributes[known.name] = known.row.plain.of(known.row.decode(new Reader(bytes, value, end), context));
    }
    at = end;
  }
  if (!context.asn4) mergeAs4(bytes, attributes, raw);
  return { attributes, raw };
}

/** Codes of the attributes whose value cannot be read; a repeated one can. */
function malformedCodes(problems: readonly UpdateProblem[]): ReadonlySet<number> | undefined {
  if (problems.length === 0) return undefined;
  const codes = new Set<number>();
  for (const { attributeCode, subcode } of problems) {
    if (attributeCode !== undefined && subcode !== updateSubcode.malformedAttributeList)
      codes.add(attributeCode);
  }
  return codes;
}

/** Puts AS4_PATH and AS4_AGGREGATOR into the path and the aggregator shown. @see RFC 6793 §4.2.3 */
function mergeAs4(
  bytes: Uint8Array,
  attributes: { [N in AttributeName]?: unknown },
  raw: RawAttributeText[],
): void {
  if (attributes.as4Path === undefined && attributes.as4Aggregator === undefined) return;
  const set = new PathAttributes(bytes, { asn4: false });
  if (attributes.asPath !== undefined) showMerged(set, 'asPath', set.asPath, attributes, raw);
  const { aggregator } = set;
  if (attributes.aggregator !== undefined && aggregator !== undefined) {
    showMerged(set, 'aggregator', aggregator, attributes, raw);
  }
}

/** Shows a value that is not the attribute's own, and keeps the attribute's octets where the value would not give them. */
function showMerged<N extends 'asPath' | 'aggregator'>(
  set: PathAttributes,
  name: N,
  merged: AttributeValue<N>,
  attributes: { [N in AttributeName]?: unknown },
  raw: RawAttributeText[],
): void {
  const row = attributesTable[name] as Attribute<unknown>;
  attributes[name] = row.plain.of(merged);
  const writer = new Writer();
  row.encode(writer, merged, { asn4: false });
  const wire = set.valueOf(row.code)!;
  if (sameBytes(writer.finish(), wire)) return;
  raw.push({ code: row.code, flags: set.bytes[set.headerAt(row.code)]!, value: hexText(wire) });
}

/** Order and flags of the attributes, and what stands in the multiprotocol ones, where that is not what we would write. */
function layoutOf(
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

/** Whether the text of the next hop gives its octets back: route distinguishers of zero where the family has some. */
function isPlainNextHop({
  bytes,
  reachSafi,
  reachNextHopAt: at,
  reachNextHopLength: octets,
}: UpdateFrame): boolean {
  if (!hasDistinguishedNextHop(reachSafi)) return octets !== 12 && octets !== 24 && octets !== 48;
  if (octets !== 12 && octets !== 24 && octets !== 48) return octets === 0;
  const half = octets === 48 ? 24 : octets;
  for (let from = at; from < at + octets; from += half) {
    for (let i = from; i < from + 8; i++) if (bytes[i] !== 0) return false;
  }
  return true;
}

/** Families of VPN routes have their next hop behind a route distinguisher. @see RFC 4364 §4.3.4 */
function hasDistinguishedNextHop(safi: number): boolean {
  return safi === 128 || safi === 129 || safi === 72;
}

function unreachLayout(frame: UpdateFrame, routes: number): UpdateLayout['unreach'] {
  if (frame.unreachAt === 0) return undefined;
  const { unreachAfi: afi, unreachSafi: safi } = frame;
  if ((afi === 1 && safi === 1) || (routes === 0 && frame.endOfRib === 0)) return { afi, safi, routes };
  return undefined;
}

/** The octets of a next hop: behind route distinguishers of zero for the VPN families. */
export function nextHopOctets({ nextHop, linkLocalNextHop }: NextHop, safi: number): Uint8Array {
  if (nextHop === undefined) return new Uint8Array(0);
  if (nextHop.startsWith('0x')) return parseHex(nextHop.slice(2));
  const behind = hasDistinguishedNextHop(safi) ? 8 : 0;
  const writer = new Writer(48);
  for (const address of [nextHop, linkLocalNextHop]) {
    if (address !== undefined) writer.bytes(new Uint8Array(behind)).bytes(parseAddress(address));
  }
  return writer.finish();
}
