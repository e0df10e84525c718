/** What there is to say about Kubernetes objects: kept while it is so, and told once, to the log and to the cluster. */
import type { Log } from '@vaportrail/show';
import type { ObjectKey } from './cluster.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { Note } from './mapping/desired-object.ts';

export interface ObjectNotesOptions {
  readonly log: Log;
  /** `file:line` of an object that comes from a manifest. */
  readonly placeOf: (key: ObjectKey) => string | undefined;
  /** Told of warnings. */
  readonly event: (of: KubernetesObject, note: Note) => void;
}

export class ObjectNotes {
  readonly #options: ObjectNotesOptions;
  readonly #notes = new Map<ObjectKey, readonly Note[]>();

  constructor(options: ObjectNotesOptions) {
    this.#options = options;
  }

  of(key: ObjectKey): readonly Note[] {
    return this.#notes.get(key) ?? [];
  }

  *warnings(): Iterable<readonly [ObjectKey, Note]> {
    for (const [key, notes] of this.#notes)
      for (const note of notes) if (note.level === 'warning') yield [key, note];
  }

  /** All that is to be said of an object now; of one that is gone there is nothing any more. */
  tell(key: ObjectKey, one: KubernetesObject | undefined, notes: readonly Note[]): void {
    const { log, placeOf, event } = this.#options;
    const before = new Set(this.of(key).map(({ message }) => message));
    if (one === undefined || notes.length === 0) this.#notes.delete(key);
    else this.#notes.set(key, notes);
    for (const note of notes) {
      if (before.has(note.message)) continue;
      const say = note.level === 'warning' ? 'warn' : 'info';
      const place = placeOf(key);
      const fields = { object: key, ...(place === undefined ? {} : { place }), reason: note.reason };
      log[say](fields, note.message);
      if (note.level === 'warning' && one !== undefined) event(one, note);
    }
  }
}
