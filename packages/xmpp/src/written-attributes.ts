/**
 * The attributes of unicast items as a control node writes them, written once for all items that differ in nothing but
 * the label of their first next hop: what `attribute-blocks.ts` is on the way in.
 */
import type { ItemAttributes, UnicastItem } from './item.ts';
import type { TextOctets } from './text-octets.ts';
import { unicastAttributesText } from './unicast-entry.ts';

/** A unicast item by its id, the text of its prefix; its attributes may have been written before, but for the label. */
export type NamedItem = {
  readonly family: UnicastItem['family'];
  readonly id: string;
} & (
  { readonly attributes: ItemAttributes } | { readonly written: WrittenAttributes; readonly label: number }
);

const labelOpen = '<label>';

/** Kept by the caller for as long as the attributes may come again. */
export class WrittenAttributes {
  /** Octets up to and with the first `<label>`, and those from `</label>` on. */
  readonly #head: Buffer;
  readonly #tail: Buffer;

  /** Attributes must have a next hop; its label is of no account. */
  constructor(attributes: ItemAttributes) {
    const text = unicastAttributesText(attributes, 'control-node');
    const at = text.indexOf(labelOpen) + labelOpen.length;
    this.#head = Buffer.from(text.slice(0, at));
    this.#tail = Buffer.from(text.slice(text.indexOf('<', at)));
  }

  /** Writes them with the label of the first next hop. */
  write(out: TextOctets, label: number): void {
    out.octets(this.#head).text(String(label)).octets(this.#tail);
  }
}
