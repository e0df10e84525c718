/** Reads the `<entry>` of an item, family by family. @see {@link Item} */
import type { Element } from '@xmpp/xml';
import { parseAddress, parseIpv4, ipv4Bytes, parseMac, parsePrefix, type Prefix } from '@vaportrail/net';
import {
  attributeOf,
  childInteger,
  childOf,
  childText,
  childrenOf,
  excerpt,
  integer,
  isTrue,
  lastChildOf,
  textOf,
  UnreadableItem,
} from './element-reader.ts';
import { itemFamilies } from './item-family.ts';
import type {
  EnetItem,
  Item,
  ItemAttributes,
  ItemFamily,
  LoadBalance,
  Mobility,
  MulticastAttributes,
  MulticastItem,
  MulticastNextHop,
  MvpnItem,
  NextHop,
  UnicastItem,
} from './item.ts';

/**
 * Reads an `<entry>`. Whether its values make sense for who sent it is another question (`announceable`).
 * @throws UnreadableItem when AFI/SAFI are not those of the family, the prefix is none, or a number does not parse
 */
export function readItem(entry: Element, family: ItemFamily): Item {
  return readers[family](entry, family);
}

const readers: { readonly [F in ItemFamily]: (entry: Element, family: ItemFamily) => Item } = {
  inet: readUnicast,
  inet6: readUnicast,
  'inet-labeled': readUnicast,
  'e-vpn': readEnet,
  ermvpn: readMulticast,
  'inet-mvpn': readMvpn,
};

function readNlri(entry: Element, family: ItemFamily): Element {
  const nlri = childOf(entry, 'nlri');
  if (nlri === undefined) throw new UnreadableItem('the entry has no nlri');
  const { afi, safi } = itemFamilies[family];
  const af = childInteger(nlri, 'af');
  const saf = childInteger(nlri, 'safi');
  if (af !== afi || saf !== safi) {
    throw new UnreadableItem(`af/safi is ${af}/${saf} in an item of ${afi}/${safi}`, 'family');
  }
  return nlri;
}

/** @throws UnreadableItem when the text is not `ADDRESS/LENGTH` */
export function readPrefix(text: string): Prefix {
  const trimmed = text.trim();
  try {
    if (!trimmed.includes('/')) throw new RangeError('there is no "/"');
    return parsePrefix(trimmed);
  } catch (error) {
    throw new UnreadableItem(`address is not a prefix: "${excerpt(trimmed)}"`, 'prefix', { cause: error });
  }
}

function readUnicast(entry: Element, named: ItemFamily): UnicastItem {
  const family = statedFamily(entry, named);
  const nlri = readNlri(entry, family);
  const prefix = readPrefix(childText(nlri, 'address'));
  const octets = family === 'inet6' ? 16 : 4;
  if (prefix.bytes.length !== octets)
    throw new UnreadableItem(`address is not of family ${family}`, 'prefix');
  return { family: family as UnicastItem['family'], prefix, attributes: readAttributes(entry) };
}

/** Whether an IPv4 route has a label of the underlay is what the item says, whatever its node. */
function statedFamily(entry: Element, named: ItemFamily): ItemFamily {
  if (named === 'inet6') return named;
  const isLabelled = childInteger(childOf(entry, 'nlri'), 'safi') === itemFamilies['inet-labeled'].safi;
  return isLabelled ? 'inet-labeled' : 'inet';
}

function readAttributes(entry: Element): ItemAttributes {
  return {
    nextHops: members(entry, 'next-hops', 'next-hop').map(readNextHop),
    version: childInteger(entry, 'version'),
    virtualNetwork: childText(entry, 'virtual-network'),
    mobility: readMobility(entry),
    securityGroups: list(entry, 'security-group-list', 'security-group').map((text) =>
      integer(text, 'security-group'),
    ),
    communityTags: list(entry, 'community-tag-list', 'community-tag'),
    localPref: childInteger(entry, 'local-preference'),
    med: childInteger(entry, 'med'),
    loadBalance: readLoadBalance(entry),
    subProtocol: childText(entry, 'sub-protocol') || 'interface',
  };
}

/** Younger agents have tags of 64 bits. Beyond 53 they are not exact, which nothing needs: no community holds more than 56. */
const MAX_TAG = 2 ** 64;

function readNextHop(element: Element): NextHop {
  return {
    address: readAddress(childText(element, 'address'), childInteger(element, 'af')),
    label: childInteger(element, 'label'),
    encapsulations: list(element, 'tunnel-encapsulation-list', 'tunnel-encapsulation'),
    virtualNetwork: childText(element, 'virtual-network'),
    tags: list(element, 'tag-list', 'tag').map((text) => integer(text, 'tag', MAX_TAG)),
    mac: readMac(childText(element, 'mac')),
    localSequence: childInteger(element, 'local-sequence-number'),
    vni: childInteger(element, 'vni'),
    l3Label: childInteger(element, 'l3-label'),
  };
}

/** What the text of an address that is none reads as: the item may still be withdrawn by it. */
const noAddress = new Uint8Array(0);

/** AFIs that a next hop may name; the address tells whether it is of IPv4 or IPv6. Without one it is 0. */
const nextHopAfis = new Set([0, 1, 2, 25]);

/** The octets of the address of a next hop, none when the text is no address or the AFI is another. */
export function readAddress(text: string, afi: number): Uint8Array {
  if (text === '' || !nextHopAfis.has(afi)) return noAddress;
  try {
    return parseAddress(text.trim());
  } catch {
    return noAddress; // `announceable` says so
  }
}

/** The octets of a MAC address; undefined when there is none or all are zero, no octets when the text is something else. */
export function readMac(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  let mac: Uint8Array;
  try {
    mac = parseMac(trimmed);
  } catch {
    return noAddress; // `announceable` says so
  }
  return mac.every((octet) => octet === 0) ? undefined : mac;
}

function readMobility(entry: Element): Mobility {
  const element = lastChildOf(entry, 'mobility');
  const sequence = element === undefined ? 0 : integer(attributeOf(element, 'seqno'), 'mobility seqno');
  const sticky = element !== undefined && isTrue(attributeOf(element, 'sticky'));
  const older = childInteger(entry, 'sequence-number');
  return mobilityOf(sequence, sticky, older);
}

/** `mobility` where it has a number, else the older `sequence-number`, which is never sticky. */
export function mobilityOf(sequence: number, sticky: boolean, older: number): Mobility {
  return sequence === 0 ? { sequence: older, sticky: false } : { sequence, sticky };
}

function readLoadBalance(entry: Element): LoadBalance {
  const element = lastChildOf(entry, 'load-balance');
  return {
    fields: element === undefined ? [] : list(element, 'load-balance-fields', 'load-balance-field-list'),
    decision: childText(element, 'load-balance-decision') || 'field-hash',
  };
}

function list(parent: Element, container: string, member: string): string[] {
  return members(parent, container, member).map(textOf);
}

/** What a list holds; one that is written twice goes on in the second, as deployed receivers read it. */
function members(parent: Element, container: string, member: string): Element[] {
  return childrenOf(parent, container).flatMap((element) => childrenOf(element, member));
}

function readEnet(entry: Element): EnetItem {
  const nlri = readNlri(entry, 'e-vpn');
  const macText = childText(nlri, 'mac').trim();
  let mac: Uint8Array;
  try {
    mac = parseMac(macText);
  } catch (error) {
    throw new UnreadableItem(`mac is not an Ethernet address: "${excerpt(macText)}"`, 'prefix', {
      cause: error,
    });
  }
  const group = childText(nlri, 'group');
  const isOfMac = group === '' && mac.some((octet) => octet !== 0);
  return {
    family: 'e-vpn',
    ethernetTag: childInteger(nlri, 'ethernet-tag'),
    mac,
    prefix: readEnetPrefix(childText(nlri, 'address').trim(), isOfMac),
    group,
    source: childText(nlri, 'source'),
    flags: childInteger(nlri, 'flags'),
    attributes: {
      ...readAttributes(entry),
      olist: members(entry, 'olist', 'next-hop').map(readNextHop),
      leafOlist: members(entry, 'leaf-olist', 'next-hop').map(readNextHop),
      edgeReplicationNotSupported: childBoolean(entry, 'edge-replication-not-supported'),
      assistedReplicationSupported: childBoolean(entry, 'assisted-replication-supported'),
      replicatorAddress: childText(entry, 'replicator-address'),
      etreeLeaf: childBoolean(entry, 'etree-leaf'),
    },
  };
}

/** How agents write that a MAC has no address. */
const noHost = new Set(['', '0.0.0.0/0', '::/0']);

/**
 * Without a text it is what stands for no address (Contrail's `ProcessEnetItem` of bgp_xmpp_channel.cc).
 * @param isOfMac whether it must be that of a host, or none
 */
function readEnetPrefix(text: string, isOfMac: boolean): Prefix {
  const prefix = readPrefix(text === '' ? '0.0.0.0/0' : text);
  if (isOfMac && prefix.length !== prefix.bytes.length * 8 && !noHost.has(text))
    throw new UnreadableItem('the address of a workload is not a host address', 'prefix');
  return prefix;
}

function childBoolean(element: Element, name: string): boolean {
  return isTrue(childText(element, name));
}

function readMulticast(entry: Element): MulticastItem {
  const nlri = readNlri(entry, 'ermvpn');
  return {
    family: 'ermvpn',
    group: readGroup(nlri),
    source: readIpv4(nlri, 'source'),
    sourceLabel: childInteger(nlri, 'source-label'),
    sourceAddress: childText(nlri, 'source-address'),
    attributes: readMulticastAttributes(entry),
  };
}

function readMvpn(entry: Element): MvpnItem {
  const nlri = readNlri(entry, 'inet-mvpn');
  for (const name of ['group', 'source']) {
    if (childText(nlri, name).trim() === '') throw new UnreadableItem(`there is no ${name}`, 'prefix');
  }
  return {
    family: 'inet-mvpn',
    group: readGroup(nlri),
    source: readIpv4(nlri, 'source'),
    routeType: childInteger(nlri, 'route-type'),
    attributes: readMvpnAttributes(entry),
  };
}

/** A multicast VPN item has one next hop without a list around it, of which the last counts, and its label is a number. */
function readMvpnAttributes(entry: Element): MulticastAttributes {
  const { nextHops, olist } = readMulticastAttributes(entry);
  for (const { label } of [...nextHops, ...olist]) integer(label, 'label');
  return { nextHops: nextHops.slice(-1), olist };
}

/** Where a group is given it is an address; without one it is that of all. */
function readGroup(nlri: Element): Uint8Array {
  const group = readIpv4(nlri, 'group');
  if (childText(nlri, 'group').trim() !== '' && group.every((octet) => octet === 0))
    throw new UnreadableItem('the group is the unspecified address', 'prefix');
  return group;
}

function readIpv4(nlri: Element, name: string): Uint8Array {
  const text = childText(nlri, name).trim();
  try {
    return ipv4Bytes(text === '' ? 0 : parseIpv4(text));
  } catch (error) {
    throw new UnreadableItem(`${name} is not an IPv4 address: "${excerpt(text)}"`, 'prefix', {
      cause: error,
    });
  }
}

function readMulticastAttributes(entry: Element): MulticastAttributes {
  // A multicast VPN join has one next hop without the container.
  const joined = childrenOf(entry, 'next-hop');
  const listed = members(entry, 'next-hops', 'next-hop');
  return {
    nextHops: (listed.length > 0 ? listed : joined).map(readMulticastNextHop),
    olist: members(entry, 'olist', 'next-hop').map(readMulticastNextHop),
  };
}

function readMulticastNextHop(element: Element): MulticastNextHop {
  return {
    address: readAddress(childText(element, 'address'), childInteger(element, 'af')),
    label: childText(element, 'label').trim(),
    encapsulations: list(element, 'tunnel-encapsulation-list', 'tunnel-encapsulation'),
  };
}
