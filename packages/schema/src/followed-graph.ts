/** All configuration objects in memory, and those who are told what happens to them. */
import { eventOf, type ConfigEvent, type Configuration } from './config-event.ts';
import { ConfigFollowers } from './config-followers.ts';
import type { ConfigObject } from './config-object.ts';
import { ObjectGraph } from './object-graph.ts';

/** What is put and removed is told after it is in the graph. */
export class FollowedGraph implements Configuration {
  readonly graph = new ObjectGraph();
  readonly #followers: ConfigFollowers;
  #sequence = 0;

  /** @param failed is told what a follower threw */
  constructor(failed: (error: unknown) => void) {
    this.#followers = new ConfigFollowers(failed);
  }

  /** How many events there were: grows with every change. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#followers.add(changed);
  }

  /** Takes in an object as it is now, and tells of it where it was another. */
  take(object: ConfigObject): void {
    const before = this.graph.get(object.uuid);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(object)) return;
    const kept = this.graph.compact(object);
    this.graph.put(kept);
    this.tell(eventOf(before, kept));
  }

  /** Lets go of an object, if it is there, and tells of it. */
  lose(uuid: string): void {
    const object = this.graph.remove(uuid);
    if (object !== undefined) this.tell(eventOf(object, undefined));
  }

  /** Tells those who follow of an event that the graph shows already. */
  tell(event: ConfigEvent): void {
    this.#sequence++;
    this.#followers.tell(event);
  }

  /** Nobody is told any more. */
  close(): void {
    this.#followers.clear();
  }
}
