/** Route targets and lists of them as small numbers, so that "do they meet?" is asked once per list and not per route. */
import { copyOctets, isRouteTarget } from '@vaportrail/net';

const OCTETS = 8;

/**
 * Numbers route targets from 1, and lists of them from 1; list 0 is the empty one. Both are counted by who uses them and
 * their numbers are given out again, because any peer can make up as many as it likes.
 */
export class RouteTargets {
  /** By the upper and then the lower four octets. */
  readonly #numbers = new Map<number, Map<number, number>>();
  readonly #octets: Uint8Array[] = [new Uint8Array(OCTETS)];
  readonly #references: number[] = [0];
  readonly #freed: number[] = [];
  readonly #listNumbers = new Map<string | number, number>();
  readonly #lists: (readonly number[])[] = [[]];
  readonly #listReferences: number[] = [0];
  readonly #freedLists: number[] = [];
  /** Told when the number of a list is given up. */
  readonly listFreed: ((list: number) => void)[] = [];

  /** Route targets in use. */
  get size(): number {
    return this.#octets.length - 1 - this.#freed.length;
  }

  /** The number of the route target at an offset, held until {@link release}. */
  acquire(bytes: Uint8Array, at = 0): number {
    const upper = word(bytes, at);
    const lower = word(bytes, at + 4);
    let byLower = this.#numbers.get(upper);
    if (byLower === undefined) this.#numbers.set(upper, (byLower = new Map()));
    let number = byLower.get(lower);
    if (number === undefined) {
      number = this.#freed.pop() ?? this.#octets.length;
      byLower.set(lower, number);
      this.#octets[number] = copyOctets(bytes, at, at + OCTETS);
      this.#references[number] = 0;
    }
    this.#references[number]!++;
    return number;
  }

  /** One who held a route target does not any more. */
  release(number: number): void {
    if (--this.#references[number]! > 0) return;
    const octets = this.#octets[number]!;
    const upper = word(octets, 0);
    const byLower = this.#numbers.get(upper)!;
    byLower.delete(word(octets, 4));
    if (byLower.size === 0) this.#numbers.delete(upper);
    this.#freed.push(number);
  }

  /** The number of a route target if it has one. */
  known(bytes: Uint8Array, at = 0): number | undefined {
    return this.#numbers.get(word(bytes, at))?.get(word(bytes, at + 4));
  }

  /** The eight octets of a route target. */
  octets(number: number): Uint8Array {
    return this.#octets[number]!;
  }

  /** The list of the route targets among the extended communities in `bytes[at…end)`, held until {@link releaseList}. */
  acquireList(bytes: Uint8Array, at: number, end: number): number {
    const targets: number[] = [];
    for (; at + OCTETS <= end; at += OCTETS)
      if (isRouteTarget(bytes, at)) targets.push(this.acquire(bytes, at));
    if (targets.length === 0) return 0;
    const key = keyOf(targets);
    let list = this.#listNumbers.get(key);
    if (list === undefined) {
      list = this.#freedLists.pop() ?? this.#lists.length;
      this.#listNumbers.set(key, list);
      this.#lists[list] = targets;
      this.#listReferences[list] = 0;
    } else for (const target of targets) this.release(target);
    this.#listReferences[list]!++;
    return list;
  }

  /** One who held a list does not any more. */
  releaseList(list: number): void {
    if (list === 0 || --this.#listReferences[list]! > 0) return;
    const targets = this.#lists[list]!;
    this.#listNumbers.delete(keyOf(targets));
    this.#freedLists.push(list);
    for (const freed of this.listFreed) freed(list);
    for (const target of targets) this.release(target);
  }

  /** The route targets of a list. */
  list(number: number): readonly number[] {
    return this.#lists[number]!;
  }
}

/** Equal for equal lists; no text for the short ones that most routes have. */
function keyOf(targets: readonly number[]): string | number {
  if (targets.length > 2) return targets.join();
  return targets[0]! + (targets[1] ?? 0) * 0x400_0000;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
