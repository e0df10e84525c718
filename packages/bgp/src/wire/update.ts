/** UPDATE as plain data: routes, attributes, and what RFC 7606 says about them. */
import { hexText } from '@vaportrail/net';
import { type AttributeContext, OPTIONAL, TRANSITIVE } from '../attributes/attribute.ts';
import {
  type PlainAttributes,
  type RawAttributeText,
  plainAttributes,
} from '../attributes/plain-attributes.ts';
import { type Announces, validateAttributes } from '../attributes/validate.ts';
import type { Family } from '../families/family.ts';
import { walkNlri } from '../families/nlri-field.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import type { AfiSafi } from './capability.ts';
import { type NextHop, nextHopText } from './next-hop.ts';
import { updateSubcode } from './notification.ts';
import { UpdateFrame, locateUpdate } from './update-frame.ts';
import { type UpdateLayout, layoutOf } from './update-layout.ts';
import { type UpdateProblem, updateProblem } from './update-problem.ts';
import type { UpdateRoute } from './update-route.ts';

/** What the reader of an UPDATE has to know about the session. */
export interface UpdateContext extends AttributeContext {
  /** Whether the message came from a peer of the same AS; `null` when nobody knows. */
  readonly internal: boolean | null;
  /** Whether NLRI of a family carry path identifiers. */
  addPath(afi: number, safi: number): boolean;
}

/** The end of the initial routes of a family, by its name where it has one. */
export interface EndOfRib extends AfiSafi {
  readonly family?: FamilyName;
}

/** An UPDATE as plain data, which `JSON.stringify` writes and `encodeUpdate` makes octets of again. */
export interface Update {
  readonly type: 'update';
  /** In the order of the message, withdrawn ones first. */
  readonly routes: readonly UpdateRoute[];
  readonly attributes: PlainAttributes;
  /** Attributes that cannot be read by name: unknown, malformed or repeated ones. */
  readonly raw?: readonly RawAttributeText[];
  /** What is wrong with it, and what RFC 7606 says is to be done about it; empty for a good one. */
  readonly problems: readonly UpdateProblem[];
  readonly endOfRib?: EndOfRib;
  /** What the rest does not tell about the octets. */
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
  const nextHop = attributes.nextHop === undefined ? {} : { nextHop: attributes.nextHop };
  read({ op: 'announce', ...inet, at: frame.nlriAt, end: frame.nlriEnd, nextHop });

  const update: { -readonly [field in keyof Update]: Update[field] } = {
    type: 'update',
    routes,
    attributes,
    problems,
  };
  if (raw.length > 0) update.raw = raw;
  const { endOfRib } = frame;
  if (endOfRib !== 0) update.endOfRib = named({ afi: endOfRib >>> 8, safi: endOfRib & 0xff });
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

/** The family with its name. */
function named({ afi, safi }: AfiSafi): EndOfRib {
  const family = familyOf(afi, safi);
  return { ...(family !== undefined && { family }), afi, safi };
}

function disable(subcode: number, because: string, code: typeof MP_REACH | typeof MP_UNREACH): UpdateProblem {
  const attribute = { code, name: code === MP_REACH ? 'mpReach' : 'mpUnreach' };
  return updateProblem('afi-safi-disable', subcode, because, attribute);
}

function familyRow(afi: number, safi: number): Family | undefined {
  const name = familyOf(afi, safi);
  return name === undefined ? undefined : families[name];
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
  const name = familyOf(afi, safi);
  if (name === undefined) {
    const nlri = hexText(bytes, at, end);
    routes.push(withNextHop({ op, afi, safi, pathId: null, nlri }, nextHop));
    return undefined;
  }
  const family: Family = families[name];
  const addPath = context.addPath(afi, safi);
  const withdrawn = op === 'withdraw';
  const malformed = walkNlri(family, bytes, at, end, addPath, withdrawn, (from, to, pathId) => {
    const route = { op, family: name, afi, safi, pathId: addPath ? pathId : null };
    routes.push(withNextHop(family.decode(bytes, from, to, withdrawn, route) as UpdateRoute, nextHop));
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
