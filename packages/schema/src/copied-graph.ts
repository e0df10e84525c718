/** A copy of the configuration of a config node, made of the lines of its `/watch/objects`. */
import type { ConfigEvent, Configuration } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import { FollowedGraph } from './followed-graph.ts';
import type { ObjectGraph } from './object-graph.ts';
import { isObjectTypeName } from './object-type.ts';

/**
 * A line of `/watch/objects`: first every object there is, then `current`, then each change. `sequence` counts the writes
 * of the config node.
 */
export type ObjectLine =
  | { readonly type: 'object' | 'deleted'; readonly object: ConfigObject; readonly sequence?: number }
  | { readonly type: 'current'; readonly sequence: number };

/** One for a stream that may be begun again; what the stream does not say again is gone. */
export class CopiedGraph implements Configuration {
  readonly #objects: FollowedGraph;
  /** What the stream has not said again, while it says everything. */
  #unsaid = new Set<string>();
  #isComplete = false;

  /** @param failed is told what a follower threw */
  constructor(failed: (error: unknown) => void) {
    this.#objects = new FollowedGraph(failed);
  }

  /** The objects as of now. */
  get graph(): ObjectGraph {
    return this.#objects.graph;
  }

  /** Whether all of a stream has been copied once. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#objects.follow(changed);
  }

  /** Tells nobody any more. */
  close(): void {
    this.#objects.close();
  }

  /** Takes a line. The first of a stream begins to say everything: what is not said again until `current` is gone. */
  take(line: ObjectLine, first: boolean): void {
    if (first) this.#unsaid = new Set(this.graph.uuids());
    if (line.type === 'current') {
      for (const uuid of this.#unsaid) this.#objects.lose(uuid);
      this.#unsaid = new Set();
      this.#isComplete = true;
      return;
    }
    const { object } = line;
    this.#unsaid.delete(object.uuid);
    // A later config node may know types that this one does not.
    if (!isObjectTypeName(object.type)) return;
    if (line.type === 'deleted') this.#objects.lose(object.uuid);
    else this.#objects.take(object);
  }
}
