/** Writes the `<entry>` of an item in the layout of the two ends: agents break lines, control nodes also indent. */
import { addressText, macText, prefixText } from '@vaportrail/net';
import { escapeXMLText } from '@xmpp/xml';
import { itemFamilies } from './item-family.ts';
import type {
  EnetAttributes,
  EnetItem,
  Item,
  ItemAttributes,
  MulticastAttributes,
  MulticastItem,
  MulticastNextHop,
  MvpnItem,
  NextHop,
} from './item.ts';

/** Whose layout: `agent` has no indentation and keeps the sequence number out of `mobility`. */
export type Layout = 'agent' | 'control-node';

/** Lines of an entry. Every scalar is written even when zero or empty, as generated encoders do. */
class Lines {
  text = '';
  #depth: number;
  readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
    this.#depth = layout === 'agent' ? 0 : 5; // children of an entry inside message, event, items and item
  }

  #line(text: string): this {
    this.text += this.layout === 'agent' ? `\n${text}` : `\n${'\t'.repeat(this.#depth)}${text}`;
    return this;
  }

  leaf(name: string, value: string | number | boolean): this {
    return this.#line(`<${name}>${typeof value === 'string' ? escapeXMLText(value) : value}</${name}>`);
  }

  empty(tag: string): this {
    return this.#line(`<${tag} />`);
  }

  /** `body` inside an element. */
  in(name: string, body: () => void): this {
    this.#line(`<${name}>`);
    this.#depth++;
    body();
    this.#depth--;
    return this.#line(`</${name}>`);
  }

  /** Members inside a container, which is one empty tag when there are none. */
  list<T>(container: string, members: readonly T[], write: (member: T) => void): this {
    return members.length === 0 ? this.empty(container) : this.in(container, () => members.forEach(write));
  }

  leaves(container: string, member: string, values: readonly (string | number)[]): this {
    return this.list(container, values, (value) => this.leaf(member, value));
  }
}

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

const remembered: Readonly<Record<Layout, WeakMap<object, Buffer>>> = {
  agent: new WeakMap(),
  'control-node': new WeakMap(),
};

/**
 * What follows the `<nlri>` of an item, up to and without `</entry>`. Written once per attributes object and layout;
 * the bytes are shared and must not be changed.
 */
export function attributesBytes(item: Item, layout: Layout): Buffer {
  const cache = remembered[layout];
  let bytes = cache.get(item.attributes);
  if (bytes === undefined) {
    bytes = Buffer.from(attributesText(item, layout));
    cache.set(item.attributes, bytes);
  }
  return bytes;
}

function attributesText(item: Item, layout: Layout): string {
  const lines = new Lines(layout);
  switch (item.family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled':
      writeUnicast(lines, item.attributes);
      break;
    case 'e-vpn':
      writeEnet(lines, item.attributes);
      break;
    case 'ermvpn':
      writeMulticast(lines, item.attributes);
      break;
    case 'inet-mvpn':
      writeMvpn(lines, item.attributes);
      break;
  }
  return lines.text;
}

function writeUnicast(lines: Lines, attributes: ItemAttributes): void {
  lines.list('next-hops', attributes.nextHops, (hop) => writeNextHop(lines, hop));
  lines.leaf('version', attributes.version).leaf('virtual-network', attributes.virtualNetwork);
  writeMobility(lines, attributes);
  lines.leaves('security-group-list', 'security-group', attributes.securityGroups);
  lines.leaves('community-tag-list', 'community-tag', attributes.communityTags);
  lines.leaf('local-preference', attributes.localPref).leaf('med', attributes.med);
  lines.in('load-balance', () => {
    lines.leaves('load-balance-fields', 'load-balance-field-list', attributes.loadBalance.fields);
    lines.leaf('load-balance-decision', attributes.loadBalance.decision);
  });
  lines.leaf('sub-protocol', attributes.subProtocol);
}

function writeNextHop(lines: Lines, hop: NextHop): void {
  lines.in('next-hop', () => {
    writeAddress(lines, hop.address);
    lines.leaf('mac', hop.mac === undefined ? '' : macText(hop.mac));
    lines.leaf('label', hop.label).leaf('vni', hop.vni);
    lines.leaves('tunnel-encapsulation-list', 'tunnel-encapsulation', hop.encapsulations);
    lines.leaf('virtual-network', hop.virtualNetwork);
    lines.leaves('tag-list', 'tag', hop.tags).leaf('local-sequence-number', hop.localSequence);
  });
}

function writeAddress(lines: Lines, address: Uint8Array): void {
  lines.leaf('af', address.length === 16 ? 2 : 1);
  lines.leaf('address', address.length === 0 ? '' : addressText(address));
}

/** Agents leave `mobility` at zero and count in `sequence-number`; control nodes write the same number into both. */
function writeMobility(lines: Lines, { mobility: { sequence, sticky } }: ItemAttributes): void {
  const seqno = lines.layout === 'agent' && !sticky ? 0 : sequence;
  lines.empty(`mobility seqno="${seqno}" sticky="${sticky}"`).leaf('sequence-number', sequence);
}

function writeEnet(lines: Lines, attributes: EnetAttributes): void {
  const writeHop = (hop: NextHop): void => writeEnetNextHop(lines, hop);
  lines.list('next-hops', attributes.nextHops, writeHop).list('olist', attributes.olist, writeHop);
  lines.leaf('virtual-network', attributes.virtualNetwork);
  writeMobility(lines, attributes);
  lines.leaves('security-group-list', 'security-group', attributes.securityGroups);
  lines.leaf('local-preference', attributes.localPref).leaf('med', attributes.med);
  lines.leaf('edge-replication-not-supported', attributes.edgeReplicationNotSupported);
  lines.leaf('assisted-replication-supported', attributes.assistedReplicationSupported);
  lines
    .list('leaf-olist', attributes.leafOlist, writeHop)
    .leaf('replicator-address', attributes.replicatorAddress);
  lines.leaf('etree-leaf', attributes.etreeLeaf);
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

function writeMulticast(lines: Lines, attributes: MulticastAttributes): void {
  const writeHop = (hop: MulticastNextHop): void => writeMulticastNextHop(lines, hop);
  lines.list('next-hops', attributes.nextHops, writeHop).list('olist', attributes.olist, writeHop);
}

/** A join has its next hop without a container. */
function writeMvpn(lines: Lines, attributes: MulticastAttributes): void {
  const writeHop = (hop: MulticastNextHop): void => writeMulticastNextHop(lines, hop);
  attributes.nextHops.forEach(writeHop);
  lines.list('olist', attributes.olist, writeHop);
}

function writeMulticastNextHop(lines: Lines, hop: MulticastNextHop): void {
  lines.in('next-hop', () => {
    writeAddress(lines, hop.address);
    lines.leaf('label', hop.label);
    lines.leaves('tunnel-encapsulation-list', 'tunnel-encapsulation', hop.encapsulations);
  });
}
