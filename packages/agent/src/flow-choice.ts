/** Which next hop takes a flow: the only one of its route, or a member of an ECMP set. */
import { type FiveTuple, chooseMember, flowHash } from './ecmp.ts';
import type { Leaf } from './flow.ts';
import type { Interface } from './interface.ts';
import type { CompositeNextHop, Member } from './next-hop.ts';
import type { Path } from './route.ts';

/** Or flows that chose a node's composite by a hash would all choose alike inside it. */
const LEAF_SEED = 0x9e37_79b9;

/** What a flow keeps to. */
export interface Choice {
  readonly leaf: Leaf;
  /** Place of the member; -1 without a choice. */
  readonly ecmpIndex: number;
}

/** An interface of this node as the only choice. */
export function homeOf(own: Interface): Choice {
  return { leaf: { nextHop: own.nextHop!, label: own.label! }, ecmpIndex: -1 };
}

/** The next hops a path offers, a single one as a list of one. */
export function membersOf({ nextHop, label }: Path): readonly Member[] {
  if (nextHop.type === 'composite') return nextHop.members;
  return nextHop.type === 'encap' || nextHop.type === 'tunnel' ? [{ nextHop, label }] : [];
}

/** The next hop for a flow; undefined when the path leads nowhere. */
export function choose(path: Path | undefined, flow: FiveTuple): Choice | undefined {
  if (path === undefined) return undefined;
  const members = membersOf(path);
  if (members.length === 0) return undefined;
  const fields = path.nextHop.type === 'composite' ? path.nextHop.hashFields : undefined;
  const index = chooseMember(members, flowHash(flow, fields));
  const member = members[index]!;
  const leaf = member.nextHop.type === 'composite' ? leafIn(member.nextHop, flow) : (member as Leaf);
  return { leaf, ecmpIndex: path.nextHop.type === 'composite' ? index : -1 };
}

/** The interface of a local composite for a flow. */
export function leafIn({ members }: CompositeNextHop, flow: FiveTuple): Leaf {
  return members[chooseMember(members, flowHash(flow, undefined, LEAF_SEED))] as Leaf;
}

/** Where a leaf is among members, itself or inside a local composite; -1 when it is gone. */
export function placeOf(members: readonly Member[], leaf: Leaf): number {
  return members.findIndex(({ nextHop, label }) =>
    nextHop.type === 'composite'
      ? placeOf(nextHop.members, leaf) >= 0
      : nextHop === leaf.nextHop && label === leaf.label,
  );
}
