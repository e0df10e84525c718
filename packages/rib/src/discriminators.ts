/**
 * What tells apart several paths of one source to one destination.
 *
 * A primary path carries its ADD-PATH identifier as it is. A replicated path carries the number of an origin: the table
 * it comes from, the route distinguisher of the route there, and the ADD-PATH identifier it had.
 */
import { pathFlag } from './destinations.ts';
import type { RouteDistinguishers } from './route-distinguishers.ts';

/** Where a replicated path comes from. */
export interface Origin {
  /** Number of the table. */
  readonly table: number;
  /** Number of the route distinguisher of the path. */
  readonly distinguisher: number;
  readonly pathId: number;
}

/** Numbers origins from 1, counted by the paths that carry them; numbers are given out again after {@link collect}. */
export class Discriminators {
  readonly #distinguishers: RouteDistinguishers;
  readonly #origins: (Origin | undefined)[] = [undefined];
  readonly #references: number[] = [0];
  readonly #freed: number[] = [];
  readonly #unreferenced: number[] = [];
  /** Numbers by path identifier and then by table and route distinguisher. */
  readonly #numbers = new Map<number, Map<number, number>>();

  constructor(distinguishers: RouteDistinguishers) {
    this.#distinguishers = distinguishers;
  }

  /** Origins that have a number. */
  get size(): number {
    return this.#origins.length - 1 - this.#freed.length;
  }

  /** The number of an origin; {@link acquire} it before the next {@link collect}. */
  number(table: number, distinguisher: number, pathId: number): number {
    let byPlace = this.#numbers.get(pathId);
    if (byPlace === undefined) this.#numbers.set(pathId, (byPlace = new Map()));
    const place = placeOf(table, distinguisher);
    let number = byPlace.get(place);
    if (number === undefined) {
      number = this.#freed.pop() ?? this.#origins.length;
      this.#origins[number] = { table, distinguisher, pathId };
      this.#references[number] = 0;
      this.#unreferenced.push(number);
      this.#distinguishers.acquire(distinguisher);
      byPlace.set(place, number);
    }
    return number;
  }

  /** A path carries the number. */
  acquire(number: number): void {
    this.#references[number]!++;
  }

  /** A path does not carry it any more. */
  release(number: number): void {
    if (--this.#references[number]! === 0) this.#unreferenced.push(number);
  }

  /** Gives up the numbers that no path carries. */
  collect(): void {
    for (let number = this.#unreferenced.pop(); number !== undefined; number = this.#unreferenced.pop()) {
      const origin = this.#origins[number];
      if (origin === undefined || this.#references[number] !== 0) continue;
      const { table, distinguisher, pathId } = origin;
      const byPlace = this.#numbers.get(pathId)!;
      byPlace.delete(placeOf(table, distinguisher));
      if (byPlace.size === 0) this.#numbers.delete(pathId);
      this.#distinguishers.release(distinguisher);
      this.#origins[number] = undefined;
      this.#freed.push(number);
    }
  }

  /** The origin of a replicated path. */
  origin(number: number): Origin {
    return this.#origins[number]!;
  }

  /** The octets of the route distinguisher behind a replicated path. */
  routeDistinguisher(discriminator: number, flags: number): Uint8Array | undefined {
    if ((flags & pathFlag.secondary) === 0) return undefined;
    const { distinguisher } = this.origin(discriminator);
    return distinguisher === 0 ? undefined : this.#distinguishers.bytes(distinguisher);
  }
}

/** A table and a route distinguisher (26 bits) as one number. */
function placeOf(table: number, distinguisher: number): number {
  return table * 0x400_0000 + distinguisher;
}
