/**
 * Where the parts of an UPDATE are, found in one pass without making any object per message.
 *
 * ```
 * header(19) | withdrawn length(2) withdrawn | attributes length(2) attributes | NLRI
 *                                              └ … MP_UNREACH … MP_REACH … ┘
 * ```
 */
import { type UpdateProblem, problemData, updateProblem } from './update-problem.ts';
import { updateSubcode } from './notification.ts';
import { HEADER_OCTETS } from './header.ts';

const MP_REACH = 14;
const MP_UNREACH = 15;
const mpReach = { code: MP_REACH, name: 'mpReach' } as const;
const mpUnreach = { code: MP_UNREACH, name: 'mpUnreach' } as const;
/** AFI, SAFI, next hop length and the reserved octet. @see RFC 4760 §3 */
const SHORTEST_REACH = 5;
/** AFI and SAFI. @see RFC 4760 §4 */
const SHORTEST_UNREACH = 3;

/** Attribute flag: the length has two octets. @see RFC 4271 §4.3 */
const EXTENDED_LENGTH = 0x10;

/**
 * Offsets into `bytes` of the parts of one UPDATE. One object serves all messages of a session; it says nothing once
 * the bytes behind it are reused. An `…At` of 0 means the part is absent.
 */
export class UpdateFrame {
  bytes: Uint8Array = new Uint8Array(0);
  withdrawnAt = 0;
  withdrawnEnd = 0;
  attributesAt = 0;
  /** End of the attributes that could be delimited; the NLRI start where the total length says. */
  attributesEnd = 0;
  nlriAt = 0;
  nlriEnd = 0;
  /** The MP_REACH_NLRI attribute: its header, its end, and its fields. */
  reachAt = 0;
  reachEnd = 0;
  reachFlags = 0;
  reachAfi = 0;
  reachSafi = 0;
  reachNextHopAt = 0;
  reachNextHopLength = 0;
  reachNlriAt = 0;
  reachNlriEnd = 0;
  /** The MP_UNREACH_NLRI attribute likewise. */
  unreachAt = 0;
  unreachEnd = 0;
  unreachFlags = 0;
  unreachAfi = 0;
  unreachSafi = 0;
  unreachNlriAt = 0;
  unreachNlriEnd = 0;

  /** Octets of all attributes except MP_REACH_NLRI and MP_UNREACH_NLRI. */
  get attributeOctets(): number {
    const { reachAt, unreachAt } = this;
    let octets = this.attributesEnd - this.attributesAt;
    if (reachAt !== 0) octets -= this.reachEnd - reachAt;
    if (unreachAt !== 0) octets -= this.unreachEnd - unreachAt;
    return octets;
  }

  /**
   * Copies the attributes except MP_REACH_NLRI and MP_UNREACH_NLRI, in the order they came in, to `target` at `at`.
   * @returns the offset behind the last octet written
   */
  copyAttributes(target: Uint8Array, at: number): number {
    const { bytes, reachAt, unreachAt } = this;
    let from = this.attributesAt;
    let to = at;
    for (;;) {
      const cut = nextCut(from, reachAt, unreachAt);
      const until = cut === 0 ? this.attributesEnd : cut;
      for (; from < until;) target[to++] = bytes[from++]!;
      if (cut === 0) return to;
      from = cut === reachAt ? this.reachEnd : this.unreachEnd;
    }
  }

  /** Whether the message is an End-of-RIB, and then of which AFI and SAFI as `afi << 8 | safi`; 0 otherwise. @see RFC 4724 §2 */
  get endOfRib(): number {
    if (this.withdrawnEnd !== this.withdrawnAt || this.nlriEnd !== this.nlriAt) return 0;
    if (this.attributesEnd === this.attributesAt) return (1 << 8) | 1;
    if (this.unreachAt === 0 || this.unreachNlriAt !== this.unreachNlriEnd) return 0;
    if (this.unreachEnd - this.unreachAt !== this.attributesEnd - this.attributesAt) return 0;
    return (this.unreachAfi << 8) | this.unreachSafi;
  }
}

function nextCut(from: number, reachAt: number, unreachAt: number): number {
  const reach = reachAt >= from ? reachAt : 0;
  const unreach = unreachAt >= from ? unreachAt : 0;
  if (reach === 0 || unreach === 0) return reach | unreach;
  return reach < unreach ? reach : unreach;
}

/**
 * Finds the parts of the UPDATE whose header starts at `start` and which ends before `end`.
 *
 * Only what is needed to delimit the parts is checked here; attribute values, flags and NLRI are not looked at.
 * With `treat-as-withdraw` the frame is usable: withdrawn routes, NLRI, and the attributes in front of the one that
 * overran. With `session-reset` it is not.
 * @see RFC 4271 §6.3, RFC 7606 §3 (g), §4, §5.3
 */
export function locateUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  frame: UpdateFrame,
): UpdateProblem | undefined {
  frame.bytes = bytes;
  frame.reachAt = 0;
  frame.unreachAt = 0;
  let at = start + HEADER_OCTETS;
  if (end - at < 4) return lengths('the message is too short for its two length fields');
  const withdrawnLength = (bytes[at]! << 8) | bytes[at + 1]!;
  at += 2;
  if (withdrawnLength > end - at - 2)
    return lengths(`${withdrawnLength} octets of withdrawn routes pass the end`);
  frame.withdrawnAt = at;
  at += withdrawnLength;
  frame.withdrawnEnd = at;
  const attributesLength = (bytes[at]! << 8) | bytes[at + 1]!;
  at += 2;
  if (attributesLength > end - at) return lengths(`${attributesLength} octets of attributes pass the end`);
  frame.attributesAt = at;
  const attributesEnd = at + attributesLength;
  frame.attributesEnd = attributesEnd;
  frame.nlriAt = attributesEnd;
  frame.nlriEnd = end;

  while (at < attributesEnd) {
    const header = at;
    if (attributesEnd - at < 3) return overrun(frame, header, 'the header of the last attribute is cut off');
    const flags = bytes[at]!;
    const code = bytes[at + 1]!;
    let length = bytes[at + 2]!;
    at += 3;
    if ((flags & EXTENDED_LENGTH) !== 0) {
      if (at === attributesEnd) return overrun(frame, header, 'the header of the last attribute is cut off');
      length = (length << 8) | bytes[at++]!;
    }
    if (length > attributesEnd - at) {
      if (code === MP_REACH || code === MP_UNREACH) return cutOff(code, length);
      return overrun(frame, header, `attribute ${code} of ${length} octets passes the end of the attributes`);
    }
    if (code === MP_REACH) {
      if (frame.reachAt !== 0) return repeated(mpReach);
      if (length < SHORTEST_REACH) return tooShort(mpReach, length);
      const nextHopLength = bytes[at + 3]!;
      if (nextHopLength > length - SHORTEST_REACH) {
        return updateProblem(
          'session-reset',
          updateSubcode.optionalAttribute,
          `a next hop of ${nextHopLength} octets passes the end of the attribute`,
          mpReach,
          problemData(bytes, header, at + length),
        );
      }
      frame.reachAt = header;
      frame.reachEnd = at + length;
      frame.reachFlags = flags;
      frame.reachAfi = (bytes[at]! << 8) | bytes[at + 1]!;
      frame.reachSafi = bytes[at + 2]!;
      frame.reachNextHopAt = at + 4;
      frame.reachNextHopLength = nextHopLength;
      frame.reachNlriAt = at + SHORTEST_REACH + nextHopLength;
      frame.reachNlriEnd = at + length;
    } else if (code === MP_UNREACH) {
      if (frame.unreachAt !== 0) return repeated(mpUnreach);
      if (length < SHORTEST_UNREACH) return tooShort(mpUnreach, length);
      frame.unreachAt = header;
      frame.unreachEnd = at + length;
      frame.unreachFlags = flags;
      frame.unreachAfi = (bytes[at]! << 8) | bytes[at + 1]!;
      frame.unreachSafi = bytes[at + 2]!;
      frame.unreachNlriAt = at + SHORTEST_UNREACH;
      frame.unreachNlriEnd = at + length;
    }
    at += length;
  }
  return undefined;
}

function lengths(because: string): UpdateProblem {
  return updateProblem('session-reset', updateSubcode.malformedAttributeList, because);
}

/**
 * RFC 7606 §4: the total length still tells where the NLRI begin, so the routes can be withdrawn. When none are there,
 * they may have been in what was lost, and the session ends (§5.2).
 */
function overrun(frame: UpdateFrame, header: number, because: string): UpdateProblem {
  frame.attributesEnd = header;
  const announces =
    frame.nlriAt !== frame.nlriEnd || (frame.reachAt !== 0 && frame.reachNlriAt !== frame.reachNlriEnd);
  if (announces) return updateProblem('treat-as-withdraw', updateSubcode.attributeLength, because);
  const lost = `${because}, and no routes are there to withdraw`;
  return updateProblem('session-reset', updateSubcode.attributeLength, lost);
}

/** RFC 7606 §3 (j): routes that cannot be parsed cannot be withdrawn either. */
function cutOff(code: number, length: number): UpdateProblem {
  const which = code === MP_REACH ? mpReach : mpUnreach;
  return updateProblem(
    'session-reset',
    updateSubcode.attributeLength,
    `${length} octets pass the end of the attributes`,
    which,
  );
}

/** RFC 7606 §3 (g). */
function repeated(which: typeof mpReach | typeof mpUnreach): UpdateProblem {
  return updateProblem(
    'session-reset',
    updateSubcode.malformedAttributeList,
    'the attribute appears twice',
    which,
  );
}

/** RFC 7606 §5.3. */
function tooShort(which: typeof mpReach | typeof mpUnreach, length: number): UpdateProblem {
  return updateProblem(
    'session-reset',
    updateSubcode.optionalAttribute,
    `${length} octets are too few`,
    which,
  );
}
