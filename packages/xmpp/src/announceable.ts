/** Whether a control node may take an item for a route: what agents publish is read first and judged here. */
import { parseIpv4 } from '@vaportrail/net';

import type { EnetItem, Item, MulticastItem, MvpnItem, NextHop, UnicastItem } from './item.ts';

/** The instance of the underlay, whose rules for labels are the other way round. */
export const MASTER_INSTANCE = 'default-domain:default-project:ip-fabric:__default__';

/** Largest MPLS label, and largest VNI. */
const MAX_LABEL = 0xf_ffff;
const MAX_VNI = 0xff_ffff;

/**
 * Most security groups, community tags, tags, and encapsulations of one item. They become communities of a BGP
 * message, which must fit 4096 octets whatever the agent writes.
 */
export const MAX_LIST_ENTRIES = 64;

/** Why an announced item is no route. */
export type AnnounceProblem =
  | { readonly kind: 'next-hop-count'; readonly count: number }
  | { readonly kind: 'next-hop-address'; readonly fault: 'none' | 'unspecified' }
  | { readonly kind: 'next-hop-family' | 'next-hop-mac' | 'label-zero' | 'label-block' | 'list-length' }
  | { readonly kind: 'label-size'; readonly label: number; readonly bits: 20 | 24 }
  | { readonly kind: 'underlay-label'; readonly label: number }
  | { readonly kind: 'not-underlay' | 'host-address' | 'replicator-address' }
  | { readonly kind: 'route-type'; readonly routeType: number };

/** A problem as a sentence for the log. */
export function announceProblemText(problem: AnnounceProblem): string {
  switch (problem.kind) {
    case 'next-hop-count':
      return `${problem.count} next hops instead of one`;
    case 'next-hop-address':
      return problem.fault === 'none'
        ? 'the next hop is not an address'
        : 'the next hop is the unspecified address';
    case 'next-hop-family':
      return 'the next hop of an IPv4 prefix is not IPv4';
    case 'next-hop-mac':
      return 'the MAC address of the next hop is none';
    case 'label-zero':
      return 'label 0';
    case 'label-block':
      return 'the label is not a range START-END';
    case 'label-size':
      return `label ${problem.label} does not fit ${problem.bits} bits`;
    case 'underlay-label':
      return `label ${problem.label} in the underlay`;
    case 'not-underlay':
      return `labelled routes belong into ${MASTER_INSTANCE}`;
    case 'list-length':
      return `a list of more than ${MAX_LIST_ENTRIES} entries`;
    case 'host-address':
      return 'the address of a workload is not a host address';
    case 'replicator-address':
      return 'the replicator address is not an address';
    case 'route-type':
      return `route type ${problem.routeType} of multicast VPN`;
  }
}

/**
 * Why an announced item is to be dropped; undefined when it is a route. Withdrawn items are not asked: only their prefix
 * counts.
 * @param master whether the instance is {@link MASTER_INSTANCE}
 */
export function announceable(item: Item, master: boolean): AnnounceProblem | undefined {
  switch (item.family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled':
      return commonProblem(item) ?? unicastProblem(item, master);
    case 'e-vpn':
      return commonProblem(item) ?? enetProblem(item);
    case 'ermvpn':
    case 'inet-mvpn':
      return multicastProblem(item);
  }
}

/**
 * Whether an announced item is passed over without a word, as deployed control nodes do it: an IPv6 route without a label
 * outside of the underlay.
 */
export function isPassedOver({ family, attributes }: Item, master: boolean): boolean {
  return (
    family === 'inet6' && !master && attributes.nextHops.length === 1 && attributes.nextHops[0]!.label === 0
  );
}

/** What holds for every family with the usual attributes. It is asked for each item and makes nothing. */
function commonProblem({ attributes }: UnicastItem | EnetItem): AnnounceProblem | undefined {
  const { nextHops, securityGroups, communityTags } = attributes;
  if (nextHops.length !== 1) return { kind: 'next-hop-count', count: nextHops.length };
  const hop = nextHops[0]!;
  const problem = addressProblem(hop);
  if (problem !== undefined) return problem;
  if (hop.mac?.length === 0) return { kind: 'next-hop-mac' };
  const { tags, encapsulations } = hop;
  const longest = Math.max(securityGroups.length, communityTags.length, tags.length, encapsulations.length);
  return longest > MAX_LIST_ENTRIES ? { kind: 'list-length' } : labelProblem(hop, hop.label);
}

function addressProblem({ address }: Pick<NextHop, 'address'>): AnnounceProblem | undefined {
  if (address.length === 0) return { kind: 'next-hop-address', fault: 'none' };
  return address.every(isZero) ? { kind: 'next-hop-address', fault: 'unspecified' } : undefined;
}

function isZero(octet: number): boolean {
  return octet === 0;
}

/** A label beyond 20 bits can only be a VNI. */
function labelProblem({ encapsulations }: NextHop, label: number): AnnounceProblem | undefined {
  if (label > MAX_VNI) return { kind: 'label-size', label, bits: 24 };
  if (label > MAX_LABEL && !encapsulations.includes('vxlan')) return { kind: 'label-size', label, bits: 20 };
  return undefined;
}

function unicastProblem({ family, attributes }: UnicastItem, master: boolean): AnnounceProblem | undefined {
  const { address, label } = attributes.nextHops[0]!;
  if (family !== 'inet6' && address.length !== 4) return { kind: 'next-hop-family' };
  if (family === 'inet-labeled' && !master) return { kind: 'not-underlay' };
  if (family === 'inet-labeled' && label > MAX_LABEL) return { kind: 'label-size', label, bits: 20 };
  const isLabelled = family === 'inet-labeled' || !master;
  if (isLabelled) return label === 0 ? { kind: 'label-zero' } : undefined;
  return label === 0 ? undefined : { kind: 'underlay-label', label };
}

function enetProblem({ mac, prefix, group, attributes }: EnetItem): AnnounceProblem | undefined {
  const { nextHops, replicatorAddress } = attributes;
  const isHost = group === '' && mac.some((octet) => octet !== 0);
  if (isHost && prefix.length !== 0 && prefix.length !== prefix.bytes.length * 8) {
    return { kind: 'host-address' };
  }
  // Only broadcast has a replicator; what others say of one is nobody's business.
  const isBroadcast = mac.every((octet) => octet === 0xff);
  if (isBroadcast && replicatorAddress !== '' && !isIpv4Host(replicatorAddress)) {
    return { kind: 'replicator-address' };
  }
  return labelProblem(nextHops[0]!, nextHops[0]!.l3Label);
}

/** Whether a text is an IPv4 address, and not the unspecified one. */
function isIpv4Host(text: string): boolean {
  try {
    return parseIpv4(text) !== 0;
  } catch {
    return false;
  }
}

function multicastProblem(item: MulticastItem | MvpnItem): AnnounceProblem | undefined {
  if (item.family === 'inet-mvpn') {
    const { routeType } = item;
    // Who joins the tree of a source is reached over the source: deployed control nodes ask for nothing else.
    if (routeType === 7) return undefined;
    if (routeType !== 5) return { kind: 'route-type', routeType };
  }
  const { nextHops } = item.attributes;
  if (nextHops.length !== 1) return { kind: 'next-hop-count', count: nextHops.length };
  const { address, label } = nextHops[0]!;
  if (address.length !== 4) return { kind: 'next-hop-address', fault: 'none' };
  const problem = addressProblem({ address });
  if (problem !== undefined) return problem;
  if (item.family === 'inet-mvpn') return undefined;
  const [, first = '0', last = '0'] = /^(\d{1,7})-(\d{1,7})$/.exec(label) ?? [];
  const inRange = Number(first) > 0 && Number(first) <= Number(last) && Number(last) <= MAX_LABEL;
  return inRange ? undefined : { kind: 'label-block' };
}
