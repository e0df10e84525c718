/** Reads values out of an element; receivers ignore name spaces, order, and whatever they do not know. */
import type { Element } from '@xmpp/xml';
import type { ItemProblemKind } from './item.ts';

/** Why an entry cannot be read; the item is dropped, the session is not. */
export class UnreadableItem extends Error {
  override readonly name = 'UnreadableItem';
  readonly kind: ItemProblemKind;

  constructor(because: string, kind: ItemProblemKind = 'token', options?: ErrorOptions) {
    super(because, options);
    this.kind = kind;
  }
}

/** The attribute, or the empty string. */
export function attributeOf(element: Element, name: string): string {
  const attributes = element.attrs as Record<string, unknown>;
  return Object.hasOwn(attributes, name) ? String(attributes[name]) : '';
}

/** Child elements in order. */
export function elementsOf(element: Element): Element[] {
  return element.children.filter((child): child is Element => typeof child === 'object');
}

/** The first child element with a name; undefined also when there is no parent. */
export function childOf(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find(
    (child): child is Element => typeof child === 'object' && child.name === name,
  );
}

/** All child elements with a name. */
export function childrenOf(element: Element | undefined, name: string): Element[] {
  return element === undefined ? [] : elementsOf(element).filter((child) => child.name === name);
}

/** The first element with a name anywhere below. */
export function descendantOf(element: Element, name: string): Element | undefined {
  for (const child of elementsOf(element)) {
    const found = child.name === name ? child : descendantOf(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text directly inside an element; the empty string when there is none. */
export function textOf(element: Element | undefined): string {
  if (element === undefined) return '';
  let text = '';
  for (const child of element.children) if (typeof child === 'string') text += child;
  return text;
}

/** The last child element with a name: of a field that is written twice deployed receivers keep what came last. */
export function lastChildOf(element: Element | undefined, name: string): Element | undefined {
  return childrenOf(element, name).at(-1);
}

/** The text of a field: that of the last child with its name. */
export function childText(element: Element | undefined, name: string): string {
  return textOf(lastChildOf(element, name));
}

/** The largest integer of an item field: 32 bits, unsigned. */
const MAX_INTEGER = 0xffff_ffff;

/**
 * A decimal number with white space around it and perhaps a plus sign, as `strtoul` takes it; 0 when absent or empty.
 * @throws UnreadableItem for anything else, and beyond `max`
 */
export function integer(text: string, name: string, max = MAX_INTEGER): number {
  const digits = text.trim();
  if (digits === '') return 0;
  const value = /^\+?\d{1,20}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(value <= max)) throw new UnreadableItem(`${name} is not a number of 0–${max}: "${excerpt(digits)}"`);
  return value;
}

/** The number in a child. @throws UnreadableItem as {@link integer} */
export function childInteger(element: Element | undefined, name: string, max?: number): number {
  return integer(childText(element, name), name, max);
}

/** Only `true` is true: deployed receivers refuse no text here. */
export function isTrue(text: string): boolean {
  return text.trim() === 'true';
}

/** The beginning of a text from a peer, short enough for a log line. */
export function excerpt(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
