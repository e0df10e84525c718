/** RFC 7606 for the attributes of one UPDATE: run once per attribute set, free of allocation while nothing is wrong. */
import { updateSubcode } from '../wire/notification.ts';
import { type UpdateProblem, problemData, updateProblem } from '../wire/update-problem.ts';
import { type CheckContext, type Fault, EXTENDED_LENGTH, OPTIONAL, TRANSITIVE } from './attribute.ts';
import { attributeByCode, attributes } from './table.ts';

/** Which fields of the message announce routes: they decide which attributes must be there. */
export type Announces = 'nothing' | 'nlri' | 'mp' | 'both';

/** What the checks of whole attribute blocks have to know. */
export interface ValidationContext extends CheckContext {
  readonly announces: Announces;
}

const right: readonly UpdateProblem[] = [];
/** In which call an attribute code was last seen, and last reported as repeated; a stamp instead of a set to clear. */
const seenIn = new Uint32Array(256);
const repeatedIn = new Uint32Array(256);
let call = 0;

/**
 * What is wrong with the attributes in `bytes[start…end)`, which do not include MP_REACH_NLRI and MP_UNREACH_NLRI;
 * an empty list when all is right. The most severe problem decides, see {@link mostSevere}.
 *
 * Checked are flags, lengths and values of the attributes known, repetition, unknown well-known attributes, and that
 * nothing mandatory is missing. When the message announces nothing, errors that would withdraw its routes reset the
 * session instead, as the routes may have been lost in the error.
 * @see RFC 7606 §3, §5.2, §7
 */
export function validateAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: ValidationContext,
): readonly UpdateProblem[] {
  let problems: UpdateProblem[] | undefined;
  const stamp = (call = (call + 1) >>> 0);
  let at = start;
  while (at < end) {
    const header = at;
    const flags = bytes[at]!;
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    const value = at + (extended ? 4 : 3);
    const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
    if (value > end || value + length > end) {
      problems = add(
        problems,
        updateProblem(
          'treat-as-withdraw',
          updateSubcode.attributeLength,
          'the last attribute passes the end',
        ),
      );
      break;
    }
    at = value + length;
    const code = bytes[header + 1]!;
    if (seenIn[code] === stamp) {
      if (repeatedIn[code] !== stamp) problems = add(problems, repeated(code));
      repeatedIn[code] = stamp;
      continue;
    }
    seenIn[code] = stamp;
    const known = attributeByCode[code];
    if (known === undefined) {
      if ((flags & OPTIONAL) === 0)
        problems = add(problems, unknownWellKnown(code, problemData(bytes, header, at)));
      continue;
    }
    const { row } = known;
    if ((flags & (OPTIONAL | TRANSITIVE)) !== row.flags) {
      problems = add(
        problems,
        updateProblem(
          row.wrongFlags ?? 'treat-as-withdraw',
          updateSubcode.attributeFlags,
          `flags 0x${flags.toString(16)} of an attribute that is ${flagsText(row.flags)}`,
          { code, name: known.name },
          problemData(bytes, header, at),
        ),
      );
      continue;
    }
    const fault = row.check(bytes, value, at, context);
    if (fault !== undefined && !isIgnored(code, fault, context)) {
      const approach = fault.approach ?? row.malformed;
      const named = { code, name: known.name };
      problems = add(
        problems,
        updateProblem(approach, fault.subcode, fault.because, named, problemData(bytes, header, at)),
      );
    }
  }
  problems = addMissing(problems, stamp, context);
  if (problems === undefined) return right;
  return context.announces === 'nothing' ? problems.map(hidden) : problems;
}

/**
 * A NEXT_HOP beside routes that all have theirs in MP_REACH_NLRI is ignored, so the address in it does not matter; its
 * length still does. @see RFC 4760 §3, RFC 7606 §7.3
 */
function isIgnored(code: number, { subcode }: Fault, { announces }: ValidationContext): boolean {
  return announces === 'mp' && code === attributes.nextHop.code && subcode === updateSubcode.invalidNextHop;
}

function add(problems: UpdateProblem[] | undefined, problem: UpdateProblem): UpdateProblem[] {
  if (problems === undefined) return [problem];
  problems.push(problem);
  return problems;
}

/** RFC 7606 §3 (d); NEXT_HOP belongs to the NLRI field, and LOCAL_PREF is required from the own AS. @see RFC 4271 §5 */
function addMissing(
  problems: UpdateProblem[] | undefined,
  stamp: number,
  { announces, internal }: ValidationContext,
): UpdateProblem[] | undefined {
  if (announces === 'nothing') return problems;
  let all = problems;
  if (seenIn[attributes.origin.code] !== stamp) all = add(all, missing('origin'));
  // RFC 8205 §4.1: a signed path stands in the place of AS_PATH.
  if (seenIn[attributes.asPath.code] !== stamp && seenIn[attributes.bgpsecPath.code] !== stamp)
    all = add(all, missing('asPath'));
  if (announces !== 'mp' && seenIn[attributes.nextHop.code] !== stamp) all = add(all, missing('nextHop'));
  if (internal === true && seenIn[attributes.localPref.code] !== stamp) all = add(all, missing('localPref'));
  return all;
}

function missing(name: 'origin' | 'asPath' | 'nextHop' | 'localPref'): UpdateProblem {
  const { code, title } = attributes[name];
  const data = Uint8Array.of(code);
  return updateProblem(
    'treat-as-withdraw',
    updateSubcode.missingWellKnown,
    `${title} is missing`,
    { code, name },
    data,
  );
}

/** RFC 7606 §3 (g): the first one counts. */
function repeated(code: number): UpdateProblem {
  const name = attributeByCode[code]?.name ?? `attribute ${code}`;
  const because = 'the attribute appears again';
  return updateProblem('attribute-discard', updateSubcode.malformedAttributeList, because, { code, name });
}

/** RFC 4271 §6.3. */
function unknownWellKnown(code: number, data: Uint8Array): UpdateProblem {
  const because = `attribute ${code} claims to be well-known`;
  const named = { code, name: `attribute ${code}` };
  return updateProblem('session-reset', updateSubcode.unrecognizedWellKnown, because, named, data);
}

/** RFC 7606 §5.2: attributes without routes, and one of them broken: the routes may be what broke. */
function hidden(problem: UpdateProblem): UpdateProblem {
  if (problem.approach !== 'treat-as-withdraw') return problem;
  return {
    ...problem,
    approach: 'session-reset',
    because: `${problem.because}, and no routes are there to withdraw`,
  };
}

function flagsText(flags: number): string {
  if ((flags & OPTIONAL) === 0) return 'well-known';
  return (flags & TRANSITIVE) === 0 ? 'optional non-transitive' : 'optional transitive';
}

/**
 * The attributes without those that the problems discard: attributes of the codes named, and repetitions. The same
 * array when there is nothing to take out.
 */
export function discardAttributes(bytes: Uint8Array, problems: readonly UpdateProblem[]): Uint8Array {
  const discards = problems.filter((problem) => problem.approach === 'attribute-discard');
  if (discards.length === 0) return bytes;
  const malformed = new Set<number>();
  for (const { attributeCode, subcode } of discards) {
    if (attributeCode !== undefined && subcode !== updateSubcode.malformedAttributeList)
      malformed.add(attributeCode);
  }
  const kept = new Uint8Array(bytes.length);
  const seen = new Set<number>();
  let to = 0;
  for (let at = 0; at + 3 <= bytes.length;) {
    const code = bytes[at + 1]!;
    const extended = (bytes[at]! & EXTENDED_LENGTH) !== 0;
    const length = extended ? 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!) : 3 + bytes[at + 2]!;
    if (!malformed.has(code) && !seen.has(code)) {
      kept.set(bytes.subarray(at, at + length), to);
      to += length;
    }
    seen.add(code);
    at += length;
  }
  return kept.slice(0, to);
}
