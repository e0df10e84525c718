/** What happens to configuration objects, and those who are told of it. */
import type { Log } from '@vaportrail/show';
import type { ConfigObject } from './config-object.ts';

/** What happened to an object; the one that is gone carries its last state. */
export type ConfigEvent =
  | { readonly type: 'created'; readonly object: ConfigObject }
  | { readonly type: 'updated'; readonly object: ConfigObject; readonly before: ConfigObject }
  | { readonly type: 'deleted'; readonly object: ConfigObject };

/** The event between two states of an object, of which one at least is there. */
export function eventOf(before: ConfigObject | undefined, after: ConfigObject | undefined): ConfigEvent {
  if (after === undefined) return { type: 'deleted', object: before! };
  return before === undefined
    ? { type: 'created', object: after }
    : { type: 'updated', object: after, before };
}

/** The states an event concerns, the last one first: what an object no longer refers to is concerned as well. */
export function statesOf(event: ConfigEvent): readonly ConfigObject[] {
  return event.type === 'updated' ? [event.object, event.before] : [event.object];
}

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
