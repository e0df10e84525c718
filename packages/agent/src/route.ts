/** Routes of a VRF: what is known of one prefix, from whom, and which path forwards. */
import type { ItemAttributes } from '@vaportrail/xmpp';
import type { NextHop } from './next-hop.ts';

/** A control node writes 0 for the default. */
export const DEFAULT_LOCAL_PREFERENCE = 100;

/** Who a path comes from. Of two paths the one with the lower rank forwards, other things being equal. */
export interface PathSource {
  readonly name: string;
  /** Control nodes by their order in the configuration, then this node's interfaces, then its own routes. */
  readonly rank: number;
}

/** Paths of this node's interfaces, and of the node itself (subnets, gateway addresses). */
export const LOCAL_VM_PORT: PathSource = { name: 'LocalVmPort', rank: 1000 };
export const LOCAL: PathSource = { name: 'Local', rank: 2000 };

export interface Path {
  readonly source: PathSource;
  readonly nextHop: NextHop;
  /** The label towards a tunnel, the own label of a local path, -1 for composites and where there is none. */
  readonly label: number;
  /** What the control node said, shared by equal routes of the whole process; absent on local paths. */
  readonly received: ItemAttributes | undefined;
  readonly preference: number;
  /** Sequence number of the workload's moves. */
  readonly sequence: number;
  /** The session of the source in which the path was last confirmed; older ones are stale. */
  generation: number;
  stale: boolean;
}

const NO_PATHS: readonly Path[] = [];

/** One prefix. The first path is the one in use. Lists of paths are replaced, not changed: most have one. */
export class Route {
  readonly prefix: string;
  #paths = NO_PATHS;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get paths(): readonly Path[] {
    return this.#paths;
  }

  get active(): Path | undefined {
    return this.#paths[0];
  }

  /** The path of a source: there is one at the most. */
  path(source: PathSource): Path | undefined {
    return this.#paths.find((path) => path.source === source);
  }

  /** Puts a path in its place, instead of an earlier one of the same source, which it yields. */
  set(path: Path): Path | undefined {
    const before = this.remove(path.source);
    const at = this.#paths.findIndex((other) => isBetter(path, other));
    this.#paths = this.#paths.toSpliced(at < 0 ? this.#paths.length : at, 0, path);
    return before;
  }

  /** Takes the path of a source away, and yields it. */
  remove(source: PathSource): Path | undefined {
    const at = this.#paths.findIndex((path) => path.source === source);
    if (at < 0) return undefined;
    const removed = this.#paths[at];
    this.#paths = this.#paths.length === 1 ? NO_PATHS : this.#paths.toSpliced(at, 1);
    return removed;
  }

  /** Puts the paths in order again after one became stale or fresh. */
  sort(): void {
    this.#paths = this.#paths.toSorted((a, b) => (isBetter(a, b) ? -1 : 1));
  }
}

/** One reason to prefer a path: the greater value wins. `lost` tells why the other one does not forward. */
interface PreferenceStep {
  readonly name: string;
  readonly lost: string;
  readonly value: (path: Path) => number;
}

/**
 * Why a path forwards rather than another; the first difference decides. Learned paths come before local ones because
 * only control nodes know all backends of an address; what they reflect of this node leads back to its own interfaces.
 */
const steps: readonly PreferenceStep[] = [
  { name: 'usable', lost: 'leads nowhere', value: ({ nextHop }) => Number(nextHop.type !== 'discard') },
  { name: 'learned', lost: 'is of this node only', value: ({ received }) => Number(received !== undefined) },
  { name: 'fresh', lost: 'is stale', value: ({ stale }) => Number(!stale) },
  { name: 'preference', lost: 'has a lower preference', value: ({ preference }) => preference },
  { name: 'sequence', lost: 'has an older sequence number', value: ({ sequence }) => sequence },
  { name: 'source', lost: 'is of a source further down the list', value: ({ source }) => -source.rank },
];

function isBetter(a: Path, b: Path): boolean {
  for (const { value } of steps) {
    const difference = value(a) - value(b);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** Why a path does not forward while another of its route does. */
export function whyNotActive(path: Path, active: Path): { readonly step: string; readonly reason: string } {
  const step = steps.find(({ value }) => value(path) !== value(active)) ?? steps.at(-1)!;
  return { step: step.name, reason: step.lost };
}
