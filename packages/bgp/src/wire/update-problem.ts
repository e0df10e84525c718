/** What can be wrong with an UPDATE, and what RFC 7606 says to do about it. */
import { copyOctets } from '@vaportrail/net';
import { NotificationError, errorCode } from './notification.ts';

/** The four ways to handle an error, most severe first. @see RFC 7606 §2 */
export const approaches = [
  'session-reset',
  'afi-safi-disable',
  'treat-as-withdraw',
  'attribute-discard',
] as const;
/** One of {@link approaches}. */
export type Approach = (typeof approaches)[number];

/**
 * One error in one UPDATE. `code`, `subcode` and `data` are the NOTIFICATION that a session reset sends; they are
 * filled in for the milder approaches too, because operators know errors by these numbers.
 */
export interface UpdateProblem {
  readonly approach: Approach;
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** Type code of the attribute concerned, if it is one. */
  readonly attributeCode?: number;
  /** Its name as in `attributes`, or `attribute 99` when nobody knows it. */
  readonly attribute?: string;
  readonly because: string;
}

const noData = new Uint8Array(0);

/** Most octets of a wrong attribute that go into a NOTIFICATION, which then fits 4096. */
const MAX_PROBLEM_DATA = 4000;

/** The octets of a wrong attribute for a NOTIFICATION. @see RFC 4271 §6.3 */
export function problemData(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return copyOctets(bytes, start, Math.min(end, start + MAX_PROBLEM_DATA));
}

/** A problem that is told as an UPDATE Message Error. */
export function updateProblem(
  approach: Approach,
  subcode: number,
  because: string,
  attribute?: { readonly code: number; readonly name: string },
  data: Uint8Array = noData,
): UpdateProblem {
  const problem = { approach, code: errorCode.update, subcode, data, because };
  return attribute === undefined
    ? problem
    : { ...problem, attributeCode: attribute.code, attribute: attribute.name };
}

/** The problem that decides what happens to the message; of equally severe ones the first. @see RFC 7606 §3 (h) */
export function mostSevere(problems: readonly UpdateProblem[]): UpdateProblem | undefined {
  let worst: UpdateProblem | undefined;
  for (const problem of problems) {
    if (worst === undefined || approaches.indexOf(problem.approach) < approaches.indexOf(worst.approach))
      worst = problem;
  }
  return worst;
}

/** The NOTIFICATION that a problem becomes when it resets the session. */
export function notificationOf(problem: UpdateProblem): NotificationError {
  return new NotificationError(problem.code, problem.subcode, problem.data, problem.because);
}
