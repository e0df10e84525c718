/** Route targets and lists of them as small numbers, so that "do they meet?" is asked once per list and not per route. */
import { copyOctets, isRouteTarget } from '@vaportrail/net';

const OCTETS = 8;

/**
 * Numbers route targets from 1, and lists of them from 1; list 0 is the empty one. Both are counted by who uses them and
 * their numbers are given out again, because any peer can make up as many as it likes.
 */
export class RouteTargets {
  readonly #numbers = new Map<string, number>();
  readonly #octets: Uint8Array[] = [new Uint8Array(OCTETS)];
  readonly #references: number[] = [0];
  readonly #freed: number[] = [];
  readonly #listNumbers = new Map<string, number>();
  readonly #lists: (readonly number[])[] = [[]];
  readonly #listReferences: number[] = [0];
  readonly #freedLists: number[] = [];
  /** Told when the number of a list is given up. */
  readonly listFreed: ((list: number) => void)[] = [];

  /** Route targets in use. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The number of the route target at an offset, held until {@link release}. */
  acquire(bytes: Uint8Array, at = 0): number {
    const key = latin1(bytes, at);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#freed.pop() ?? this.#octets.length;
      this.#numbers.set(key, number);
      this.#octets[number] = copyOctets(bytes, at, at + OCTETS);
      this.#references[number] = 0;
    }
    this.#references[number]!++;
    return number;
  }

  release(number: number): void {
    if (--this.#references[number]! > 0) return;
    this.#numbers.delete(latin1(this.#octets[number]!, 0));
    this.#freed.push(number);
  }

  /** The number of a route target if it has one. */
  known(bytes: Uint8Array, at = 0): number | undefined {
    return this.#numbers.get(latin1(bytes, at));
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
    const key = targets.length === 1 ? String(targets[0]) : targets.join();
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

  releaseList(list: number): void {
    if (list === 0 || --this.#listReferences[list]! > 0) return;
    const targets = this.#lists[list]!;
    this.#listNumbers.delete(targets.join());
    this.#freedLists.push(list);
    for (const freed of this.listFreed) freed(list);
    for (const target of targets) this.release(target);
  }

  /** The route targets of a list. */
  list(number: number): readonly number[] {
    return this.#lists[number]!;
  }
}

function latin1(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    bytes[at]!,
    bytes[at + 1]!,
    bytes[at + 2]!,
    bytes[at + 3]!,
    bytes[at + 4]!,
    bytes[at + 5]!,
    bytes[at + 6]!,
    bytes[at + 7]!,
  );
}
