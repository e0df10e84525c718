/** `show route … | display json` and `| display xml`: the element names that Junos scripts look for. */
import type { GatewayPathView, GatewayTableView } from '../gateway-views.ts';
import { briefAge } from './junos-age.ts';
import { pathText } from './junos-route.ts';

const NAMESPACE = 'http://xml.juniper.net/junos/18.4R1/junos-routing';

/** An element with children, with text, or empty. */
interface Element {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: readonly Element[] | string | null;
}

function text(name: string, value: string | number, attributes?: Element['attributes']): Element {
  return { name, content: String(value), ...(attributes === undefined ? {} : { attributes }) };
}

function optional(name: string, value: string | number | undefined): Element[] {
  return value === undefined ? [] : [text(name, value)];
}

/** The tables as one JSON document, every element an array of `{ data }`. */
export function routeJson(tables: readonly GatewayTableView[]): string {
  return `${JSON.stringify(jsonOf([information(tables)]), undefined, 4)}\n`;
}

/** The tables as one XML document. */
export function routeXml(tables: readonly GatewayTableView[]): string {
  return `${xmlLines(information(tables), 0).join('\n')}\n`;
}

function information(tables: readonly GatewayTableView[]): Element {
  return { name: 'route-information', attributes: { xmlns: NAMESPACE }, content: tables.map(tableElement) };
}

function tableElement(table: GatewayTableView): Element {
  return {
    name: 'route-table',
    content: [
      text('table-name', table.name),
      text('destination-count', table.destinations),
      text('total-route-count', table.routes),
      text('active-route-count', table.active),
      text('holddown-route-count', table.holddown),
      text('hidden-route-count', table.hidden),
      ...table.entries.map((route) => ({
        name: 'rt',
        attributes: { 'junos:style': 'brief' },
        content: [text('rt-destination', route.prefix), ...route.paths.map(entryElement)],
      })),
    ],
  };
}

function entryElement(path: GatewayPathView): Element {
  const bgp = path.kind === 'BGP';
  return {
    name: 'rt-entry',
    content: [
      text('active-tag', path.mark),
      ...(path.active ? [{ name: 'current-active', content: null }] : []),
      text('protocol-name', path.kind),
      text('preference', path.preference),
      ...optional('preference2', path.preference2),
      text('age', briefAge(path.age), { 'junos:seconds': String(Math.floor(path.age)) }),
      ...optional('route-distinguisher', path.routeDistinguisher),
      ...optional('metric', path.metric),
      ...optional('metric2', path.metric2),
      ...optional('med', path.med),
      ...optional('local-preference', path.localPref),
      ...optional('learned-from', path.from),
      ...optional('inactive-reason', path.inactiveReason),
      ...(bgp ? [text('as-path', pathText(path)), text('validation-state', 'unverified')] : []),
      ...(path.nextHops.length === 0 ? [text('nh-type', path.nextHopType)] : []),
      ...path.nextHops.map((hop) => ({
        name: 'nh',
        content: [
          ...(hop.selected ? [{ name: 'selected-next-hop', content: null }] : []),
          ...optional('to', hop.address),
          text('via', hop.interface),
          ...(hop.label === undefined ? [] : [text('mpls-label', `Push ${hop.label}`)]),
        ],
      })),
    ],
  };
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
