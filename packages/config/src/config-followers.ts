/** Those who are told what happens to configuration objects. */
import type { ConfigEvent } from '@vaportrail/schema';
import type { Log } from '@vaportrail/show';

/** Those who follow a configuration. One that fails is logged, and the others are told all the same. */
export class ConfigFollowers {
  readonly #followers = new Set<(event: ConfigEvent) => void>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  add(changed: (event: ConfigEvent) => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  clear(): void {
    this.#followers.clear();
  }

  tell(event: ConfigEvent): void {
    for (const changed of this.#followers) {
      try {
        changed(event);
      } catch (error) {
        this.#log.error({ error }, 'a follower of the configuration failed');
      }
    }
  }
}
