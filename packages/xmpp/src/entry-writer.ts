/** Writes the `<entry>` of an item, family by family, in the layout of either end. */
import { addressText, macText, prefixText } from '@vaportrail/net';
import { Lines, type Layout } from './entry-lines.ts';
import { itemFamilies } from './item-family.ts';
import type {
  EnetAttributes,
  EnetItem,
  Item,
  MulticastAttributes,
  MulticastItem,
  MulticastNextHop,
  MvpnItem,
  NextHop,
} from './item.ts';
import { mobilitySequence, unicastAttributesText } from './unicast-entry.ts';

/** The `<nlri>` of an item, from the line break before it. */
export function nlriText(item: Item, layout: Layout): string {
  const lines = new Lines(layout);
  const { afi, safi } = itemFamilies[item.family];
  return lines.in('nlri', () => {
    lines.leaf('af', afi).leaf('safi', safi);
    switch (item.family) {
      case 'inet':
      case 'inet6':
      case 'inet-labeled':
        lines.leaf('address', prefixText(item.prefix));
        break;
      case 'e-vpn':
        writeEnetNlri(lines, item);
        break;
      case 'ermvpn':
        writeMulticastNlri(lines, item);
        break;
      case 'inet-mvpn':
        writeMvpnNlri(lines, item);
        break;
    }
  }).text;
}

function writeEnetNlri(lines: Lines, item: EnetItem): void {
  lines
    .leaf('ethernet-tag', item.ethernetTag)
    .leaf('mac', macText(item.mac))
    .leaf('address', prefixText(item.prefix));
  lines.leaf('group', item.group).leaf('source', item.source).leaf('flags', item.flags);
}

function writeMulticastNlri(lines: Lines, item: MulticastItem): void {
  lines.leaf('group', addressText(item.group)).leaf('source', addressText(item.source));
  lines.leaf('source-label', item.sourceLabel).leaf('source-address', item.sourceAddress);
}

function writeMvpnNlri(lines: Lines, item: MvpnItem): void {
  lines.leaf('group', addressText(item.group)).leaf('source', addressText(item.source));
  lines.leaf('route-type', item.routeType);
}

/** What follows the `<nlri>` of an item, up to and without `</entry>`. */
export function attributesText(item: Item, layout: Layout): string {
  const lines = (): Lines => new Lines(layout);
  switch (item.family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled':
      return unicastAttributesText(item.attributes, layout);
    case 'e-vpn':
      return writeEnet(lines(), item.attributes).text;
    case 'ermvpn':
      return writeMulticast(lines(), item.attributes).text;
    case 'inet-mvpn':
      return writeMvpn(lines(), item.attributes).text;
  }
}

function writeAddress(lines: Lines, address: Uint8Array): void {
  lines.leaf('af', address.length === 16 ? 2 : 1);
  lines.leaf('address', address.length === 0 ? '' : addressText(address));
}

function writeEnet(lines: Lines, attributes: EnetAttributes): Lines {
  const writeHop = (hop: NextHop): void => writeEnetNextHop(lines, hop);
  lines.list('next-hops', attributes.nextHops, writeHop).list('olist', attributes.olist, writeHop);
  lines.leaf('virtual-network', attributes.virtualNetwork);
  lines.empty(
    `mobility seqno="${mobilitySequence(attributes, lines.layout)}" sticky="${attributes.mobility.sticky}"`,
  );
  lines.leaf('sequence-number', attributes.mobility.sequence);
  lines.leaves('security-group-list', 'security-group', attributes.securityGroups);
  lines.leaf('local-preference', attributes.localPref).leaf('med', attributes.med);
  lines.leaf('edge-replication-not-supported', attributes.edgeReplicationNotSupported);
  lines.leaf('assisted-replication-supported', attributes.assistedReplicationSupported);
  lines
    .list('leaf-olist', attributes.leafOlist, writeHop)
    .leaf('replicator-address', attributes.replicatorAddress);
  return lines.leaf('etree-leaf', attributes.etreeLeaf);
}

function writeEnetNextHop(lines: Lines, hop: NextHop): void {
  lines.in('next-hop', () => {
    writeAddress(lines, hop.address);
    lines.leaf('mac', hop.mac === undefined ? '' : macText(hop.mac));
    lines.leaf('label', hop.label).leaf('l3-label', hop.l3Label);
    lines.leaves('tunnel-encapsulation-list', 'tunnel-encapsulation', hop.encapsulations);
    lines.leaves('tag-list', 'tag', hop.tags).leaf('local-sequence-number', hop.localSequence);
  });
}

function writeMulticast(lines: Lines, attributes: MulticastAttributes): Lines {
  const writeHop = (hop: MulticastNextHop): void => writeMulticastNextHop(lines, hop);
  return lines.list('next-hops', attributes.nextHops, writeHop).list('olist', attributes.olist, writeHop);
}

/** A join has its next hop without a container. */
function writeMvpn(lines: Lines, attributes: MulticastAttributes): Lines {
  const writeHop = (hop: MulticastNextHop): void => writeMulticastNextHop(lines, hop);
  attributes.nextHops.forEach(writeHop);
  return lines.list('olist', attributes.olist, writeHop);
}

function writeMulticastNextHop(lines: Lines, hop: MulticastNextHop): void {
  lines.in('next-hop', () => {
    writeAddress(lines, hop.address);
    lines.leaf('label', hop.label);
    lines.leaves('tunnel-encapsulation-list', 'tunnel-encapsulation', hop.encapsulations);
  });
}
