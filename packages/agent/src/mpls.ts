/** The label table: which local next hop a packet with a label of ours goes to. */
import { FIRST_UNRESERVED_LABEL, MAX_LABEL } from '@vaportrail/net';
import { IndexVector } from './index-vector.ts';
import type { CompositeNextHop, EncapNextHop, NextHopTable } from './next-hop.ts';

/** What a label of ours can lead to: an interface, or several of them with one address. */
export type LabelNextHop = EncapNextHop | CompositeNextHop;

interface LabelEntry {
  readonly label: number;
  readonly nextHop: LabelNextHop;
  users: number;
}

/** One label for each next hop that needs one, from 16 up, the lowest free one first. */
export class MplsTable {
  readonly #nextHops: NextHopTable;
  readonly #labels = new IndexVector(FIRST_UNRESERVED_LABEL, MAX_LABEL);
  readonly #byLabel = new Map<number, LabelEntry>();
  readonly #byNextHop = new Map<LabelNextHop, LabelEntry>();

  constructor(nextHops: NextHopTable) {
    this.#nextHops = nextHops;
  }

  get(label: number): LabelNextHop | undefined {
    return this.#byLabel.get(label)?.nextHop;
  }

  /** Every label with its next hop, by label. */
  list(): { readonly label: number; readonly nextHop: LabelNextHop }[] {
    return [...this.#byLabel.values()].sort((a, b) => a.label - b.label);
  }

  /**
   * The label of a next hop, with one more user: the one it has, or the wanted one, or the lowest free one.
   * @throws RangeError when the wanted label is taken or reserved
   */
  acquire(nextHop: LabelNextHop, wanted?: number): number {
    let entry = this.#byNextHop.get(nextHop);
    if (entry === undefined) {
      const label = wanted === undefined ? this.#labels.allocate() : this.#labels.reserve(wanted);
      entry = { label, nextHop: this.#nextHops.share(nextHop), users: 0 };
      this.#byLabel.set(label, entry);
      this.#byNextHop.set(nextHop, entry);
    }
    entry.users++;
    return entry.label;
  }

  /** One user less; the last one frees the label. Tells whether it was the last. */
  release(label: number): boolean {
    const entry = this.#byLabel.get(label);
    if (entry === undefined || --entry.users > 0) return false;
    this.#byLabel.delete(label);
    this.#byNextHop.delete(entry.nextHop);
    this.#labels.release(label);
    this.#nextHops.release(entry.nextHop);
    return true;
  }
}
