/** Routes of one table as the bodies of items messages, which every agent in the instance is sent. */
import type { PathAttributes } from '@vaportrail/bgp/wire';
import { compareBytes } from '@vaportrail/net';
import type { SharedPath, SharedRoute } from '@vaportrail/rib';
import {
  type EnetItem,
  type EnetKey,
  type Item,
  type NamedItem,
  type UnicastItem,
  WrittenAttributes,
  enetItemId,
  itemsBodies,
  retractsBodies,
} from '@vaportrail/xmpp';

import { type RouteProperties, ascending, routeProperties } from './contrail-communities.ts';
import { enetKey, isInclusiveMulticast, labelFieldsOf } from './evpn-route.ts';
import { tagsOfLarge } from './large-tag.ts';
import { multicastItem } from './multicast-route.ts';
import { DEFAULT_LOCAL_PREF } from './published-path.ts';
import { type ReflectedPath, reflectedAttributes, reflectedEnetAttributes } from './reflected-item.ts';
import type { VirtualNetworks } from './virtual-networks.ts';

/** A table that items are written of. */
export interface ItemTable {
  readonly instance: string;
  readonly family: UnicastItem['family'] | EnetItem['family'] | 'erm-vpn' | 'inet-mvpn';
  /** The virtual network of paths that came into being in the table. */
  readonly virtualNetwork: string;
  readonly asn: number;
  networks(): VirtualNetworks;
}

/** Bodies of messages, and how many routes they announce and retract. */
export interface ItemBatch {
  readonly bodies: readonly Buffer[];
  readonly reach: number;
  readonly unreach: number;
}

/** The encoder of an item group: bodies without the header that names the agent. */
export function itemWriter(
  table: ItemTable,
): (reach: readonly SharedRoute[], unreach: readonly SharedRoute[]) => ItemBatch {
  const write = bodyWriter(table);
  return (reach, unreach) => ({
    bodies: write(reach, unreach),
    reach: reach.length,
    unreach: unreach.length,
  });
}

function bodyWriter(
  table: ItemTable,
): (reach: readonly SharedRoute[], unreach: readonly SharedRoute[]) => Buffer[] {
  const { instance, family } = table;
  if (family === 'e-vpn') return enetWriter(table);
  if (family === 'erm-vpn' || family === 'inet-mvpn') return multicastWriter(family, table);
  const item = (route: SharedRoute): NamedItem => itemOf(route, family, table);
  const id = ({ text }: SharedRoute): string => text;
  return (reach, unreach) =>
    unreach.length === 0
      ? itemsBodies(family, instance, reach.map(item))
      : retractsBodies(family, instance, unreach.map(id));
}

/** The same for EVPN. Routes of types that agents do not have are passed over; inclusive multicast is for `ReplicationLists`. */
function enetWriter(
  table: ItemTable,
): (reach: readonly SharedRoute[], unreach: readonly SharedRoute[]) => Buffer[] {
  const { instance } = table;
  const named = (routes: readonly SharedRoute[]): [SharedRoute, EnetKey][] =>
    routes.flatMap((route) => {
      const key = enetKey(route.nlri!);
      return key === undefined || isInclusiveMulticast(key) ? [] : [[route, key]];
    });
  return (reach, unreach) => [
    ...itemsBodies(
      'e-vpn',
      instance,
      named(reach).map(([route, key]): EnetItem => {
        const paths = inOrder(route.multipath).map((path) => reflectedEvpnPath(path, table));
        return { family: 'e-vpn', ...key, flags: 0, attributes: reflectedEnetAttributes(paths) };
      }),
    ),
    ...retractsBodies(
      'e-vpn',
      instance,
      named(unreach).map(([, key]) => enetItemId(key)),
    ),
  ];
}

/** The same for multicast: each route by itself, without a tree. */
function multicastWriter(
  family: 'erm-vpn' | 'inet-mvpn',
  { instance, asn }: ItemTable,
): (reach: readonly SharedRoute[], unreach: readonly SharedRoute[]) => Buffer[] {
  const channelFamily = family === 'erm-vpn' ? 'ermvpn' : family;
  return (reach, unreach) => {
    const ids = new Map<Item, string>();
    for (const route of reach) {
      const named = multicastItem(route, asn);
      if (named !== undefined) ids.set(named.item, named.id);
    }
    const gone = unreach.flatMap((route) => multicastItem(route, asn)?.id ?? []);
    return [
      ...itemsBodies(channelFamily, instance, ids.keys(), (item) => ids.get(item)!),
      ...retractsBodies(channelFamily, instance, gone),
    ];
  };
}

/** Labels stand in the NLRI, that of an inclusive multicast route in its PMSI attribute. */
export function reflectedEvpnPath(path: SharedPath, table: ItemTable): ReflectedPath {
  const reflected = reflectedPath(path, table);
  const { properties } = reflected;
  const [field, l3Field = 0] = labelFieldsOf(path.nlri!);
  const label = labelIn(field ?? path.attributes.get('pmsiTunnel')?.labelField ?? 0, properties);
  return { ...reflected, label, l3Label: labelIn(l3Field, properties), mac: properties.routerMac };
}

/** The text of a route in a VRF is that of its prefix, which is the id of the item. */
function itemOf(
  { text: id, multipath }: SharedRoute,
  family: UnicastItem['family'],
  table: ItemTable,
): NamedItem {
  const path = multipath[0]!;
  const facts = factsOf(path.attributes, table.asn);
  const written = multipath.length > 1 ? undefined : writtenOnce(path, facts, table);
  if (written !== undefined)
    return { family, id, written, label: labelIn(path.labelField, facts.properties) };
  const paths = inOrder(multipath).map((one) => reflectedPath(one, table));
  return { family, id, attributes: reflectedAttributes(paths) };
}

/** What a single path has in its item; kept from the second time on: a route may be the only one that is like it. */
function writtenOnce(path: SharedPath, facts: Facts, table: ItemTable): WrittenAttributes | undefined {
  // Without a label there are no encapsulations either.
  if (labelIn(path.labelField, facts.properties) === 0) return undefined;
  const virtualNetwork = virtualNetworkOf(path, facts, table);
  if (facts.writtenFor !== virtualNetwork) {
    facts.writtenFor = virtualNetwork;
    facts.written = undefined;
    return undefined;
  }
  return (facts.written ??= new WrittenAttributes(reflectedAttributes([reflectedPath(path, table)])));
}

/**
 * Paths that share the load in the order of the selection, which goes on behind the step where they tie: from agents
 * before from peers, external before internal, then by next hop. Every control node has the same order, so that agents
 * on two of them have the members of an ECMP set at the same places.
 */
export function inOrder<P extends SharedPath>(paths: readonly P[]): readonly P[] {
  if (paths.length < 2) return paths;
  return [...paths].sort((a, b) => rank(a) - rank(b) || compareBytes(a.nextHop, b.nextHop));
}

/** The best is first whatever it is. */
function rank({ best, source }: SharedPath): number {
  if (best) return 0;
  if (source.protocol !== 'bgp') return 1;
  return source.internal ? 3 : 2;
}

function reflectedPath(path: SharedPath, table: ItemTable): ReflectedPath {
  const facts = factsOf(path.attributes, table.asn);
  const { properties, localPref, med, communities } = facts;
  return {
    nextHop: path.nextHop,
    label: labelIn(path.labelField, properties),
    localPref,
    med,
    communities,
    properties,
    virtualNetwork: virtualNetworkOf(path, facts, table),
  };
}

/** The MPLS label in a field of an NLRI; the whole of it where it is a VNI. */
function labelIn(field: number, { encapsulations }: RouteProperties): number {
  return encapsulations.includes('vxlan') ? field : field >>> 4;
}

/** Name of the virtual network that a path belongs to. */
function virtualNetworkOf(
  { attributes, replicated }: SharedPath,
  { properties: { originVirtualNetwork } }: Facts,
  table: ItemTable,
): string {
  // A workload's route in the underlay has the origin of the workload without being a copy.
  if (!replicated && originVirtualNetwork === undefined) return table.virtualNetwork;
  return table.networks().nameOf(originVirtualNetwork, attributes.extendedCommunities);
}

/** What an item says of attributes whatever the route is. Attributes are those of one source and one next hop. */
interface Facts {
  readonly asn: number;
  readonly localPref: number;
  readonly med: number;
  readonly communities: readonly number[];
  readonly properties: RouteProperties;
  /** The virtual network they were last written for, and the octets when that was not the first time. */
  writtenFor: string | undefined;
  written: WrittenAttributes | undefined;
}

const known = new WeakMap<PathAttributes, Facts>();

function factsOf(attributes: PathAttributes, asn: number): Facts {
  let facts = known.get(attributes);
  if (facts?.asn === asn) return facts;
  facts = {
    asn,
    localPref: attributes.localPref ?? DEFAULT_LOCAL_PREF,
    med: attributes.med ?? 0,
    communities: [...new Set(attributes.communities)].sort((a, b) => a - b),
    properties: propertiesOf(attributes, asn),
    writtenFor: undefined,
    written: undefined,
  };
  known.set(attributes, facts);
  return facts;
}

/** Where tags are large communities, these are all the tags of a route. */
function propertiesOf(attributes: PathAttributes, asn: number): RouteProperties {
  const properties = routeProperties(ascending(attributes.extendedCommunities), asn);
  const tags = tagsOfLarge(attributes.largeCommunities, asn);
  return tags === undefined ? properties : { ...properties, tags };
}
