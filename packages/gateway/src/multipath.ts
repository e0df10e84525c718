/**
 * The Multipath entry: when several paths of one prefix tie as far as the knob asks, they stay routing entries and one
 * more entry, for forwarding only, unites their legs.
 */
import { parsePrefix } from '@vaportrail/net';
import type { ForwardingLeg } from './forwarding-next-hop.ts';

/** Preference of the entry, behind that of every protocol. */
export const MULTIPATH_PREFERENCE = 255;

/** One path of the multipath set, as far as the entry needs it. */
export interface MultipathMember {
  readonly leg: ForwardingLeg;
  readonly med: number | undefined;
  /** Cost to its protocol next hop. */
  readonly metric2: number;
}

/** The `#[Multipath/255]` entry of a route: its ways out, each once. */
export interface MultipathEntry {
  readonly legs: readonly ForwardingLeg[];
  /** The leg an operator sees marked; traffic takes them all. */
  readonly selected: number;
  /** MED of the active path. */
  readonly metric: number | undefined;
  /** Cost to the nearest protocol next hop. */
  readonly metric2: number;
  /** When it came to be or its legs last changed, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The entry for a prefix, or undefined when fewer than two legs differ.
 * @param members the multipath set, the active path first
 * @param before the entry there was, whose age is kept while its legs are the same
 */
export function multipathEntry(
  prefix: string,
  members: readonly MultipathMember[],
  before: MultipathEntry | undefined,
  now: number,
): MultipathEntry | undefined {
  const [active] = members;
  const legs = distinctLegs(members.map(({ leg }) => leg));
  if (active === undefined || legs.length < 2) return undefined;
  const same = before !== undefined && legKeys(before.legs) === legKeys(legs);
  return {
    legs,
    selected: octetSum(prefix) % legs.length,
    metric: active.med,
    metric2: Math.min(...members.map(({ metric2 }) => metric2)),
    since: same ? before.since : now,
  };
}

/** Legs that lead out by the same interfaces with the same label are one. */
function distinctLegs(legs: readonly ForwardingLeg[]): ForwardingLeg[] {
  return [...new Map(legs.map((leg) => [legKey(leg), leg])).values()];
}

function legKey({ label, gateways }: ForwardingLeg): string {
  return `${label ?? ''} ${gateways.map(({ interface: name, address }) => `${name} ${address ?? ''}`).join(',')}`;
}

function legKeys(legs: readonly ForwardingLeg[]): string {
  return legs.map(legKey).join('; ');
}

/** Spreads the mark over the legs of different prefixes. */
function octetSum(prefix: string): number {
  return parsePrefix(prefix).bytes.reduce((sum, octet) => sum + octet, 0);
}
