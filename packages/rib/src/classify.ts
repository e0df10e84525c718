/** What is decided once about every new attribute set: is it right, does it loop, what does policy say. */
import {
  type UpdateProblem,
  discardAttributes,
  validateAttributes,
  wellKnownCommunity,
} from '@vaportrail/bgp/wire';
import { SET_FACTS, SET_FEASIBILITY, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { AttributeScan } from './attribute-scan.ts';
import { editedAttributes } from './edited-attributes.ts';
import { type Infeasible, infeasibleNumber } from './feasibility.ts';
import { isLeak, leakRules } from './route-leak.ts';
import type { RouteStore } from './route-store.ts';

/** Mark of a set whose NLRI stood in the classic field of the UPDATE, so that NEXT_HOP is mandatory. */
export const MARK_CLASSIC = 1;
/** Mark of a set in which nothing is to be checked any more. */
export const MARK_FINAL = 2;
/** Mark of a set whose NLRI are unicast routes of a peer with a role. @see RFC 9234 §5 */
export const MARK_GUARDED = 4;
/** From this bit of the mark on, why the one who announced the set said it is infeasible. */
const MARK_REASON_SHIFT = 4;

/** Mark of a set that is not examined, with the reason why it cannot be used, if there is one. */
export function finalMark(infeasible: Infeasible | undefined): number {
  return MARK_FINAL | (infeasibleNumber(infeasible) << MARK_REASON_SHIFT);
}

const ACCEPT_OWN = wellKnownCommunity['accept-own'];

const scan = new AttributeScan();
const none: readonly UpdateProblem[] = [];

/** Fills in what the record of a new set says about it. */
export function classify(store: RouteStore, set: number): void {
  const { pool } = store;
  const number = pool.source(set);
  store.setsOf[number] = (store.setsOf[number] ?? 0) + 1;
  const mark = pool.mark(set);
  const at = pool.attributesAt(set);
  scan.scan(pool.arena.bytes, at, at + pool.attributesLength(set));
  // Before policy may make another set of it, which is scanned as well.
  const { facts } = scan;
  const reason = (mark & MARK_FINAL) === 0 ? examine(store, set) : mark >>> MARK_REASON_SHIFT;
  const record = set << SET_WORDS_SHIFT;
  pool.words[record + SET_FEASIBILITY] = reason;
  pool.words[record + SET_FACTS] = facts;
}

/** Forgets what {@link classify} noted besides the record. */
export function declassify(store: RouteStore, set: number): void {
  store.setsOf[store.pool.source(set)]!--;
  store.releaseTargetList(set);
  store.problems.delete(set);
}

/** Checks a set that came from a peer, and has just been scanned; returns the number of the reason why it cannot be used. */
function examine(store: RouteStore, set: number): number {
  const { pool, identity } = store;
  const source = store.sources[pool.source(set)]!;
  const { arena } = pool;
  const at = pool.attributesAt(set);
  const end = at + pool.attributesLength(set);
  let problems = none;
  if (source.protocol === 'bgp') {
    problems = validateAttributes(arena.bytes, at, end, {
      asn4: source.asn4,
      internal: source.internal,
      announces: (pool.mark(set) & MARK_CLASSIC) !== 0 ? 'nlri' : 'mp',
    });
    if (problems.length > 0) {
      store.problems.set(set, problems);
      if (problems.some(({ approach }) => approach !== 'attribute-discard')) {
        return infeasibleNumber('treat-as-withdraw');
      }
    }
    // @see RFC 4271 §9.1.2, RFC 4456 §8
    if (scan.hasAs(identity.asn, source.asn4)) return infeasibleNumber('as-path-loop');
    // @see RFC 7611 §2.1
    if (scan.originatorId === identity.routerId && !scan.hasCommunity(ACCEPT_OWN))
      return infeasibleNumber('originator-id-loop');
    if (scan.hasCluster(identity.clusterId ?? identity.routerId))
      return infeasibleNumber('cluster-list-loop');
  }
  const { importPolicy, peerRole } = source;
  const role = (pool.mark(set) & MARK_GUARDED) === 0 ? undefined : peerRole;
  if (role !== undefined && isLeak(role, source.asn, scan.onlyToCustomer))
    return infeasibleNumber('route-leak');
  const marks = role !== undefined && leakRules[role].marksReceived && scan.onlyToCustomer < 0;
  // From elsewhere AIGP is as if it were not there. @see RFC 7311 §3.3
  const unwanted = !source.aigp && source.protocol === 'bgp' && scan.aigpAt >= 0;
  if (problems.length === 0 && importPolicy === undefined && !marks && !unwanted) return 0;
  const view = store.sets.view(set, 0, undefined);
  const { bytes } = view.attributes;
  const verdict = importPolicy?.(view);
  if (verdict?.action === 'reject') return infeasibleNumber('rejected-by-policy');
  let attributes = verdict?.action === 'modify' ? verdict.attributes : discardAttributes(bytes, problems);
  if (unwanted) attributes = editedAttributes(attributes, {}, ['aigp'], source.asn4);
  if (marks) attributes = editedAttributes(attributes, { onlyToCustomer: source.asn }, [], source.asn4);
  const nextHop = (verdict?.action === 'modify' ? verdict.nextHop : undefined) ?? view.nextHop;
  if (attributes !== bytes || nextHop !== view.nextHop) {
    pool.replace(set, pool.internBytes(attributes, nextHop, source.number, MARK_FINAL));
  }
  return 0;
}
