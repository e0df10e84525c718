/**
 * What all connections of a server hold together of stanzas that have not come to an end. Each is bounded by itself, but
 * there may be thousands. When it is too much the source that holds most pays, with the connection that holds most of it.
 */

/** A connection, seen from the budget. */
export interface Holder {
  /** An IPv4 address or an IPv6 /64. */
  readonly source: string;
  /** It holds most and has to go. */
  evict(because: string): void;
}

/** One for a server; connections note what they hold after every read. */
export class HeldBudget {
  readonly #limit: number;
  readonly #octets = new Map<Holder, number>();
  #held = 0;

  /** @param limit octets that may be held */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets held now. */
  get held(): number {
    return this.#held;
  }

  /** Notes how much a connection holds now; whoever has to go for it is told. */
  note(holder: Holder, octets: number): void {
    const before = this.#octets.get(holder) ?? 0;
    if (octets === before) return;
    this.#held += octets - before;
    if (octets === 0) this.#octets.delete(holder);
    else this.#octets.set(holder, octets);
    if (octets > before && this.#held > this.#limit) this.#evict();
  }

  #evict(): void {
    const largest = this.#largest();
    if (largest === undefined) return;
    const octets = this.#octets.get(largest)!;
    this.note(largest, 0);
    largest.evict(
      `more than ${this.#limit} octets of unfinished stanzas in all, of which this agent has ${octets}`,
    );
  }

  #largest(): Holder | undefined {
    const bySource = new Map<string, number>();
    for (const [{ source }, octets] of this.#octets)
      bySource.set(source, (bySource.get(source) ?? 0) + octets);
    let largest: Holder | undefined;
    let most = { source: 0, own: 0 };
    for (const [holder, own] of this.#octets) {
      const source = bySource.get(holder.source)!;
      if (source < most.source || (source === most.source && own <= most.own)) continue;
      largest = holder;
      most = { source, own };
    }
    return largest;
  }
}
