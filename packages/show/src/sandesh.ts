/**
 * The XML of Contrail's HTTP introspect: every field is an element with its type and its number in the structure,
 * structures and lists are wrapped in their type. Clients of introspect look elements up by name.
 *
 * Fields are numbered in the order in which they are written, unless {@link numbered} or a {@link Layout} gives the number
 * they have in the original. No client we know of reads the numbers (unverified against a running client beyond that).
 */

import { type Page, ViewError } from './server.ts';

/** A field, ready to be written under any name. */
export interface Field {
  readonly type: string;
  readonly body: string;
  /** Request that tells more of the value, e.g. `BgpNeighborReq`. */
  readonly link?: string;
  /** Its number in the structure, where that is not its place. */
  readonly identifier?: number;
  /** Of the name of a structure that collectors keep: what they keep it under, e.g. `ObjectBgpRouter`. */
  readonly key?: string;
}

/** Fields in the order they are written; those that are undefined are left out. */
export type Fields = Readonly<Record<string, Field | undefined>>;

/** A string; `link` is the request that tells more of it. */
export function text(value: string, link?: string): Field {
  return { type: 'string', body: escaped(value), ...(link !== undefined && { link }) };
}

/** A number of one of Sandesh's widths. */
export function number(value: number, type: 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' = 'u32'): Field {
  return { type, body: String(value) };
}

/** `true` or `false`. */
export function bool(value: boolean): Field {
  return { type: 'bool', body: String(value) };
}

/** One structure inside another. */
export function structure(name: string, fields: Fields): Field {
  return { type: 'struct', body: element(name, fields) };
}

/** A list of structures of one name. */
export function structures(name: string, items: readonly Fields[]): Field {
  const body = items.map((fields) => element(name, fields)).join('');
  return { type: 'list', body: `<list type="struct" size="${items.length}">${body}</list>` };
}

/** A list of strings. */
export function strings(values: readonly string[]): Field {
  const body = values.map((value) => `<element>${escaped(value)}</element>`).join('');
  return { type: 'list', body: `<list type="string" size="${values.length}">${body}</list>` };
}

/** A field with the number it has in the original structure. */
export function numbered(identifier: number, field: Field): Field {
  return { ...field, identifier };
}

/** Fields of a structure in the order of the original, with their numbers there. */
export type Layout = Readonly<Record<string, number>>;

/** Fields in the order of a layout and with its numbers; every field of the layout is decided upon. */
export function laidOut<L extends Layout>(
  layout: L,
  values: { readonly [Name in keyof L]: Field | undefined },
): Fields {
  const fields: Record<string, Field | undefined> = {};
  for (const [name, identifier] of Object.entries(layout)) {
    const field = values[name];
    if (field !== undefined) fields[name] = numbered(identifier, field);
  }
  return fields;
}

/** A whole answer: `<?xml-stylesheet …?><ShowRouteResp type="sandesh">…`. */
export function answer(name: string, fields: Fields): string {
  return `${STYLESHEET}${chunk(name, { ...fields, more: numbered(0, bool(false)) })}`;
}

/** An answer in several chunks: `<?xml-stylesheet …?><__NodeStatusUVE_list type="slist"><NodeStatusUVE type="sandesh">…`. */
export function answers(name: string, chunks: readonly (readonly [name: string, fields: Fields])[]): string {
  const body = chunks.map(([each, fields]) => chunk(each, fields)).join('');
  return `${STYLESHEET}<__${name}_list type="slist">${body}</__${name}_list>`;
}

/** A page of an answer. What is wrong with the request becomes an `<ErrResp>`: those who ask read nothing but XML. */
export function sandeshPage(write: () => string): Page {
  let body: string;
  try {
    body = write();
  } catch (error) {
    if (!(error instanceof ViewError)) throw error;
    body = answer('ErrResp', { resp: text(error.message) });
  }
  return { contentType: 'text/xml; charset=utf-8', body };
}

const STYLESHEET = '<?xml-stylesheet type="text/xsl" href="/universal_parse.xsl"?>';

function chunk(name: string, fields: Fields): string {
  return `<${name} type="sandesh">${written(fields)}</${name}>`;
}

function element(name: string, fields: Fields): string {
  return `<${name}>${written(fields)}</${name}>`;
}

function written(fields: Fields): string {
  let place = 0;
  let xml = '';
  for (const [name, field] of Object.entries(fields)) {
    place++;
    if (field === undefined) continue;
    const link = field.link === undefined ? '' : ` link="${field.link}"`;
    const key = field.key === undefined ? '' : ` key="${field.key}"`;
    xml += `<${name} type="${field.type}" identifier="${field.identifier ?? place}"${link}${key}>${field.body}</${name}>`;
  }
  return xml;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2016-Jul-21 02:53:34.144180` of an ISO time; the time is UTC. */
export function time(iso: string | undefined): string {
  const parts = iso === undefined ? null : /^(\d+)-(\d+)-(\d+)T(\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(iso);
  if (parts === null) return '';
  const [, year, month, day, clock, fraction = ''] = parts;
  return `${year}-${months[Number(month) - 1]}-${day} ${clock}.${fraction.padEnd(6, '0')}`;
}

/** `OpenSent` of `open-sent`. */
export function stateName(state: string): string {
  return state.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML; characters that XML 1.0 cannot carry become `?`. */
function escaped(value: string): string {
  return value
    .replace(/[&<>"]/g, (character) => entities[character]!)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?');
}
