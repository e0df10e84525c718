/**
 * Attributes remembered by the octets they were read from. The items of one agent differ in their prefix and their
 * label and hardly in anything else, so a block (what stands between `</nlri>` and `</entry>`, and that tag) is kept in
 * two pieces, before and behind the digits of its first label. An equal block with an equal label gives the very same
 * {@link ItemAttributes}, and one with another label a copy that costs next to nothing.
 */
import type { ItemAttributes } from './item.ts';

/** Most blocks and labels remembered; when there are more, all are forgotten. */
const MAX_REMEMBERED = 32_768;
/** Longest block remembered: about ten next hops. */
const MAX_BLOCK_BYTES = 4096;
/** Most blocks that look alike at first glance; the one not used for longest makes room. */
const MAX_ALIKE = 16;
/** Where blocks are looked at to tell them apart: the first next hop is there in either layout, up to its label. */
const GLANCE_FROM = 36;
const GLANCE_TO = 112;

interface Block {
  /** Octets up to and with the first `<label>`, and those from `</label>` on. */
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly byLabel: Map<number, ItemAttributes>;
}

const labelOpen = Buffer.from('<label>');
const nextHopClose = Buffer.from('</next-hop>');

export class AttributeBlocks {
  /** Offset behind the block that {@link find} has found. */
  end = 0;
  readonly #alike = new Map<number, Block[]>();
  #remembered = 0;

  /** The attributes of a block that starts at `at` and has been read before. */
  find(bytes: Buffer, at: number, limit: number): ItemAttributes | undefined {
    const blocks = this.#alike.get(glance(bytes, at, limit));
    if (blocks === undefined) return undefined;
    for (let i = 0; i < blocks.length; i++) {
      const attributes = this.#match(blocks[i]!, bytes, at, limit);
      if (attributes === undefined) continue;
      if (i > 0) blocks.unshift(...blocks.splice(i, 1));
      return attributes;
    }
    return undefined;
  }

  #match(
    { head, tail, byLabel }: Block,
    bytes: Buffer,
    at: number,
    limit: number,
  ): ItemAttributes | undefined {
    const digits = at + head.length;
    if (digits > limit || bytes.compare(head, 0, head.length, at, digits) !== 0) return undefined;
    let label = 0;
    let i = digits;
    for (; i < digits + 7 && i < limit; i++) {
      const digit = bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) break;
      label = label * 10 + digit;
    }
    const end = i + tail.length;
    if (i === digits || end > limit || bytes.compare(tail, 0, tail.length, i, end) !== 0) return undefined;
    this.end = end;
    return byLabel.get(label) ?? this.#relabel(byLabel, label);
  }

  #relabel(byLabel: Map<number, ItemAttributes>, label: number): ItemAttributes {
    const [some] = byLabel.values();
    const [first, ...others] = some!.nextHops;
    const attributes: ItemAttributes = { ...some!, nextHops: [{ ...first!, label }, ...others] };
    this.#count();
    byLabel.set(label, attributes);
    return attributes;
  }

  /** Keeps what was read from `bytes[start…end)`. */
  remember(bytes: Buffer, start: number, end: number, attributes: ItemAttributes): void {
    const [first] = attributes.nextHops;
    if (first === undefined || end - start > MAX_BLOCK_BYTES) return;
    const found = bytes.indexOf(labelOpen, start);
    // A first next hop without a label would make the label of the second look like its own.
    if (found < 0 || found >= end || found > bytes.indexOf(nextHopClose, start)) return;
    const digits = found + labelOpen.length;
    let behind = digits;
    while (bytes[behind]! >= 0x30 && bytes[behind]! <= 0x39) behind++;
    if (behind === digits) return;
    this.#count();
    const block: Block = {
      head: Buffer.from(bytes.subarray(start, digits)),
      tail: Buffer.from(bytes.subarray(behind, end)),
      byLabel: new Map([[first.label, attributes]]),
    };
    const key = glance(bytes, start, end);
    const blocks = this.#alike.get(key);
    if (blocks === undefined) this.#alike.set(key, [block]);
    else if (blocks.unshift(block) > MAX_ALIKE) blocks.pop();
  }

  #count(): void {
    if (++this.#remembered <= MAX_REMEMBERED) return;
    this.#alike.clear();
    this.#remembered = 1;
  }
}

/** A number for the octets that tell most blocks apart. */
function glance(bytes: Buffer, at: number, limit: number): number {
  const end = Math.min(at + GLANCE_TO, limit);
  let hash = 0;
  for (let i = at + GLANCE_FROM; i < end; i++) {
    if (bytes[i] === 0x3c && bytes[i + 1] === 0x6c) break; // `<l` of `<label>`
    hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  }
  return hash;
}
