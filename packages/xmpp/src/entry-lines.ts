/** The lines of an entry in the layout of either end: agents break lines, control nodes also indent. */
import { escapeXMLText } from '@xmpp/xml';

/** Whose layout. An agent also keeps the sequence number out of `mobility`. */
export type Layout = 'agent' | 'control-node';

/** Stands for a value that a {@link template} leaves open; XML cannot contain it. */
const SLOT = '\u0000';

/** Children of an entry are inside message, event, items, item and entry. */
const ENTRY_DEPTH = 5;

/** Writes an entry line by line. Every scalar is written even when zero or empty, as generated encoders do. */
export class Lines {
  text = '';
  readonly layout: Layout;
  #depth: number;

  constructor(layout: Layout, depth = ENTRY_DEPTH) {
    this.layout = layout;
    this.#depth = depth;
  }

  #line(text: string): this {
    this.text += this.layout === 'agent' ? `\n${text}` : `\n${'\t'.repeat(this.#depth)}${text}`;
    return this;
  }

  /** `<name>value</name>`, escaped. */
  leaf(name: string, value: string | number | boolean): this {
    return this.#line(`<${name}>${typeof value === 'string' ? escapeText(value) : value}</${name}>`);
  }

  /** `<tag />`; the tag may have attributes. */
  empty(tag: string): this {
    return this.#line(`<${tag} />`);
  }

  /** A place for lines that are written elsewhere. */
  slot(): this {
    this.text += SLOT;
    return this;
  }

  /** `body` inside an element. */
  in(name: string, body: () => void): this {
    this.#line(`<${name}>`);
    this.#depth++;
    body();
    this.#depth--;
    return this.#line(`</${name}>`);
  }

  /** Members inside a container, which is one empty tag when there are none. */
  list<T>(container: string, members: readonly T[], write: (member: T) => void): this {
    return members.length === 0 ? this.empty(container) : this.in(container, () => members.forEach(write));
  }

  /** A list of leaves with the same name. */
  leaves(container: string, member: string, values: readonly (string | number)[]): this {
    return this.list(container, values, (value) => this.leaf(member, value));
  }
}

/** Text with what XML must not contain escaped; nearly always it contains none of it. */
export function escapeText(text: string): string {
  return /[&<>]/.test(text) ? escapeXMLText(text) : text;
}

/** What stands before, between and behind the values of some lines. */
export type Template = readonly string[];

/** The constant parts of what `write` writes with {@link open} for every value. */
export function template(layout: Layout, depth: number, write: (lines: Lines) => void): Template {
  const lines = new Lines(layout, depth);
  write(lines);
  return lines.text.split(SLOT);
}

/** The value that a template leaves open. */
export const open = SLOT;

/** A template with its values, which must be escaped already. */
export function fill(parts: Template, values: readonly (string | number | boolean)[]): string {
  let text = parts[0]!;
  for (let i = 0; i < values.length; i++) text += values[i]! + parts[i + 1]!;
  return text;
}

/** How a list of leaves is written, when empty and when not. */
export interface ListTemplate {
  readonly empty: string;
  readonly start: string;
  readonly member: Template;
  readonly end: string;
}

/** The constant parts of {@link Lines.leaves}. */
export function listTemplate(layout: Layout, depth: number, container: string, member: string): ListTemplate {
  const [start = '', end = ''] = template(layout, depth, (lines) => lines.in(container, () => lines.slot()));
  return {
    empty: new Lines(layout, depth).empty(container).text,
    start,
    member: template(layout, depth + 1, (lines) => lines.leaf(member, open)),
    end,
  };
}

/** A list with its values, which are escaped here. */
export function fillList(list: ListTemplate, values: readonly (string | number)[]): string {
  if (values.length === 0) return list.empty;
  const [before, behind] = list.member;
  let text = list.start;
  for (const value of values)
    text += before! + (typeof value === 'string' ? escapeText(value) : value) + behind!;
  return text + list.end;
}
