/** What is decided once about every new attribute set: is it right, does it loop, what does policy say, which route targets. */
import { discardAttributes, validateAttributes } from '@vaportrail/bgp/wire';
import { SET_FEASIBILITY, SET_TARGETS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import type { AttributeSet } from './attribute-set.ts';
import { type Infeasible, infeasibleNumber } from './feasibility.ts';
import type { RouteStore } from './route-store.ts';

/** Mark of a set whose NLRI stood in the classic field of the UPDATE, so that NEXT_HOP is mandatory. */
export const MARK_CLASSIC = 1;
/** Mark of a set in which nothing is to be checked any more. */
export const MARK_FINAL = 2;
/** From this bit of the mark on, why the one who announced the set said it is infeasible. */
const MARK_REASON_SHIFT = 4;

export function finalMark(infeasible: Infeasible | undefined): number {
  return MARK_FINAL | (infeasibleNumber(infeasible) << MARK_REASON_SHIFT);
}

/** Fills in what the record of a new set says about it. */
export function classify(store: RouteStore, set: number): void {
  const { pool, targets } = store;
  const source = pool.source(set);
  store.setsOf[source] = (store.setsOf[source] ?? 0) + 1;
  const view = store.sets.view(set, 0, undefined);
  const mark = pool.mark(set);
  let reason = mark >>> MARK_REASON_SHIFT;
  if ((mark & MARK_FINAL) === 0) reason = examine(store, set, view);
  pool.words[(set << SET_WORDS_SHIFT) + SET_FEASIBILITY] = reason;
  pool.words[(set << SET_WORDS_SHIFT) + SET_TARGETS] = targets.listOf(view.attributes.extendedCommunities);
}

/** Forgets what {@link classify} noted besides the record. */
export function declassify(store: RouteStore, set: number): void {
  store.setsOf[store.pool.source(set)]!--;
  store.problems.delete(set);
}

function examine(store: RouteStore, set: number, view: AttributeSet): number {
  const { source } = view;
  const right = validated(store, set, view);
  if (right === undefined) return infeasibleNumber('treat-as-withdraw');
  const looped = loop(store, view);
  if (looped !== undefined) return infeasibleNumber(looped);
  const verdict = source.importPolicy?.(view);
  if (verdict?.action === 'reject') return infeasibleNumber('rejected-by-policy');
  const attributes = verdict?.action === 'modify' ? verdict.attributes : right;
  const nextHop = (verdict?.action === 'modify' ? verdict.nextHop : undefined) ?? view.nextHop;
  if (attributes === view.attributes.bytes && nextHop === view.nextHop) return 0;
  store.pool.replace(set, store.pool.internBytes(attributes, nextHop, source.number, MARK_FINAL));
  return 0;
}

/** The attributes without those to be discarded, `undefined` when the routes are to be treated as withdrawn. */
function validated(
  store: RouteStore,
  set: number,
  { source, attributes }: AttributeSet,
): Uint8Array | undefined {
  const { bytes } = attributes;
  if (source.protocol !== 'bgp') return bytes;
  const problems = validateAttributes(bytes, 0, bytes.length, {
    asn4: source.asn4,
    internal: source.internal,
    announces: (store.pool.mark(set) & MARK_CLASSIC) !== 0 ? 'nlri' : 'mp',
  });
  if (problems.length === 0) return bytes;
  store.problems.set(set, problems);
  if (problems.some(({ approach }) => approach !== 'attribute-discard')) return undefined;
  return discardAttributes(bytes, problems);
}

/** @see RFC 4271 §9.1.2, RFC 4456 §8 */
function loop({ identity }: RouteStore, { attributes, source }: AttributeSet): Infeasible | undefined {
  if (source.protocol !== 'bgp') return undefined;
  for (const { asns } of attributes.asPath) if (asns.includes(identity.asn)) return 'as-path-loop';
  if (attributes.originatorId === identity.routerId) return 'originator-id-loop';
  const clusterId = identity.clusterId ?? identity.routerId;
  return attributes.clusterList.includes(clusterId) ? 'cluster-list-loop' : undefined;
}
