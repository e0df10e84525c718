/** Documents as Junos scripts read them: `| display xml`, and `| display json` with an array for every element. */

/** An element with children, with text, or empty. */
export interface Element {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: readonly Element[] | string | null;
}

/** An element that holds text. */
export function text(name: string, value: string | number, attributes?: Element['attributes']): Element {
  return { name, content: String(value), ...(attributes === undefined ? {} : { attributes }) };
}

/** The same, or nothing. */
export function optional(name: string, value: string | number | undefined): Element[] {
  return value === undefined ? [] : [text(name, value)];
}

/** An element as one JSON document, every element an array of `{ data }`. */
export function elementJson(element: Element): string {
  return `${JSON.stringify(jsonOf([element]), undefined, 4)}\n`;
}

/** An element as one XML document: the reply that a router gives. */
export function elementXml(element: Element): string {
  const reply: Element = {
    name: 'rpc-reply',
    attributes: { 'xmlns:junos': 'http://xml.juniper.net/junos/18.4R1/junos' },
    content: [element, { name: 'cli', content: [{ name: 'banner', content: null }] }],
  };
  return `${xmlLines(reply, 0).join('\n')}\n`;
}

function jsonOf(elements: readonly Element[]): Record<string, unknown[]> {
  const object: Record<string, unknown[]> = {};
  for (const { name, attributes, content } of elements) {
    const body =
      content === null ? { data: [null] } : typeof content === 'string' ? { data: content } : jsonOf(content);
    (object[name] ??= []).push(attributes === undefined ? body : { ...body, attributes });
  }
  return object;
}

function xmlLines({ name, attributes, content }: Element, depth: number): string[] {
  const margin = ' '.repeat(depth * 4);
  const written = Object.entries(attributes ?? {}).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const open = `${margin}<${name}${written.join('')}`;
  if (content === null || content.length === 0) return [`${open}/>`];
  if (typeof content === 'string') return [`${open}>${escaped(content)}</${name}>`];
  return [`${open}>`, ...content.flatMap((child) => xmlLines(child, depth + 1)), `${margin}</${name}>`];
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
