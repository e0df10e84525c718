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
import { END_OF_RIB_NODE } from './stanza-reader.ts';

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

const eventHead = `\n\t<event xmlns="${PUBSUB}">\n\t\t<items node="`;
const tail = '\n\t\t</items>\n\t</event>\n</message>\n';
const entryTail = '\n\t\t\t\t</entry>\n\t\t\t</item>';

/** The marker behind the last route. */
export const endOfRibBody: Buffer = Buffer.from(
  `\n\t<event xmlns="${PUBSUB}">\n<items node="${END_OF_RIB_NODE}"></items>\n\t</event>\n</message>\n`,
);

/**
 * Bodies that announce items of one instance and family, each with at most {@link MAX_ITEMS}.
 * `idOf` names items whose id needs more than the item tells (a route distinguisher for multicast).
 */
export function itemsBodies(
  family: ItemFamily,
  instance: string,
  items: Iterable<Item>,
  idOf: (item: Item) => string = itemId,
): Buffer[] {
  const head = bodyHead(family, instance);
  const bodies: Buffer[] = [];
  // One text for all items of a body, and one buffer made of it: buffers cost more than the text in them.
  let text = head;
  let count = 0;
  const flush = (): void => {
    bodies.push(Buffer.from(text + tail));
    [text, count] = [head, 0];
  };
  for (const item of items) {
    text += itemHead(item, idOf(item)) + attributesText(item, 'control-node') + entryTail;
    if (++count === MAX_ITEMS || text.length >= MAX_BODY_BYTES) flush();
  }
  if (count > 0) flush();
  return bodies;
}

/** Bodies that withdraw items of one instance and family by id, each with at most {@link MAX_RETRACTS}. */
export function retractsBodies(family: ItemFamily, instance: string, ids: readonly string[]): Buffer[] {
  const head = bodyHead(family, instance);
  const bodies: Buffer[] = [];
  for (let at = 0; at < ids.length; at += MAX_RETRACTS) {
    const retracts = ids
      .slice(at, at + MAX_RETRACTS)
      .map((id) => `\n\t\t\t<retract id="${escapeXML(id)}" />`);
    bodies.push(Buffer.from(head + retracts.join('') + tail));
  }
  return bodies;
}

function bodyHead(family: ItemFamily, instance: string): string {
  return `${eventHead}${escapeXML(itemsNode(family, instance))}">`;
}

/** What goes before the attributes of an item. Ids and prefixes of unicast items are the same text. */
function itemHead(item: Item, id: string): string {
  const { family } = item;
  switch (family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled': {
      const { between, behind } = unicastHeads[family];
      return `${itemStart}${id}${between}${id}${behind}`;
    }
    case 'e-vpn':
    case 'ermvpn':
    case 'inet-mvpn':
      return `${itemStart}${escapeXML(id)}${entryStart}${nlriText(item, 'control-node')}`;
  }
}

const itemStart = '\n\t\t\t<item id="';
const entryStart = '">\n\t\t\t\t<entry>';

/** What stands between the id of an item and its prefix, and behind that. */
function unicastHead(family: UnicastItem['family']): { between: string; behind: string } {
  const { afi, safi } = itemFamilies[family];
  const [between = '', behind = ''] = template('control-node', 5, (lines) =>
    lines.in('nlri', () => lines.leaf('af', afi).leaf('safi', safi).leaf('address', open)),
  );
  return { between: `${entryStart}${between}`, behind };
}

const unicastHeads: Readonly<Record<UnicastItem['family'], { between: string; behind: string }>> = {
  inet: unicastHead('inet'),
  inet6: unicastHead('inet6'),
  'inet-labeled': unicastHead('inet-labeled'),
};
