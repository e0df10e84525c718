/** `show route … | display json` and `| display xml`: the element names that Junos scripts look for. */
import type { GatewayPathView, GatewayTableView } from '../gateway-views.ts';
import { briefAge } from './junos-age.ts';
import { type Element, optional, text } from './junos-element.ts';
import { pathText } from './junos-route.ts';

const NAMESPACE = 'http://xml.juniper.net/junos/18.4R1/junos-routing';

/** Routing tables with the entries asked for. */
export function routeInformation(tables: readonly GatewayTableView[]): Element {
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
      ...optional('aigp', path.aigp),
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
