/** Route targets and lists of them as small numbers, so that "do they meet?" is asked once per list and not per route. */
import { copyOctets, isRouteTarget } from '@vaportrail/net';

const OCTETS = 8;

/** Numbers route targets from 1, and lists of them from 1; list 0 is the empty one. */
export class RouteTargets {
  readonly #numbers = new Map<string, number>();
  readonly #octets: Uint8Array[] = [new Uint8Array(OCTETS)];
  readonly #listNumbers = new Map<string, number>();
  readonly #lists: (readonly number[])[] = [[]];

  /** The number of the route target at an offset. */
  number(bytes: Uint8Array, at = 0): number {
    const key = latin1(bytes, at);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#octets.length;
      this.#numbers.set(key, number);
      this.#octets.push(copyOctets(bytes, at, at + OCTETS));
    }
    return number;
  }

  /** Its number if it has one. */
  known(bytes: Uint8Array, at = 0): number | undefined {
    return this.#numbers.get(latin1(bytes, at));
  }

  /** The eight octets of a route target. */
  octets(number: number): Uint8Array {
    return this.#octets[number]!;
  }

  /** The number of the list of the route targets among the extended communities in `bytes[at…end)`. */
  listOf(bytes: Uint8Array, at: number, end: number): number {
    const targets: number[] = [];
    for (; at + OCTETS <= end; at += OCTETS) {
      if (isRouteTarget(bytes, at)) targets.push(this.number(bytes, at));
    }
    if (targets.length === 0) return 0;
    const key = targets.length === 1 ? String(targets[0]) : targets.join();
    let list = this.#listNumbers.get(key);
    if (list === undefined) {
      list = this.#lists.length;
      this.#listNumbers.set(key, list);
      this.#lists.push(targets);
    }
    return list;
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
