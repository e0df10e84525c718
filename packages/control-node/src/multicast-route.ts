/**
 * Multicast routes of agents as NLRI, and back to items. They are carried and no more: no tree is computed of them.
 *
 * An ermvpn route of an agent is native to its instance: it has the agent's route distinguisher and goes to no BGP peer,
 * which are told trees. MVPN routes have none until they are exported, as EVPN routes.
 */
import { encodeAttributes, families, sortExtendedCommunities } from '@vaportrail/bgp/wire';
import {
  Reader,
  Writer,
  addressText,
  computeNodeDistinguisher,
  ipv4At,
  ipv4Bytes,
  parseIpv4,
  routeDistinguisherText,
} from '@vaportrail/net';
import type { SharedPath, SharedRoute } from '@vaportrail/rib';
import type { MulticastItem, MulticastNextHop, MvpnItem } from '@vaportrail/xmpp';

import { encapsulationCommunities, hasNoTunnel, routeProperties } from './contrail-communities.ts';
import { ItemDropped } from './item-dropped.ts';
import { DEFAULT_LOCAL_PREF } from './published-path.ts';

const mvpn = families['inet-mvpn'];
/** Type of the routes that never leave a control node; the layout behind it is our own. */
const NATIVE_ROUTE = 0;
const NATIVE_OCTETS = 16;
/** MVPN route types that agents publish, by number. @see RFC 6514 §4 */
const mvpnTypes = { 5: 'source-active', 7: 'source-tree-join' } as const;
const NO_DISTINGUISHER = '0:0';

/** Who publishes a multicast route, and where. */
export interface MulticastPublication {
  readonly asn: number;
  /** Of route distinguishers; 0 is none. */
  readonly clusterSeed: number;
  /** The agent, whose distinguisher a native route has. */
  readonly agent: number;
  readonly instanceId: number;
}

/** The NLRI of an item, of which only what names it counts. @throws ItemDropped for types that agents do not have */
export function multicastNlri(item: MulticastItem | MvpnItem, publication: MulticastPublication): Uint8Array {
  const { group, source } = item;
  const writer = new Writer();
  if (item.family === 'ermvpn') {
    const { agent, instanceId, clusterSeed } = publication;
    const distinguisher = computeNodeDistinguisher(ipv4Bytes(agent), instanceId, clusterSeed);
    return writer.u8(NATIVE_ROUTE).u8(NATIVE_OCTETS).bytes(distinguisher).bytes(group).bytes(source).finish();
  }
  const routeType = mvpnTypes[item.routeType as keyof typeof mvpnTypes] as string | undefined;
  if (routeType === undefined) throw new ItemDropped(`route type ${item.routeType} of multicast VPN`);
  const fields = { routeType, rd: NO_DISTINGUISHER, source: addressText(source), group: addressText(group) };
  mvpn.encode(writer, { ...fields, sourceAs: publication.asn }, false);
  return writer.finish();
}

/**
 * The attributes of an announced item, which is `announceable`: it has one next hop, or joins the tree of a source.
 * @param agent who announced it: the next hop of a join that names none
 */
export function multicastPath(
  item: MulticastItem | MvpnItem,
  agent: number,
): {
  nextHop: Uint8Array;
  attributes: Uint8Array;
  infeasible?: 'no-tunnel-encapsulation';
} {
  const [hop] = item.attributes.nextHops;
  const { encapsulations = [] } = hop ?? {};
  const extendedCommunities = sortExtendedCommunities(encapsulationCommunities(encapsulations));
  const attributes = encodeAttributes({
    origin: 'incomplete',
    asPath: [],
    localPref: DEFAULT_LOCAL_PREF,
    ...(extendedCommunities.length > 0 && { extendedCommunities }),
    ...(item.family === 'ermvpn' && { edgeDiscovery: edgeOf(hop!) }),
  });
  return {
    nextHop: isUsable(hop) ? hop.address : ipv4Bytes(agent),
    attributes,
    ...(hasNoTunnel(encapsulations) && { infeasible: 'no-tunnel-encapsulation' as const }),
  };
}

/** Whether a next hop is an address of IPv4, of which joins need none. */
function isUsable(hop: MulticastNextHop | undefined): hop is MulticastNextHop {
  return hop?.address.length === 4 && hop.address.some((octet) => octet !== 0);
}

/** One edge: octets of its address and of its labels, then both (unverified: it never leaves this node). */
function edgeOf({ address, label }: MulticastNextHop): Uint8Array {
  const [first, last] = label.split('-').map(Number);
  return new Writer(14).u8(4).u8(8).bytes(address).u32(first!).u32(last!).finish();
}

/** The edges of an attribute, as far as its octets are some: each has the length of its address and of its labels before it. */
export function edgesOf(bytes: Uint8Array): { address: string; labels: string }[] {
  const edges: { address: string; labels: string }[] = [];
  const reader = new Reader(bytes);
  while (reader.remaining >= 2) {
    const [addressOctets, labelOctets] = [reader.u8(), reader.u8()];
    if (addressOctets !== 4 || labelOctets % 8 !== 0 || reader.remaining < addressOctets + labelOctets) break;
    const address = addressText(reader.slice(4));
    const ranges = Array.from({ length: labelOctets / 8 }, () => `${reader.u32()}-${reader.u32()}`);
    edges.push({ address, labels: ranges.join(' ') });
  }
  return edges;
}

/** A route as an item with its id; undefined for types that agents have no items for. */
export function multicastItem(
  route: SharedRoute,
  asn: number,
): { readonly id: string; readonly item: MulticastItem | MvpnItem } | undefined {
  const nlri = route.nlri!;
  const nextHops = route.multipath.map((path) => nextHopOf(path, asn));
  const attributes = { nextHops, olist: [] };
  if (route.family === 'erm-vpn') {
    if (nlri[0] !== NATIVE_ROUTE || nlri.length !== 2 + NATIVE_OCTETS) return undefined;
    const reader = new Reader(nlri, 2);
    const rd = routeDistinguisherText(reader.slice(8));
    const group = reader.slice(4);
    const source = reader.slice(4);
    return {
      id: `${rd}:${addressText(group)},${addressText(source)}`,
      item: { family: 'ermvpn', group, source, sourceLabel: 0, sourceAddress: '', attributes },
    };
  }
  const fields = mvpn.decode(nlri, 0, nlri.length, false, {}) as {
    rd?: string;
    source?: string;
    group?: string;
  };
  const routeType = nlri[0] === 5 || nlri[0] === 7 ? nlri[0] : undefined;
  if (routeType === undefined || fields.source === '*' || fields.group === '*') return undefined;
  const { source = '0.0.0.0', group = '0.0.0.0' } = fields;
  return {
    // Without the type: agents look for the group behind the second colon (`ReceiveMvpnUpdate` of Contrail's agent).
    id: `${fields.rd ?? NO_DISTINGUISHER}:${group},${source}`,
    item: {
      family: 'inet-mvpn',
      group: ipv4Bytes(parseIpv4(group)),
      source: ipv4Bytes(parseIpv4(source)),
      routeType,
      attributes,
    },
  };
}

function nextHopOf({ nextHop, attributes }: SharedPath, asn: number): MulticastNextHop {
  const edge = attributes.get('edgeDiscovery');
  const { encapsulations } = routeProperties(attributes.extendedCommunities, asn);
  const label = edge === undefined || edge.length < 14 ? '0' : `${ipv4At(edge, 6)}-${ipv4At(edge, 10)}`;
  return { address: nextHop.length === 4 ? nextHop : nextHop.subarray(-4), label, encapsulations };
}
