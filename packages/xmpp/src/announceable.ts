/** Whether a control node may take an item for a route: what agents publish is read first and judged here. */
import type {
  EnetItem,
  Item,
  ItemAttributes,
  MulticastItem,
  MvpnItem,
  NextHop,
  UnicastItem,
} from './item.ts';

/** The instance of the underlay, whose rules for labels are the other way round. */
export const MASTER_INSTANCE = 'default-domain:default-project:ip-fabric:__default__';

const NO_ADDRESS = 'the next hop is not an address';
const UNSPECIFIED_ADDRESS = 'the next hop is the unspecified address';

/** Whether a problem that {@link announceable} has found is one of the next hop's address. */
export function isNextHopProblem(because: string): boolean {
  return because === NO_ADDRESS || because === UNSPECIFIED_ADDRESS;
}

/** Largest MPLS label, and largest VNI. */
const MAX_LABEL = 0xf_ffff;
const MAX_VNI = 0xff_ffff;

/**
 * Most security groups, community tags, tags, and encapsulations of one item. They become communities of a BGP
 * message, which must fit 4096 octets whatever the agent writes.
 */
export const MAX_LIST_ENTRIES = 64;

/**
 * Why an announced item is to be dropped, as a sentence for the log; undefined when it is a route. Withdrawn items
 * are not asked: only their prefix counts.
 * @param master whether the instance is {@link MASTER_INSTANCE}
 */
export function announceable(item: Item, master: boolean): string | undefined {
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

/** What holds for every family with the usual attributes; remembered, as attributes are shared by many items. */
function commonProblem(item: UnicastItem | EnetItem): string | undefined {
  const { attributes } = item;
  if (sound.has(attributes)) return undefined;
  const problem = attributesProblem(attributes);
  if (problem === undefined) sound.add(attributes);
  return problem;
}

const sound = new WeakSet<ItemAttributes>();

function attributesProblem({ nextHops, securityGroups, communityTags }: ItemAttributes): string | undefined {
  if (nextHops.length !== 1) return `${nextHops.length} next hops instead of one`;
  const [hop] = nextHops;
  if (hop!.address.length === 0) return NO_ADDRESS;
  if (hop!.address.every((octet) => octet === 0)) return UNSPECIFIED_ADDRESS;
  if (hop!.mac?.length === 0) return 'the MAC address of the next hop is none';
  for (const list of [securityGroups, communityTags, hop!.tags, hop!.encapsulations]) {
    if (list.length > MAX_LIST_ENTRIES) return `a list of more than ${MAX_LIST_ENTRIES} entries`;
  }
  return labelProblem(hop!);
}

/** A label beyond 20 bits can only be a VNI. */
function labelProblem({ label, encapsulations }: NextHop): string | undefined {
  if (label > MAX_VNI) return `label ${label} does not fit 24 bits`;
  if (label > MAX_LABEL && !encapsulations.includes('vxlan')) return `label ${label} does not fit 20 bits`;
  return undefined;
}

function unicastProblem(item: UnicastItem, master: boolean): string | undefined {
  const [hop] = item.attributes.nextHops;
  const { address, label } = hop!;
  if (item.family !== 'inet6' && address.length !== 4) return 'the next hop of an IPv4 prefix is not IPv4';
  if (item.family === 'inet-labeled') {
    if (!master) return `labelled routes belong into ${MASTER_INSTANCE}`;
    return label === 0 ? 'label 0' : undefined;
  }
  if (master) return label === 0 ? undefined : `label ${label} in the underlay`;
  return label === 0 ? 'label 0' : undefined;
}

function enetProblem({ mac, prefix, group, attributes }: EnetItem): string | undefined {
  const { replicatorAddress } = attributes;
  const isHost = group === '' && mac.some((octet) => octet !== 0);
  if (isHost && prefix.length !== 0 && prefix.length !== prefix.bytes.length * 8) {
    return 'the address of a workload is not a host address';
  }
  if (replicatorAddress !== '' && !/^(?!0+(\.0+){3}$)\d{1,3}(\.\d{1,3}){3}$/.test(replicatorAddress)) {
    return 'the replicator address is not an address';
  }
  return undefined;
}

function multicastProblem(item: MulticastItem | MvpnItem): string | undefined {
  const { nextHops } = item.attributes;
  if (nextHops.length !== 1) return `${nextHops.length} next hops instead of one`;
  const [hop] = nextHops;
  if (hop!.address.length !== 4 || hop!.address.every((octet) => octet === 0))
    return 'the next hop is not an address';
  if (item.family === 'inet-mvpn') {
    return item.routeType === 5 || item.routeType === 7
      ? undefined
      : `route type ${item.routeType} of multicast VPN`;
  }
  const [, first = '0', last = '0'] = /^(\d{1,7})-(\d{1,7})$/.exec(hop!.label) ?? [];
  const inRange = Number(first) > 0 && Number(first) <= Number(last) && Number(last) <= MAX_LABEL;
  return inRange ? undefined : 'the label is not a range START-END';
}
