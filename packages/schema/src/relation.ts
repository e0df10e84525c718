/** Which texts belong to which: many to many, and in the order in which they came. */

/** Partners of one text up to here are a list: a set of so few is larger, and no faster. */
const FEW = 16;

const nobody: readonly string[] = [];

/** Most texts have one partner or a few, and there may be millions of them: one partner costs nothing but its place. */
export class Relation {
  readonly #partners = new Map<string, string | readonly string[] | Set<string>>();

  /** Whether anything belongs to a text. */
  has(text: string): boolean {
    return this.#partners.has(text);
  }

  /** What belongs to a text. */
  of(text: string): Iterable<string> {
    const partners = this.#partners.get(text);
    return typeof partners === 'string' ? [partners] : (partners ?? nobody);
  }

  /** How much belongs to a text. */
  count(text: string): number {
    const partners = this.#partners.get(text);
    if (partners instanceof Set) return partners.size;
    return typeof partners === 'string' ? 1 : (partners?.length ?? 0);
  }

  /** A partner belongs to a text from now on. */
  add(text: string, partner: string): void {
    const partners = this.#partners.get(text);
    if (partners === undefined) this.#partners.set(text, partner);
    else if (typeof partners === 'string') {
      if (partners !== partner) this.#partners.set(text, [partners, partner]);
    } else if (partners instanceof Set) partners.add(partner);
    else if (!partners.includes(partner)) {
      // A list that is pushed to keeps room for many more.
      const more = partners.concat(partner);
      this.#partners.set(text, more.length > FEW ? new Set(more) : more);
    }
  }

  /** A partner belongs to a text no more. */
  delete(text: string, partner: string): void {
    const partners = this.#partners.get(text);
    if (partners === partner) this.#partners.delete(text);
    else if (partners instanceof Set) {
      partners.delete(partner);
      if (partners.size === 0) this.#partners.delete(text);
    } else if (typeof partners === 'object') {
      const others = partners.filter((each) => each !== partner);
      this.#partners.set(text, others.length === 1 ? others[0]! : others);
    }
  }

  /** Nothing belongs to a text any more. */
  clear(text: string): void {
    this.#partners.delete(text);
  }
}
