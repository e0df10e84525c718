/**
 * Attributes remembered by the octets they were read from. The items of one agent differ in their prefix and their
 * label and hardly in anything else, so a block (what stands between `</nlri>` and `</entry>`, and that tag) is kept in
 * two pieces, before and behind the digits of its first label. An equal block gives the very same {@link ItemAttributes},
 * and one with another label a copy that costs next to nothing. Copies are not kept: when thousands of agents change
 * their labels, all that is kept for it outlives the young generation at the same time.
 */
import { RecentMap } from '@vaportrail/net';
import type { ItemAttributes } from './item.ts';

/** Blocks remembered for certain: one for each agent that a control node lets in. */
const REMEMBERED = 16_384;
/** Longest block remembered: about ten next hops. */
const MAX_BLOCK_BYTES = 4096;
/** Most blocks that look alike at first glance; further ones take the place of the last. */
const MAX_ALIKE = 16;
const ALIKE_BITS = 4;
/** Where blocks are looked at to tell them apart: the first next hop is there in either layout, up to its label. */
const GLANCE_FROM = 36;
const GLANCE_TO = 112;

interface Block {
  /** Octets up to and with the first `<label>`, and those from `</label>` on. */
  readonly head: Buffer;
  readonly tail: Buffer;
  /** As they were read, and the label they had. */
  readonly attributes: ItemAttributes;
  readonly label: number;
}

const labelOpen = Buffer.from('<label>');
const nextHopClose = Buffer.from('</next-hop>');

/** One for each scanner. It keeps the octets it is given, not the stanza they stand in. */
export class AttributeBlocks {
  /** Offset behind the block that {@link find} has found. */
  end = 0;
  /** Those that look alike have keys that follow each other. */
  readonly #blocks = new RecentMap<number, Block>(REMEMBERED);

  /** The attributes of a block that starts at `at` and has been read before. */
  find(bytes: Buffer, at: number, limit: number): ItemAttributes | undefined {
    const first = glance(bytes, at, limit) << ALIKE_BITS;
    for (let key = first; key < first + MAX_ALIKE; key++) {
      const block = this.#blocks.get(key);
      if (block === undefined) return undefined;
      const attributes = this.#match(block, bytes, at, limit);
      if (attributes === undefined) continue;
      if (key > first) this.#bringForward(first, key, block);
      return attributes;
    }
    return undefined;
  }

  #match(block: Block, bytes: Buffer, at: number, limit: number): ItemAttributes | undefined {
    const { head, tail } = block;
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
    return relabelled(block, label);
  }

  /** Keeps what was read from `bytes[start…end)`. */
  remember(bytes: Buffer, start: number, end: number, attributes: ItemAttributes): void {
    const [hop] = attributes.nextHops;
    if (hop === undefined || end - start > MAX_BLOCK_BYTES) return;
    const found = bytes.indexOf(labelOpen, start);
    // A first next hop without a label would make the label of the second look like its own.
    if (found < 0 || found >= end || found > bytes.indexOf(nextHopClose, start)) return;
    const digits = found + labelOpen.length;
    let behind = digits;
    while (bytes[behind]! >= 0x30 && bytes[behind]! <= 0x39) behind++;
    if (behind === digits) return;
    const first = glance(bytes, start, end) << ALIKE_BITS;
    let key = first;
    while (key < first + MAX_ALIKE - 1 && this.#blocks.get(key) !== undefined) key++;
    this.#bringForward(first, key, {
      head: Buffer.from(bytes.subarray(start, digits)),
      tail: Buffer.from(bytes.subarray(behind, end)),
      attributes,
      label: hop.label,
    });
  }

  /** Puts a block first among those that look alike, and the one that was first where it was. */
  #bringForward(first: number, key: number, block: Block): void {
    const before = this.#blocks.get(first);
    this.#blocks.set(first, block);
    if (key > first && before !== undefined) this.#blocks.set(key, before);
  }
}

/** The attributes of a block with a label. */
function relabelled({ attributes, label }: Block, other: number): ItemAttributes {
  if (other === label) return attributes;
  const { nextHops } = attributes;
  return { ...attributes, nextHops: nextHops.with(0, { ...nextHops[0]!, label: other }) };
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
