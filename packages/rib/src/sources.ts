/**
 * The sources of a `Rib` and their numbers. A source that is removed goes in steps: its paths first, in slices, and its
 * number, which a new source gets, when the last attribute set that carries it is gone.
 */
import type { RouteStore } from './route-store.ts';
import { Source, type SourceActions, type SourceOptions } from './source.ts';

/** One for a `Rib`. */
export class Sources {
  readonly #store: RouteStore;
  readonly #actions: SourceActions;
  readonly #freed: number[] = [];
  /** Gone, while their paths are not. */
  readonly #removed = new Set<Source>();
  /** Gone, while attribute sets still carry their numbers. */
  readonly #retiring = new Set<Source>();

  /** @param actions what is done on behalf of each source */
  constructor(store: RouteStore, actions: SourceActions) {
    this.#store = store;
    this.#actions = actions;
  }

  /** Makes a source, with a number that nobody has. */
  add(options: SourceOptions): Source {
    const number = this.#freed.pop() ?? this.#store.sources.length;
    const source = new Source(options, number, this.#actions);
    this.#store.sources[number] = source;
    return source;
  }

  /** Those that may have paths, by number. */
  all(): Source[] {
    return this.#store.sources.filter(
      (source) => source !== undefined && !this.#retiring.has(source),
    ) as Source[];
  }

  /** Whether a source has its number still; afterwards somebody else may have it. */
  has(source: Source): boolean {
    return this.#store.sources[source.number] === source;
  }

  /** The paths of a source shall go: {@link flushRemoved}. */
  remove(source: Source): void {
    if (this.has(source) && !this.#retiring.has(source)) this.#removed.add(source);
  }

  /** Whether there are sources that were removed and not handed to {@link flushRemoved} yet. */
  get isRemoving(): boolean {
    return this.#removed.size > 0;
  }

  /**
   * Hands up to `budget` removed sources to `flush`, which begins to take their paths away: thousands of agents may have gone
   * at once. @returns how many
   */
  flushRemoved(budget: number, flush: (source: Source) => void): number {
    let done = 0;
    for (const source of this.#removed) {
      if (done >= budget) break;
      done++;
      this.#removed.delete(source);
      flush(source);
    }
    return done;
  }

  /** The paths of a source are gone: its number is free once no attribute set carries it any more. */
  retire(source: Source): void {
    this.#retiring.add(source);
  }

  /** Whether numbers wait for the last attribute set that carries them. */
  get isRetiring(): boolean {
    return this.#retiring.size > 0;
  }

  /** Frees the numbers that no attribute set carries any more. */
  freeRetired(): void {
    for (const { number } of this.#retiring) {
      if ((this.#store.setsOf[number] ?? 0) > 0) continue;
      this.#retiring.delete(this.#store.sources[number]!);
      this.#store.sources[number] = undefined;
      this.#freed.push(number);
    }
  }
}
