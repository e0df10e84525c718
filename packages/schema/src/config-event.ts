/** What happens to configuration objects, and where one hears of it. */
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';

/** A configuration that can be read and followed, wherever it is kept. */
export interface Configuration {
  /** Everything, as of now. */
  readonly graph: ObjectGraph;
  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void;
}

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
