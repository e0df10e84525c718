/**
 * From an agent's item to a path: the attributes, the label and the route distinguisher that go to BGP.
 *
 * An agent names no attribute of BGP but the preference; the rest follows from the item, so that two control nodes
 * make the same route of the same item.
 */
import { MAX_LABEL, Writer, addressRouteDistinguisher, ipv4At } from '@vaportrail/net';
import type { ItemAttributes, UnicastItem } from '@vaportrail/xmpp';

import {
  encapsulationCommunity,
  encapsulationTypes,
  loadBalanceCommunity,
  localSequenceCommunity,
  mobilityCommunity,
  parseCommunity,
  routerMacCommunity,
  securityGroupCommunities,
  sortedCommunities,
  tagCommunities,
} from './contrail-communities.ts';

/** A path as an agent published it. */
export interface PublishedPath {
  /** IPv4 address of the compute node. */
  readonly nextHop: number;
  readonly label: number;
  /** Absent in the master instance. */
  readonly routeDistinguisher: Uint8Array | undefined;
  /** Attributes in order of their codes, without next hop and NLRI; route targets are added at export. */
  readonly attributes: Uint8Array;
  /** Why the path is kept but cannot be used. */
  readonly because?: string;
}

/** Where an item was published. */
export interface Publication {
  readonly asn: number;
  /** The agent's index of the VRF. */
  readonly instanceId: number;
  /** Whether the VRF is that of the underlay. */
  readonly master: boolean;
}

/** LOCAL_PREF of a path whose agent gave none. */
export const DEFAULT_LOCAL_PREF = 100;
const MAX_VNI = 0xff_ffff;

/** An item that is dropped, and why; the session goes on. */
export class ItemDropped extends Error {
  override readonly name = 'ItemDropped';
}

/**
 * The path that an item describes.
 * @throws ItemDropped when the label or the next hop of the item cannot be used
 */
export function publishedPath(item: UnicastItem, { asn, instanceId, master }: Publication): PublishedPath {
  const { attributes } = item;
  if (attributes.nextHops.length !== 1) {
    throw new ItemDropped(`an item has one next hop, not ${attributes.nextHops.length}`);
  }
  const { address, label, encapsulations } = attributes.nextHops[0]!;
  if (address.length !== 4) throw new ItemDropped('the next hop is not an IPv4 address');
  const nextHop = ipv4At(address, 0);
  if (nextHop === 0) throw new ItemDropped('the next hop is 0.0.0.0');
  checkLabel(item.family, label, encapsulations.includes('vxlan'), master);
  const known = encapsulations.filter((one) => Object.hasOwn(encapsulationTypes, one));
  const unknownOnly = !master && encapsulations.length > 0 && known.length === 0;
  return {
    nextHop,
    label,
    routeDistinguisher: master ? undefined : addressRouteDistinguisher(nextHop, instanceId & 0xffff),
    attributes: attributesOf(attributes, asn, master),
    ...(unknownOnly && { because: `no known tunnel encapsulation among ${encapsulations.join(', ')}` }),
  };
}

/** @throws ItemDropped when the label is none for a route of that kind */
function checkLabel(family: UnicastItem['family'], label: number, vxlan: boolean, master: boolean): void {
  const most = vxlan ? MAX_VNI : MAX_LABEL;
  if (label < 0 || label > most) throw new ItemDropped(`label ${label} is not between 0 and ${most}`);
  const mustBeZero = master && family !== 'inet-labeled';
  if (mustBeZero && label !== 0)
    throw new ItemDropped(`label ${label} in the master instance, where it must be 0`);
  if (!mustBeZero && label === 0) throw new ItemDropped('label 0');
}

const encoded = new WeakMap<ItemAttributes, Map<number, Uint8Array>>();

/** The attribute bytes of an item, computed once per shared {@link ItemAttributes}. */
function attributesOf(attributes: ItemAttributes, asn: number, master: boolean): Uint8Array {
  const key = master ? -asn : asn;
  let byAsn = encoded.get(attributes);
  if (byAsn === undefined) encoded.set(attributes, (byAsn = new Map()));
  let bytes = byAsn.get(key);
  if (bytes === undefined) byAsn.set(key, (bytes = encodePublished(attributes, asn, master)));
  return bytes;
}

function encodePublished(attributes: ItemAttributes, asn: number, master: boolean): Uint8Array {
  const communities = attributes.communityTags.flatMap((text) => parseCommunity(text) ?? []);
  const extended = master ? new Uint8Array(0) : sortedCommunities(extendedCommunitiesOf(attributes, asn));
  const med = multiExitDiscriminator(attributes.med, attributes.localPref);
  const writer = new Writer(128);
  const well = 0x40;
  const optional = 0x80;
  const optionalTransitive = 0xc0;
  writer.u8(well).u8(1).u8(1).u8(2); // ORIGIN: incomplete
  writer.u8(well).u8(2).u8(0); // AS_PATH: empty
  if (med !== 0) writer.u8(optional).u8(4).u8(4).u32(med);
  writer
    .u8(well)
    .u8(5)
    .u8(4)
    .u32(attributes.localPref || DEFAULT_LOCAL_PREF);
  if (communities.length > 0) {
    attribute(writer, optionalTransitive, 8, (value) => {
      for (const one of [...new Set(communities)].sort((a, b) => a - b)) value.u32(one);
    });
  }
  if (extended.length > 0) attribute(writer, optionalTransitive, 16, (value) => value.bytes(extended));
  return writer.finish();
}

function attribute(writer: Writer, flags: number, code: number, body: (value: Writer) => void): void {
  const value = new Writer();
  body(value);
  const long = value.length > 0xff;
  writer.u8(long ? flags | 0x10 : flags).u8(code);
  if (long) writer.u16(value.length);
  else writer.u8(value.length);
  writer.bytes(value.finish());
}

/** An agent's preference as a metric, so that it survives external sessions: 200 and 100 trade places. */
export function multiExitDiscriminator(med: number, localPref: number): number {
  if (med !== 0) return med;
  if (localPref === 0) return 0;
  if (localPref === 100) return 200;
  if (localPref === 200) return 100;
  return 0xffff_ffff - localPref;
}

function extendedCommunitiesOf(attributes: ItemAttributes, asn: number): Uint8Array[] {
  const { encapsulations, mac, tags, localSequence } = attributes.nextHops[0]!;
  const communities: Uint8Array[] = [];
  for (const name of encapsulations) {
    const type = Object.hasOwn(encapsulationTypes, name) ? encapsulationTypes[name] : undefined;
    if (type !== undefined) communities.push(encapsulationCommunity(type));
  }
  if (mac !== undefined) communities.push(routerMacCommunity(mac));
  communities.push(...tagCommunities(asn, tags), ...securityGroupCommunities(asn, attributes.securityGroups));
  if (localSequence !== 0) communities.push(localSequenceCommunity(localSequence));
  const { sequence, sticky } = attributes.mobility;
  if (sequence !== 0) communities.push(mobilityCommunity(sequence, sticky));
  const { fields, decision } = attributes.loadBalance;
  const loadBalance = loadBalanceCommunity({
    fields,
    decision: decision === 'source-bias' ? 'source-bias' : 'field-hash',
  });
  if (loadBalance !== undefined) communities.push(loadBalance);
  return communities;
}
