/** The paths of one table, counted, and what they hold: attribute sets, origins, NLRI that say more than their key. */
import { SET_SOURCE, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { pathFlag } from './destinations.ts';
import { enlarged } from './packed-array.ts';
import type { RouteStore } from './route-store.ts';

/** Told about every path that comes to or leaves a table. */
export type PathObserver = (destination: number, set: number, comes: boolean) => void;

/** Told when the first path of a source, by its number, has come to a table, and when the last one has left. */
export type SourceObserver = (source: number, isThere: boolean) => void;

/** Told of every path that comes, goes or changes; counts references for the pools of the `Rib`. */
export class PathCensus {
  observer: PathObserver | undefined;
  paths = 0;
  secondary = 0;
  infeasible = 0;
  stale = 0;
  /** How often a path was not taken, as its source has too many of the destination. */
  refused = 0;
  readonly #store: RouteStore;
  readonly #hasPayloads: boolean;
  readonly #sourceObserver: SourceObserver;
  #bySource: Int32Array = new Int32Array(16);

  /** @param hasPayloads where other families have a label there is the number of a payload */
  constructor(store: RouteStore, hasPayloads: boolean, sourceObserver: SourceObserver) {
    this.#store = store;
    this.#hasPayloads = hasPayloads;
    this.#sourceObserver = sourceObserver;
  }

  /** Paths of a source, by its number, that came into being here; copies follow their originals. */
  of(source: number): number {
    return this.#bySource[source] ?? 0;
  }

  /** A path has come into being. */
  came(destination: number, set: number, label: number, discriminator: number): void {
    const { pool, discriminators, payloads } = this.#store;
    pool.acquire(set);
    const source = pool.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    if (source >= this.#bySource.length) this.#bySource = enlarged(this.#bySource, source + 1);
    if ((label & pathFlag.secondary) !== 0) discriminators.acquire(discriminator);
    else if (this.#bySource[source]!++ === 0) this.#sourceObserver(source, true);
    if (this.#hasPayloads) payloads.acquire(label >>> 8);
    this.paths++;
    this.secondary += bit(label, pathFlag.secondary);
    this.infeasible += bit(label, pathFlag.infeasible);
    if (this.observer !== undefined) this.observer(destination, set, true);
  }

  /** A path is gone. */
  left(destination: number, set: number, label: number, discriminator: number): void {
    const { pool, discriminators, payloads } = this.#store;
    const source = pool.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    if ((label & pathFlag.secondary) !== 0) discriminators.release(discriminator);
    else if (--this.#bySource[source]! === 0) this.#sourceObserver(source, false);
    if (this.#hasPayloads) payloads.release(label >>> 8);
    this.paths--;
    this.secondary -= bit(label, pathFlag.secondary);
    this.infeasible -= bit(label, pathFlag.infeasible);
    this.stale -= bit(label, pathFlag.stale);
    if (this.observer !== undefined) this.observer(destination, set, false);
    pool.release(set);
  }

  /** A path has another attribute set or label; it is not stale any more. */
  replaced(destination: number, oldSet: number, oldLabel: number, set: number, label: number): void {
    if (oldSet !== set) {
      const { pool } = this.#store;
      if (this.observer !== undefined) this.observer(destination, oldSet, false);
      pool.acquire(set);
      pool.release(oldSet);
      if (this.observer !== undefined) this.observer(destination, set, true);
    }
    this.infeasible += bit(label, pathFlag.infeasible) - bit(oldLabel, pathFlag.infeasible);
    this.stale -= bit(oldLabel, pathFlag.stale);
    if (this.#hasPayloads) {
      this.#store.payloads.acquire(label >>> 8);
      this.#store.payloads.release(oldLabel >>> 8);
    }
  }

  /** A path has other flags. */
  relabelled(oldLabel: number, label: number): void {
    this.infeasible += bit(label, pathFlag.infeasible) - bit(oldLabel, pathFlag.infeasible);
    this.stale += bit(label, pathFlag.stale) - bit(oldLabel, pathFlag.stale);
  }
}

function bit(word: number, flag: number): number {
  return (word & flag) !== 0 ? 1 : 0;
}
