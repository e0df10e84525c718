/** A copy of the configuration of a config node, made of the lines of its `/watch/objects`. */
import { eventOf, type ConfigEvent, type Configuration } from './config-event.ts';
import { ConfigFollowers } from './config-followers.ts';
import type { ConfigObject } from './config-object.ts';
import { ObjectGraph } from './object-graph.ts';
import { isObjectTypeName } from './object-type.ts';

/**
 * A line of `/watch/objects`: first every object there is, then `current`, then each change. `sequence` counts the writes
 * of the config node.
 */
export type ObjectLine =
  | { readonly type: 'object' | 'deleted'; readonly object: ConfigObject; readonly sequence?: number }
  | { readonly type: 'current'; readonly sequence: number };

export class CopiedGraph implements Configuration {
  readonly graph = new ObjectGraph();
  readonly #followers: ConfigFollowers;
  /** What the stream has not said again, while it says everything. */
  #unsaid = new Set<string>();
  #isComplete = false;

  /** @param failed is told what a follower threw */
  constructor(failed: (error: unknown) => void) {
    this.#followers = new ConfigFollowers(failed);
  }

  /** Whether all of a stream has been copied once. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#followers.add(changed);
  }

  /** Tells nobody any more. */
  close(): void {
    this.#followers.clear();
  }

  /** Takes a line. The first of a stream begins to say everything: what is not said again until `current` is gone. */
  take(line: ObjectLine, first: boolean): void {
    if (first) this.#unsaid = new Set(this.graph.uuids());
    if (line.type === 'current') {
      for (const uuid of this.#unsaid) this.#remove(uuid);
      this.#unsaid = new Set();
      this.#isComplete = true;
      return;
    }
    const { object } = line;
    this.#unsaid.delete(object.uuid);
    // A later config node may know types that this one does not.
    if (!isObjectTypeName(object.type)) return;
    if (line.type === 'deleted') this.#remove(object.uuid);
    else this.#put(object);
  }

  #put(object: ConfigObject): void {
    const before = this.graph.get(object.uuid);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(object)) return;
    this.graph.put(object);
    this.#followers.tell(eventOf(before, object));
  }

  #remove(uuid: string): void {
    const object = this.graph.remove(uuid);
    if (object !== undefined) this.#followers.tell(eventOf(object, undefined));
  }
}
