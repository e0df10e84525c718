/**
 * Messages of a control node to its agents. A message is a header that names the agent and a body that does not, so a
 * body is written once for all agents that get it, and each sends its own header before it.
 */
import { escapeXML } from '@xmpp/xml';
import { open, template } from './entry-lines.ts';
import { attributesText, nlriText } from './entry-writer.ts';
import { itemFamilies, itemId, itemsNode } from './item-family.ts';
import type { Item, ItemFamily, UnicastItem } from './item.ts';
import { CONTROL_NODE_JID } from './jid.ts';
import { octets } from './octet-cursor.ts';
import { END_OF_RIB_NODE } from './stanza-reader.ts';
import { TextOctets } from './text-octets.ts';
import { unicastAttributesText } from './unicast-entry.ts';
import type { NamedItem } from './written-attributes.ts';

/** Most items in one message. */
export const MAX_ITEMS = 32;
/** Most retracts in one message. */
export const MAX_RETRACTS = 256;
/** A message gets no further item beyond about so many octets: wide ECMP sets must not pass the reader's stanza limit. */
export const MAX_BODY_BYTES = 96 * 1024;

const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** `\n<message from=… to="compute-1/bgp-peer">`: what goes before each body. */
export function messageHeader(agent: string): Buffer {
  return Buffer.from(`\n<message from="${CONTROL_NODE_JID}" to="${escapeXML(agent)}/bgp-peer">`);
}

const eventHead = octets(`\n\t<event xmlns="${PUBSUB}">\n\t\t<items node="`);
const headEnd = octets('">');
const tail = octets('\n\t\t</items>\n\t</event>\n</message>\n');
const entryTail = octets('\n\t\t\t\t</entry>\n\t\t\t</item>');

/** The body in work. */
const body = new TextOctets();

/** The marker behind the last route. */
export const endOfRibBody: Buffer = Buffer.from(
  `\n\t<event xmlns="${PUBSUB}">\n<items node="${END_OF_RIB_NODE}"></items>\n\t</event>\n</message>\n`,
);

/**
 * Bodies that announce items of one instance and family, each with at most {@link MAX_ITEMS}.
 * `idOf` names items whose id needs more than the item tells (a route distinguisher for multicast).
 */
export function itemsBodies<I extends Item | NamedItem>(
  family: ItemFamily,
  instance: string,
  items: Iterable<I>,
  idOf: (item: I) => string = idOfItem,
): Buffer[] {
  const node = escapeXML(itemsNode(family, instance));
  const bodies: Buffer[] = [];
  let count = 0;
  for (const item of items) {
    if (count++ === 0) beginBody(node);
    writeItem(item, idOf(item));
    if (count < MAX_ITEMS && body.length < MAX_BODY_BYTES) continue;
    bodies.push(body.octets(tail).copy());
    count = 0;
  }
  if (count > 0) bodies.push(body.octets(tail).copy());
  return bodies;
}

/** Bodies that withdraw items of one instance and family by id, each with at most {@link MAX_RETRACTS}. */
export function retractsBodies(family: ItemFamily, instance: string, ids: readonly string[]): Buffer[] {
  const node = escapeXML(itemsNode(family, instance));
  const bodies: Buffer[] = [];
  for (let at = 0; at < ids.length; at += MAX_RETRACTS) {
    const retracts = ids
      .slice(at, at + MAX_RETRACTS)
      .map((id) => `\n\t\t\t<retract id="${escapeXML(id)}" />`);
    beginBody(node);
    bodies.push(body.text(retracts.join('')).octets(tail).copy());
  }
  return bodies;
}

function idOfItem(item: Item | NamedItem): string {
  return 'id' in item ? item.id : itemId(item);
}

function beginBody(node: string): void {
  body.reset().octets(eventHead).text(node).octets(headEnd);
}

function writeItem(item: Item | NamedItem, id: string): void {
  const { family } = item;
  switch (family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled': {
      // The id of a unicast item and its prefix are the same text.
      const { start, between, behind } = unicastHeads[family];
      body.octets(start).text(id).octets(between).text(id).octets(behind);
      if ('written' in item) item.written.write(body, item.label);
      else body.text(unicastAttributesText(item.attributes, 'control-node'));
      break;
    }
    case 'e-vpn':
    case 'ermvpn':
    case 'inet-mvpn':
      body.text(`${itemStart}${escapeXML(id)}${entryStart}`);
      body.text(nlriText(item, 'control-node')).text(attributesText(item, 'control-node'));
      break;
  }
  body.octets(entryTail);
}

const itemStart = '\n\t\t\t<item id="';
const entryStart = '">\n\t\t\t\t<entry>';

/** What stands before the id of an item, between it and the prefix, and behind that. */
type UnicastHead = Readonly<Record<'start' | 'between' | 'behind', Uint8Array>>;

function unicastHead(family: UnicastItem['family']): UnicastHead {
  const { afi, safi } = itemFamilies[family];
  const [between = '', behind = ''] = template('control-node', 5, (lines) =>
    lines.in('nlri', () => lines.leaf('af', afi).leaf('safi', safi).leaf('address', open)),
  );
  return { start: octets(itemStart), between: octets(`${entryStart}${between}`), behind: octets(behind) };
}

const unicastHeads: Readonly<Record<UnicastItem['family'], UnicastHead>> = {
  inet: unicastHead('inet'),
  inet6: unicastHead('inet6'),
  'inet-labeled': unicastHead('inet-labeled'),
};
