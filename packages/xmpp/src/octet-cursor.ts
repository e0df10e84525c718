/**
 * A cursor over the octets of a stanza that expects exact octets, one after the other. It never throws: the first
 * thing that is not as expected makes it `lost`, and whatever is read afterwards is of no use.
 */

/** An element that holds text or a number, in each way it is written. */
export interface Leaf {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
  /** The two ways of writing it empty. */
  readonly empty: Uint8Array;
  readonly emptyTight: Uint8Array;
}

/** The octets of an element's tags. */
export function leaf(name: string): Leaf {
  return {
    open: octets(`<${name}>`),
    close: octets(`</${name}>`),
    empty: octets(`<${name} />`),
    emptyTight: octets(`<${name}/>`),
  };
}

/** The octets of ASCII text, in memory of their own. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

const endEmpty = octets('" />');
const endEmptyTight = octets('"/>');

/** Octets that stand for themselves in an attribute value between double quotes. */
const plainInAttribute = new Uint8Array(256);
/** Octets that stand for themselves in text (`]]>` must not occur in it). */
const plainInText = new Uint8Array(256);
for (let octet = 0x20; octet < 0x7f; octet++) {
  const character = String.fromCharCode(octet);
  if (!'"&<'.includes(character)) plainInAttribute[octet] = 1;
  if (!'&<>]'.includes(character)) plainInText[octet] = 1;
}

/** One for a scanner, which begins anew with every stanza. */
export class OctetCursor {
  bytes: Buffer = Buffer.alloc(0);
  /** Offset of the next octet, and just past the last. */
  at = 0;
  limit = 0;
  /** Something was not as expected. */
  lost = false;
  /** The octets ended, and all there were are as expected. */
  starved = false;

  /** Starts with `bytes[at…limit)`. */
  begin(bytes: Buffer, at: number, limit: number): void {
    this.bytes = bytes;
    this.at = at;
    this.limit = limit;
    this.lost = false;
    this.starved = false;
  }

  /** The octets end here; if nothing was wrong before, more of them may make a stanza. */
  starve(): void {
    if (!this.lost) this.starved = true;
    this.lost = true;
  }

  /** Passes the octets if they are next. */
  is(expected: Uint8Array): boolean {
    const { at, limit, bytes } = this;
    const { length } = expected;
    if (at + length > limit) {
      let i = at;
      while (i < limit && bytes[i] === expected[i - at]) i++;
      if (i === limit) this.starve();
      return false;
    }
    // The last octet differs where the first do not: `<af>` and `<address>`, `<next-hop>` and `<next-hops>`.
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== expected[i]) return false;
    this.at = at + length;
    return true;
  }

  /** Passes the octets, which must be next. */
  expect(expected: Uint8Array): void {
    if (!this.is(expected)) this.lost = true;
  }

  /** Passes one octet, which must be next. */
  expectOctet(octet: number): void {
    if (this.at >= this.limit) this.starve();
    else if (this.bytes[this.at++] !== octet) this.lost = true;
  }

  /** The end of an empty element behind an attribute value. */
  expectEmptyEnd(): void {
    if (!this.is(endEmpty) && !this.is(endEmptyTight)) this.lost = true;
  }

  /** Passes white space, if there is any. */
  space(): void {
    const { bytes, limit } = this;
    let { at } = this;
    while (at < limit) {
      const octet = bytes[at]!;
      if (octet !== 0x0a && octet !== 0x20 && octet !== 0x09 && octet !== 0x0d) break;
      at++;
    }
    this.at = at;
  }

  /** The attribute value up to its closing quote, at which the cursor stays. */
  value(): string {
    const start = this.at;
    this.passValue();
    return this.bytes.toString('latin1', start, this.at);
  }

  /** {@link value}, without making a string of it. */
  passValue(): void {
    const { bytes, limit } = this;
    let { at } = this;
    while (at < limit && plainInAttribute[bytes[at]!] === 1) at++;
    this.at = at;
    if (at === limit) this.starve();
    else if (bytes[at] !== 0x22) this.lost = true;
  }

  /** Text up to something that does not stand for itself. */
  text(): string {
    const { bytes, limit } = this;
    const start = this.at;
    let at = start;
    while (at < limit && plainInText[bytes[at]!] === 1) at++;
    this.at = at;
    return at === start ? '' : bytes.toString('latin1', start, at);
  }

  /** Up to nine digits: a number that no field refuses for its size. */
  digits(): number {
    const { bytes } = this;
    let value = 0;
    let { at } = this;
    const stop = Math.min(this.limit, at + 9);
    for (; at < stop; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.at = at;
    return value;
  }

  /** Digits without a leading zero, at most `max`. */
  decimal(max: number): number {
    const first = this.at;
    const value = this.digits();
    const count = this.at - first;
    if (this.at === this.limit) this.starve();
    else if (count === 0 || value > max || (count > 1 && this.bytes[first] === 0x30)) this.lost = true;
    return value;
  }

  /** The number in a leaf, 0 when the leaf is absent or empty; passes the white space behind it. */
  integer(field: Leaf): number {
    if (!this.is(field.open)) {
      this.passEmpty(field);
      return 0;
    }
    const value = this.digits();
    this.expect(field.close);
    this.space();
    return value;
  }

  /** The text in a leaf, empty when the leaf is absent; passes the white space behind it. */
  string(field: Leaf): string {
    if (!this.is(field.open)) {
      this.passEmpty(field);
      return '';
    }
    const text = this.text();
    this.expect(field.close);
    this.space();
    return text;
  }

  /** The texts in a list of leaves; none when the list is absent. */
  strings(container: Leaf, member: Leaf): string[] {
    return this.#list(container, () => this.string(member));
  }

  /** The numbers in a list of leaves; none when the list is absent. */
  integers(container: Leaf, member: Leaf): number[] {
    return this.#list(container, () => this.integer(member));
  }

  /** The members of a list; empty when the list is absent. */
  #list<T>(container: Leaf, read: () => T): T[] {
    const members: T[] = [];
    if (!this.is(container.open)) {
      this.passEmpty(container);
      return members;
    }
    this.space();
    while (!this.lost && !this.is(container.close)) {
      const before = this.at;
      members.push(read());
      if (this.at === before) this.lost = true;
    }
    this.space();
    return members;
  }

  /** Passes an element that is there and empty. */
  passEmpty(field: Leaf): void {
    if (this.is(field.empty) || this.is(field.emptyTight)) this.space();
  }
}
