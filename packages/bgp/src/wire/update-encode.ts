/** Writing an UPDATE from the plain data that `decodeUpdate` gives, or that a program or a file made up. */
import { Writer, parseHex } from '@vaportrail/net';
import type { Attribute, AttributeContext } from '../attributes/attribute.ts';
import { type RawAttribute, writeAttribute } from '../attributes/encode.ts';
import { type AttributeName, attributes as table } from '../attributes/table.ts';
import { plainList, plainNumber, plainRecord, plainText } from '../attributes/plain.ts';
import type { Family } from '../families/family.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import type { AfiSafi } from './capability.ts';
import { MAX_EXTENDED_MESSAGE, HEADER_OCTETS, frameMessage, messageType } from './header.ts';
import type { RawAttributeText } from '../attributes/plain-attributes.ts';
import { nextHopOctets } from './next-hop.ts';
import { attributeFlags, attributeRank } from './update-layout.ts';
import type { Update } from './update.ts';
import { familyNamed, numbered, type NumberedRoute, type RouteFields } from './update-route.ts';

const MP_REACH = 14;
const MP_UNREACH = 15;
const EXTENDED_LENGTH = 0x10;

/** What an UPDATE is written from; `problems` and what else is there are left out. Every {@link Update} is one. */
export interface UpdateFields extends Partial<Pick<Update, 'attributes' | 'raw' | 'layout'>> {
  readonly routes?: readonly RouteFields[];
  readonly endOfRib?: AfiSafi | { readonly family: FamilyName };
}

/**
 * One whole UPDATE. IPv4 unicast routes go into the fields of RFC 4271 unless `layout` says otherwise, all others into
 * MP_REACH_NLRI and MP_UNREACH_NLRI. What `decodeUpdate` made of a message without problems gives the same octets.
 * @throws RangeError when a field is missing or wrong, when announced (or withdrawn) routes are of several families or
 *   have different next hops, or when the message would be longer than 65535 octets
 */
export function encodeUpdate(update: UpdateFields, { asn4 }: AttributeContext = { asn4: true }): Uint8Array {
  const { layout } = update;
  const routes = (update.routes ?? []).map(numbered);
  const endOfRib = update.endOfRib === undefined ? undefined : familyIn(update.endOfRib);
  const context = { asn4: layout?.asn4 ?? asn4 };
  const [announced, withdrawn] = ['announce', 'withdraw'].map((op) =>
    routes.filter((route) => route.op === op),
  );
  const reach = split(announced!, layout?.reach, 'first');
  const unreach = split(withdrawn!, layout?.unreach, 'last');
  const values = attributeValues(update, context, reach.plain);
  const mp = reach.mp ?? layout?.reach;
  if (mp !== undefined) values.push(mpReach(mp, reach.mpRoutes, layout?.reach?.nextHop));
  const end = endOfRib?.afi === 1 && endOfRib.safi === 1 ? undefined : endOfRib;
  const gone = unreach.mp ?? layout?.unreach ?? end;
  if (gone !== undefined) values.push(mpUnreach(gone, unreach.mpRoutes));

  const body = new Writer();
  body.length16((writer) => writeRoutes(writer, unreach.plain, true));
  body.length16((writer) => writeAttributes(writer, values, layout?.attributes));
  writeRoutes(body, reach.plain, false);
  if (body.length > MAX_EXTENDED_MESSAGE - HEADER_OCTETS) {
    throw new RangeError(`an UPDATE of ${body.length + HEADER_OCTETS} octets is too long`);
  }
  return frameMessage(messageType.update, body.finish());
}

/**
 * The fields of an UPDATE in data of unknown origin, such as a line of JSON: what is there has the right shape; the
 * values are checked when they are encoded.
 * @throws RangeError that names what has another shape
 */
export function updateFieldsOf(plain: unknown): UpdateFields {
  const { routes, attributes, raw, endOfRib, layout } = plainRecord(plain);
  for (const route of routes === undefined ? [] : plainList(routes)) {
    const { op, afi, safi, pathId } = plainRecord(route);
    if (op !== 'announce' && op !== 'withdraw')
      throw new RangeError('a route needs op, "announce" or "withdraw"');
    if (afi !== undefined) plainNumber(afi, 0xffff);
    if (safi !== undefined) plainNumber(safi, 0xff);
    if (pathId !== undefined && pathId !== null) plainNumber(pathId);
  }
  if (attributes !== undefined) plainRecord(attributes);
  for (const attribute of raw === undefined ? [] : plainList(raw)) {
    const { code, flags, value } = plainRecord(attribute);
    plainNumber(code, 0xff);
    plainNumber(flags, 0xff);
    plainText(value);
  }
  const { reach, unreach, attributes: order } = plainRecord(layout ?? {});
  for (const part of [endOfRib, reach, unreach]) {
    if (part === undefined) continue;
    const { family, afi, safi } = plainRecord(part);
    if (part === endOfRib && family !== undefined) continue;
    plainNumber(afi, 0xffff);
    plainNumber(safi, 0xff);
  }
  for (const place of order === undefined ? [] : plainList(order))
    plainList(place).map((octet) => plainNumber(octet, 0xff));
  return { routes, attributes, raw, endOfRib, layout } as UpdateFields;
}

interface SplitRoutes {
  /** For the fields of RFC 4271. */
  readonly plain: readonly NumberedRoute[];
  readonly mpRoutes: readonly NumberedRoute[];
  readonly mp: AfiSafi | undefined;
}

/**
 * Which routes go where: `routes` ones of the family named are in the multiprotocol attribute. As `decodeUpdate` lists
 * them, announced ones are the first there and withdrawn ones the last.
 */
function split(
  routes: readonly NumberedRoute[],
  named: (AfiSafi & { readonly routes: number }) | undefined,
  which: 'first' | 'last',
): SplitRoutes {
  let left = named?.routes ?? 0;
  let skipped = which === 'first' ? 0 : routes.filter(isInet).length - left;
  const plain: NumberedRoute[] = [];
  const mpRoutes: NumberedRoute[] = [];
  for (const route of routes) {
    if (!isInet(route)) mpRoutes.push(route);
    else if (named === undefined || !isInet(named) || left === 0 || skipped-- > 0) plain.push(route);
    else {
      left--;
      mpRoutes.push(route);
    }
  }
  const mp = mpRoutes[0];
  const stray = mpRoutes.find((route) => route.afi !== mp?.afi || route.safi !== mp.safi);
  if (stray !== undefined) throw new RangeError('one UPDATE cannot carry several families in one attribute');
  return { plain, mpRoutes, mp };
}

/** The numbers of a family told by name, by numbers, or by both. */
function familyIn(told: NonNullable<UpdateFields['endOfRib']>): AfiSafi {
  if ('afi' in told) return told;
  const { afi, safi } = families[familyNamed(told.family)];
  return { afi, safi };
}

function isInet({ afi, safi }: AfiSafi): boolean {
  return afi === 1 && safi === 1;
}

function writeRoutes(writer: Writer, routes: readonly NumberedRoute[], withdrawn: boolean): void {
  for (const route of routes) {
    if (route.pathId !== null && route.pathId !== undefined) writer.u32(route.pathId);
    const name = familyOf(route.afi, route.safi);
    if (name !== undefined) families[name].encode(writer, route, withdrawn);
    else if (route.nlri === undefined)
      throw new RangeError(`AFI ${route.afi}, SAFI ${route.safi} needs nlri`);
    else writer.bytes(parseHex(route.nlri));
  }
}

function mpReach(
  { afi, safi }: AfiSafi,
  routes: readonly NumberedRoute[],
  octets: string | undefined,
): RawAttribute {
  const first = routes[0] ?? {};
  const stray = routes.find(
    (route) => route.nextHop !== routes[0]?.nextHop || route.linkLocalNextHop !== routes[0]?.linkLocalNextHop,
  );
  if (stray !== undefined) throw new RangeError('one UPDATE cannot carry several next hops of a family');
  const nextHop = octets === undefined ? nextHopOctets(first, safi) : parseHex(octets);
  const name = familyOf(afi, safi);
  const row: Family | undefined = name && families[name];
  if (octets === undefined && row?.nextHopOctets.includes(nextHop.length) === false)
    throw new RangeError(`nextHop: ${JSON.stringify(routes[0]?.nextHop)} is none of ${row.title}`);
  const writer = new Writer().u16(afi).u8(safi).u8(nextHop.length).bytes(nextHop).u8(0);
  writeRoutes(writer, routes, false);
  return { code: MP_REACH, flags: attributeFlags(MP_REACH)!, value: writer.finish() };
}

function mpUnreach({ afi, safi }: AfiSafi, routes: readonly NumberedRoute[]): RawAttribute {
  const writer = new Writer().u16(afi).u8(safi);
  writeRoutes(writer, routes, true);
  return { code: MP_UNREACH, flags: attributeFlags(MP_UNREACH)!, value: writer.finish() };
}

/** The attributes by name and the raw ones; NEXT_HOP from the routes when it is not among them. */
function attributeValues(
  { attributes = {}, raw = [], layout }: UpdateFields,
  context: AttributeContext,
  plainRoutes: readonly NumberedRoute[],
): RawAttribute[] {
  const values: RawAttribute[] = [];
  const nextHop = attributes.nextHop ?? plainRoutes[0]?.nextHop;
  const named: Readonly<Record<string, unknown>> = {
    ...attributes,
    ...(nextHop === undefined ? {} : { nextHop }),
  };
  for (const [name, plain] of Object.entries(named)) {
    if (plain === undefined) continue;
    if (!Object.hasOwn(table, name)) throw new RangeError(`no attribute is named "${name}"`);
    const row = table[name as AttributeName] as Attribute<unknown>;
    if (replaced(row.code, raw, layout?.attributes)) continue;
    const writer = new Writer();
    try {
      row.encode(writer, row.plain.parse(plain), context);
    } catch (error) {
      if (error instanceof RangeError) throw new RangeError(`${name}: ${error.message}`, { cause: error });
      throw error;
    }
    values.push({ code: row.code, flags: row.flags, value: writer.finish() });
  }
  for (const { code, flags, value } of raw) values.push({ code, flags, value: parseHex(value) });
  return values;
}

/** A raw attribute stands for the one by name, unless it is a repetition of it. */
function replaced(
  code: number,
  raw: readonly RawAttributeText[],
  order: readonly (readonly [number, number])[] | undefined,
): boolean {
  const raws = raw.filter((attribute) => attribute.code === code).length;
  if (raws === 0) return false;
  const places = order?.filter(([place]) => place === code).length ?? 1;
  return raws >= places;
}

function writeAttributes(
  writer: Writer,
  values: readonly RawAttribute[],
  order: readonly (readonly [code: number, flags: number])[] | undefined,
): void {
  const left = values.toSorted((a, b) => attributeRank(a.code) - attributeRank(b.code));
  for (const [code, flags] of order ?? []) {
    const index = left.findIndex((attribute) => attribute.code === code);
    if (index < 0) continue;
    const [{ value }] = left.splice(index, 1) as [RawAttribute];
    if (value.length > 0xffff) throw new RangeError(`attribute ${code} is too long`);
    if (value.length > 0xff || (flags & EXTENDED_LENGTH) !== 0) {
      writer
        .u8(flags | EXTENDED_LENGTH)
        .u8(code)
        .u16(value.length)
        .bytes(value);
    } else writer.u8(flags).u8(code).u8(value.length).bytes(value);
  }
  for (const attribute of left) writeAttribute(writer, attribute);
}
