/**
 * From an agent's item to a path: the attributes and the label that go to BGP. The route distinguisher comes when the
 * table exports it, see `Table.setInstanceId`.
 *
 * An agent names no attribute of BGP but the preference; the rest follows from the item, so that two control nodes
 * make the same route of the same item.
 */
import { type AttributeFields, encodeAttributes, sortExtendedCommunities } from '@vaportrail/bgp/wire';
import { labelField } from '@vaportrail/net';
import type { EnetItem, ItemAttributes, UnicastItem } from '@vaportrail/xmpp';

import { parseCommunityTag } from './community-tag.ts';
import {
  encapsulationCommunities,
  etreeCommunity,
  evpnEncapsulationCommunities,
  hasNoTunnel,
  loadBalanceCommunity,
  localSequenceCommunity,
  mobilityCommunity,
  routerMacCommunity,
  securityGroupCommunities,
  tagCommunities,
} from './contrail-communities.ts';
import { enetLabelFields, evpnNlri, isInclusiveMulticast } from './evpn-route.ts';
import { publishedTunnel } from './inclusive-tunnel.ts';
import { ItemDropped } from './item-dropped.ts';
import { largeTags } from './large-tag.ts';

/** A path as an agent published it. */
export interface PublishedPath {
  /** Address of the compute node, IPv4 outside of the underlay. */
  readonly nextHop: Uint8Array;
  readonly label: number;
  /** The 24 bits of the NLRI: label and bottom of stack, or a VNI as it is. */
  readonly labelField: number;
  /** Attributes in order of their codes, without next hop and NLRI; route targets are added at export. */
  readonly attributes: Uint8Array;
  /** Why the path is kept but cannot be used. */
  readonly infeasible?: 'no-tunnel-encapsulation';
}

/** Where an item was published. */
export interface Publication {
  readonly asn: number;
  /** Whether the VRF is that of the underlay. */
  readonly master: boolean;
  /** The origin VN of a route that was leaked into the underlay. */
  readonly origin?: Uint8Array | undefined;
}

/** LOCAL_PREF of a path whose agent gave none. */
export const DEFAULT_LOCAL_PREF = 100;

/**
 * The path that an item describes, which is `announceable`: it has one next hop and a label that its instance allows.
 * @throws ItemDropped when the next hop cannot be used
 */
export function publishedPath(item: UnicastItem, { asn, master, origin }: Publication): PublishedPath {
  const { attributes } = item;
  const { address, label, encapsulations } = attributes.nextHops[0]!;
  if (address.length !== 4 && !master)
    throw new ItemDropped('the next hop is not an IPv4 address, as route distinguishers need');
  return {
    nextHop: address,
    label,
    // Without communities nothing would tell a peer that the label of an underlay route is a VNI.
    labelField: encapsulations.includes('vxlan') && !master ? label : labelField(label),
    attributes:
      origin === undefined ? attributesOf(attributes, asn, master) : encodeLeaked(attributes, origin),
    ...(!master && hasNoTunnel(encapsulations) && { infeasible: 'no-tunnel-encapsulation' as const }),
  };
}

/** An EVPN path as an agent published it. */
export interface PublishedEvpnPath extends Pick<PublishedPath, 'nextHop' | 'attributes' | 'infeasible'> {
  /** With a route distinguisher of zeros. */
  readonly nlri: Uint8Array;
}

/**
 * The EVPN path that an item describes. An inclusive multicast route has its label in the PMSI attribute.
 * @throws ItemDropped when the next hop cannot be used, or the kind of route is not carried
 */
export function publishedEvpnPath(item: EnetItem, { asn }: Pick<Publication, 'asn'>): PublishedEvpnPath {
  const { attributes } = item;
  const { address, encapsulations } = attributes.nextHops[0]!;
  if (address.length !== 4) throw new ItemDropped('the next hop is not an IPv4 address');
  const extended = [
    ...extendedCommunitiesOf(attributes, asn),
    ...evpnEncapsulationCommunities(encapsulations),
    // A route without the community is a root as well. Contrail sends it on roots too, but GoBGP does not know the
    // sub-type and takes such an UPDATE for a withdrawal.
    ...(attributes.etreeLeaf ? [etreeCommunity(true, 0)] : []),
  ];
  const labelFields = enetLabelFields(item);
  return {
    nlri: evpnNlri(item, labelFields),
    nextHop: address,
    attributes: encodeAttributes({
      ...plainAttributes(attributes),
      extendedCommunities: sortExtendedCommunities(extended),
      largeCommunities: largeTags(asn, attributes.nextHops[0]!.tags),
      pmsiTunnel: isInclusiveMulticast(item) ? publishedTunnel(item, labelFields[0]!) : undefined,
    }),
    ...(hasNoTunnel(encapsulations) && { infeasible: 'no-tunnel-encapsulation' as const }),
  };
}

/** What attributes were encoded to, and from what. */
interface Encoded {
  readonly from: ItemAttributes;
  readonly asn: number;
  readonly master: boolean;
  readonly bytes: Uint8Array;
}

/** By what items of the same shape share, see `AttributeBlocks` of xmpp: they differ in their labels only. */
const encoded = new WeakMap<object, Encoded>();

/** The attribute bytes of an item, computed once for all that differ in nothing but their label. */
function attributesOf(attributes: ItemAttributes, asn: number, master: boolean): Uint8Array {
  const known = encoded.get(attributes.loadBalance);
  if (known !== undefined && known.asn === asn && known.master === master && isAlike(known.from, attributes))
    return known.bytes;
  const bytes = encodePublished(attributes, asn, master);
  encoded.set(attributes.loadBalance, { from: attributes, asn, master, bytes });
  return bytes;
}

/** Whether two items, of which one was made from the other, have the same attributes in BGP. */
function isAlike(a: ItemAttributes, b: ItemAttributes): boolean {
  if (a === b) return true;
  const [hop, other] = [a.nextHops[0]!, b.nextHops[0]!];
  return (
    a.loadBalance === b.loadBalance &&
    a.securityGroups === b.securityGroups &&
    a.communityTags === b.communityTags &&
    a.mobility === b.mobility &&
    a.localPref === b.localPref &&
    a.med === b.med &&
    hop.encapsulations === other.encapsulations &&
    hop.tags === other.tags &&
    hop.mac === other.mac &&
    hop.localSequence === other.localSequence
  );
}

function encodePublished(attributes: ItemAttributes, asn: number, master: boolean): Uint8Array {
  const extended = master ? [] : extendedCommunitiesOf(attributes, asn);
  return encodeAttributes({
    ...plainAttributes(attributes),
    extendedCommunities: extended.length === 0 ? undefined : sortExtendedCommunities(extended),
    largeCommunities: master ? undefined : largeTags(asn, attributes.nextHops[0]!.tags),
  });
}

/** A route of the underlay has no extended community but the origin VN of the workload. */
function encodeLeaked(attributes: ItemAttributes, origin: Uint8Array): Uint8Array {
  return encodeAttributes({ ...plainAttributes(attributes), extendedCommunities: origin });
}

/** What is not told by extended communities. */
function plainAttributes(attributes: ItemAttributes): AttributeFields {
  const communities = communitiesOf(attributes.communityTags);
  const med = multiExitDiscriminator(attributes.med, attributes.localPref);
  return {
    origin: 'incomplete',
    asPath: [],
    med: med === 0 ? undefined : med,
    localPref: attributes.localPref || DEFAULT_LOCAL_PREF,
    communities: communities.length === 0 ? undefined : communities,
  };
}

/** Communities of their strings, ascending; what cannot be read is left out. */
function communitiesOf(tags: readonly string[]): number[] {
  const communities = new Set<number>();
  for (const tag of tags) {
    const community = parseCommunityTag(tag);
    if (community !== undefined) communities.add(community);
  }
  return [...communities].sort((a, b) => a - b);
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
  const communities = encapsulationCommunities(encapsulations);
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
