/**
 * Writes that go to the store in one transaction: decided one after the other, each on what the ones before it leave.
 * They stand in the graph from then on; followers hear of them when the store has them.
 */
import { eventOf, type ConfigEvent, type ConfigObject } from '@vaportrail/schema';
import type { RequestedWrite } from './requested-write.ts';
import type { StoredConfiguration } from './stored-configuration.ts';
import { TransactionDraft } from './transaction-draft.ts';
import { drafted, plannedWrites } from './write-plan.ts';
import type { WriteRule } from './write-rule.ts';

/** A write that somebody waits for. */
export interface PendingWrite {
  readonly decide: RequestedWrite;
  readonly resolve: (object: ConfigObject) => void;
  readonly reject: (error: unknown) => void;
}

export class WriteBatch {
  readonly draft = new TransactionDraft();
  readonly #stored: StoredConfiguration;
  readonly #rules: readonly WriteRule[];
  readonly #writes: PendingWrite[] = [];
  readonly #outcomes: (() => void)[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #events: ConfigEvent[] = [];

  constructor(stored: StoredConfiguration, rules: readonly WriteRule[]) {
    this.#stored = stored;
    this.#rules = rules;
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  /** Takes the first of those that wait, as many as one transaction holds. */
  fill(waiting: PendingWrite[], longest: number): void {
    let taken = 0;
    for (const pending of waiting) {
      if (!this.#take(pending, longest)) break;
      taken++;
    }
    waiting.splice(0, taken);
  }

  #take(pending: PendingWrite, longest: number): boolean {
    const { graph } = this.#stored;
    try {
      const plan = plannedWrites(pending.decide(graph), this.#rules, this.#stored);
      const part = drafted(plan, this.draft, this.#stored);
      if (!this.isEmpty && this.draft.size + part.size > longest) return false;
      this.draft.add(part);
      this.#undo.push(this.#stored.stage(plan, part));
      for (const { before, after } of plan) this.#events.push(eventOf(before, after));
      const primary = plan[0]!;
      this.#outcomes.push(() => pending.resolve((primary.after ?? primary.before)!));
    } catch (error) {
      this.#outcomes.push(() => pending.reject(error));
    }
    this.#writes.push(pending);
    return true;
  }

  /** Takes them out of the graph again, and yields them: they have to be decided anew. */
  undo(): readonly PendingWrite[] {
    for (const step of this.#undo.toReversed()) step();
    return this.#writes;
  }

  /** The store has them: followers and callers hear of it. */
  settle(): void {
    for (const event of this.#events) this.#stored.objects.tell(event);
    for (const outcome of this.#outcomes) outcome();
  }
}
