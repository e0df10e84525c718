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

export class Discriminators {
  readonly #distinguishers: RouteDistinguishers;
  readonly #origins: Origin[] = [{ table: 0, distinguisher: 0, pathId: 0 }];
  /** Numbers by path identifier and then by table and route distinguisher. */
  readonly #numbers = new Map<number, Map<number, number>>();

  constructor(distinguishers: RouteDistinguishers) {
    this.#distinguishers = distinguishers;
  }

  /** The number of an origin. */
  number(table: number, distinguisher: number, pathId: number): number {
    let byPlace = this.#numbers.get(pathId);
    if (byPlace === undefined) this.#numbers.set(pathId, (byPlace = new Map()));
    const place = table * 0x400_0000 + distinguisher;
    let number = byPlace.get(place);
    if (number === undefined) {
      number = this.#origins.length;
      this.#origins.push({ table, distinguisher, pathId });
      byPlace.set(place, number);
    }
    return number;
  }

  /** The origin of a replicated path. */
  origin(number: number): Origin {
    return this.#origins[number]!;
  }

  /** The octets of the route distinguisher behind a replicated path. */
  routeDistinguisher(discriminator: number, flags: number): Uint8Array | undefined {
    if ((flags & pathFlag.secondary) === 0) return undefined;
    const { distinguisher } = this.#origins[discriminator]!;
    return distinguisher === 0 ? undefined : this.#distinguishers.bytes(distinguisher);
  }
}
