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

/** One prefix. The first path is the one in use. */
export class Route {
  readonly prefix: string;
  readonly paths: Path[] = [];

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get active(): Path | undefined {
    return this.paths[0];
  }

  path(source: PathSource): Path | undefined {
    return this.paths.find((path) => path.source === source);
  }

  /** Puts a path in its place, instead of an earlier one of the same source, which it yields. */
  set(path: Path): Path | undefined {
    const before = this.remove(path.source);
    let at = 0;
    while (at < this.paths.length && !isBetter(path, this.paths[at]!)) at++;
    this.paths.splice(at, 0, path);
    return before;
  }

  remove(source: PathSource): Path | undefined {
    const at = this.paths.findIndex((path) => path.source === source);
    return at < 0 ? undefined : this.paths.splice(at, 1)[0];
  }

  /** Puts the paths in order again after one became stale or fresh. */
  sort(): void {
    this.paths.sort((a, b) => (isBetter(a, b) ? -1 : 1));
  }
}

/**
 * Whether a path forwards rather than another: usable before unusable, learned before local, confirmed before stale,
 * higher preference, newer sequence number, then the rank of the source. Learned paths come first because only control
 * nodes know all backends of an address; what they reflect of this node leads back to its own interfaces.
 */
function isBetter(a: Path, b: Path): boolean {
  if ((a.nextHop.type === 'discard') !== (b.nextHop.type === 'discard')) return b.nextHop.type === 'discard';
  if ((a.received === undefined) !== (b.received === undefined)) return b.received === undefined;
  if (a.stale !== b.stale) return b.stale;
  if (a.preference !== b.preference) return a.preference > b.preference;
  if (a.sequence !== b.sequence) return a.sequence > b.sequence;
  return a.source.rank < b.source.rank;
}
