/** What a reader without a session knows about a message, and finding out the rest from the message itself. */
import { Reader } from '@vaportrail/net';
import { EXTENDED_LENGTH } from '../attributes/attribute.ts';
import { attributes } from '../attributes/table.ts';
import { looksLikeAddPath } from '../families/nlri-field.ts';
import { families, familyOf } from '../families/table.ts';
import { addPathMode } from './capability.ts';
import type { Open } from './open.ts';
import type { UpdateContext } from './update.ts';
import type { UpdateFrame } from './update-frame.ts';

/** `null` or absent means: find out. */
export interface DecodeContext {
  /** AS numbers have four octets. */
  readonly asn4?: boolean | null;
  /** Families whose NLRI carry path identifiers, as `[afi, safi]`; all with `true`, none with `false`. */
  readonly addpath?: boolean | null | readonly (readonly [afi: number, safi: number])[];
  /** The message came from a peer of the same AS. */
  readonly ibgp?: boolean | null;
}

/** How to read what the sender of the first OPEN sends to that of the second; what is not known is found out. */
export function agreedContext(from: Open | undefined, to: Open | undefined): DecodeContext {
  if (from === undefined || to === undefined) return {};
  const has = (open: Open, type: string): boolean =>
    open.capabilities.some((capability) => capability.type === type);
  const addpath = offers(from, addPathMode.send).filter(([afi, safi]) =>
    offers(to, addPathMode.receive).some(([a, s]) => a === afi && s === safi),
  );
  return {
    asn4: has(from, 'four-octet-as') && has(to, 'four-octet-as'),
    ibgp: from.asn === to.asn,
    addpath,
  };
}

function offers(open: Open, mode: number): (readonly [number, number])[] {
  const list: (readonly [number, number])[] = [];
  for (const capability of open.capabilities) {
    if (capability.type !== 'add-path') continue;
    for (const entry of capability.entries) if ((entry.mode & mode) !== 0) list.push([entry.afi, entry.safi]);
  }
  return list;
}

/** The context to read the UPDATE in a frame with. */
export function resolveContext(frame: UpdateFrame, context: DecodeContext): UpdateContext {
  const { addpath } = context;
  const asn4 = context.asn4 ?? hasFourOctetAs(frame);
  const internal = context.ibgp ?? null;
  if (addpath === null || addpath === undefined) {
    return { asn4, internal, addPath: (afi, safi) => carriesPathIds(frame, afi, safi) };
  }
  if (typeof addpath === 'boolean') return { asn4, internal, addPath: () => addpath };
  return { asn4, internal, addPath: (afi, safi) => addpath.some(([a, s]) => a === afi && s === safi) };
}

const external = { internal: null } as const;

/**
 * Whether the AS numbers of an UPDATE have four octets: AGGREGATOR tells by its length, AS4_PATH and AS4_AGGREGATOR by
 * being there, AS_PATH by the one width it can be read in, or by numbers that no registry has given out. Four when
 * nothing tells, as nearly all sessions have that.
 */
function hasFourOctetAs(frame: UpdateFrame): boolean {
  const { bytes } = frame;
  let told: boolean | undefined;
  for (let at = frame.attributesAt; at < frame.attributesEnd;) {
    const extended = (bytes[at]! & EXTENDED_LENGTH) !== 0;
    const code = bytes[at + 1]!;
    const value = at + (extended ? 4 : 3);
    const end = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
    if (code === attributes.asPath.code && end > value) {
      const { check } = attributes.asPath;
      const four = check(bytes, value, end, { asn4: true, ...external }) === undefined;
      const two = check(bytes, value, end, { asn4: false, ...external }) === undefined;
      if (four !== two) return four;
      if (four && !hasAssignedAsNumbers(bytes, value, end)) told ??= false;
    } else if (code === attributes.aggregator.code) {
      if (end - value === 8) told ??= true;
      else if (end - value === 6) told ??= false;
    } else if (code === attributes.as4Path.code || code === attributes.as4Aggregator.code) told = false;
    at = end;
  }
  return told ?? true;
}

/** Above what registries have given out or will soon, and the private numbers at the end. @see RFC 6996 §5 */
const UNASSIGNED_AS = { from: 1_000_000, to: 4_200_000_000 } as const;

/** Whether a path, read with four octets for each, names only AS numbers that are in use or private. */
function hasAssignedAsNumbers(bytes: Uint8Array, value: number, end: number): boolean {
  const path = attributes.asPath.decode(new Reader(bytes, value, end), { asn4: true });
  return path.every(({ asns }) => asns.every((asn) => asn < UNASSIGNED_AS.from || asn >= UNASSIGNED_AS.to));
}

/** Whether the NLRI of a family in an UPDATE carry path identifiers: when any field of the family looks like it. */
function carriesPathIds(frame: UpdateFrame, afi: number, safi: number): boolean {
  const name = familyOf(afi, safi);
  if (name === undefined) return false;
  const family = families[name];
  const { bytes } = frame;
  if (frame.reachAt !== 0 && frame.reachAfi === afi && frame.reachSafi === safi) {
    if (looksLikeAddPath(family, bytes, frame.reachNlriAt, frame.reachNlriEnd, false)) return true;
  }
  if (frame.unreachAt !== 0 && frame.unreachAfi === afi && frame.unreachSafi === safi) {
    if (looksLikeAddPath(family, bytes, frame.unreachNlriAt, frame.unreachNlriEnd, true)) return true;
  }
  if (afi !== 1 || safi !== 1) return false;
  return (
    looksLikeAddPath(family, bytes, frame.nlriAt, frame.nlriEnd, false) ||
    looksLikeAddPath(family, bytes, frame.withdrawnAt, frame.withdrawnEnd, true)
  );
}
