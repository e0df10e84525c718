/** Those who are told what happens to configuration objects. One that fails does not keep it from the others. */
import type { ConfigEvent } from './config-event.ts';

/** The followers of one configuration. */
export class ConfigFollowers {
  readonly #followers = new Set<(event: ConfigEvent) => void>();
  readonly #failed: (error: unknown) => void;

  /** @param failed is told what a follower threw */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  add(changed: (event: ConfigEvent) => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  /** Nobody is told any more. */
  clear(): void {
    this.#followers.clear();
  }

  /** Tells all of them, in the order in which they came. */
  tell(event: ConfigEvent): void {
    for (const changed of this.#followers) {
      try {
        changed(event);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
