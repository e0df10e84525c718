/** Hands the changes of a table, collapsed to the latest state, to somebody who looks at routes. */
import { type ChangeCursor, ENTRY_NUMBER } from './change-log.ts';
import type { Follower } from './follower.ts';
import { type Route, type RouteContext, readRoute } from './route.ts';

const CHUNK = 256;

/** Reads each destination that changed into a route for its follower. */
export class RouteFollower implements Follower {
  readonly #context: RouteContext;
  readonly #target: { changed(route: Route): void };
  readonly #cursor: ChangeCursor;
  /** Its own, because who is told may follow other tables and drain. */
  readonly #chunk = new Int32Array(CHUNK);
  #next: number;

  constructor(context: RouteContext, target: { changed(route: Route): void }, existing: boolean) {
    this.#context = context;
    this.#target = target;
    this.#cursor = context.packed.log.follow();
    this.#next = existing ? 1 : 0;
  }

  /** Begins to follow. @returns a function that ends it */
  start(): () => void {
    const { packed } = this.#context;
    packed.followers.push(this);
    packed.everyPath = true;
    packed.touch();
    return () => {
      packed.followers = packed.followers.filter((follower) => follower !== this);
      packed.log.unfollow(this.#cursor);
      packed.touch();
    };
  }

  get isPending(): boolean {
    return this.#next !== 0 || this.#context.packed.log.behind(this.#cursor) > 0;
  }

  work(budget: number): number {
    const { packed } = this.#context;
    let done = 0;
    // What the log still has to say is not said by the walk.
    for (; this.#next !== 0 && done < budget; done++) {
      const number = this.#next++;
      if (number >= packed.destinations.top) this.#next = 0;
      else if (packed.isOccupied(number) && !packed.log.isAhead(this.#cursor, number)) this.#hand(number);
    }
    while (this.#next === 0 && done < budget && packed.log.behind(this.#cursor) > 0) {
      const before = this.#cursor.position;
      const count = packed.log.read(this.#cursor, this.#chunk, Math.min(CHUNK, budget - done));
      done += (this.#cursor.position - before) | 0;
      for (let i = 0; i < count; i++) this.#hand(this.#chunk[i]! & ENTRY_NUMBER);
    }
    return done;
  }

  #hand(number: number): void {
    this.#target.changed(readRoute(this.#context, number, false));
  }
}
