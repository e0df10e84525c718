/** Turns an element of a stream into a {@link Stanza}, or into a step of the TLS negotiation. */
import type { Element } from '@xmpp/xml';
import { readConfigObjects } from './config-message.ts';
import {
  attributeOf,
  childOf,
  childrenOf,
  childText,
  descendantOf,
  elementsOf,
  excerpt,
  lastChildOf,
  textOf,
  UnreadableItem,
} from './element-reader.ts';
import { nativeIdOf, parseNode } from './item-family.ts';
import { readItem } from './item-reader.ts';
import type { Item, ItemFamily, ItemProblem } from './item.ts';
import { resourceOf } from './jid.ts';
import type { Collection, Config, Ignored, Negotiation, Publish, Stanza, Subscribe } from './stanza.ts';

/** Node of the items of an End-of-RIB marker. */
export const END_OF_RIB_NODE = '0/0/EndOfRib';

/** Reads an element of a stream. Nothing a peer writes makes it throw: what it does not know is `ignored`. */
export function readStanza(element: Element): Stanza | Negotiation {
  switch (element.name) {
    case 'iq':
      return readIq(element);
    case 'message':
      return readMessage(element);
    case 'stream:features':
      return { type: 'features', starttls: childOf(element, 'starttls') !== undefined };
    case 'starttls':
    case 'proceed':
      return { type: element.name };
    case 'stream:error': {
      const [condition] = elementsOf(element).filter((child) => child.name !== 'text');
      const text = childText(element, 'text');
      return {
        type: 'stream-error',
        condition: excerpt(condition?.name ?? 'undefined-condition'),
        text: excerpt(text),
      };
    }
    default:
      return ignored(`<${excerpt(element.name)}> has no meaning here`);
  }
}

function ignored(because: string): Ignored {
  return { type: 'ignored', because };
}

function readIq(iq: Element): Stanza {
  const type = attributeOf(iq, 'type');
  if (type !== 'set') return ignored(`iq of type "${excerpt(type)}"`);
  const to = attributeOf(iq, 'to');
  const resource = resourceOf(to);
  if (resource !== 'bgp-peer' && resource !== 'config') return ignored(`iq to "${excerpt(to)}"`);
  const config = childOf(iq, 'config');
  if (resource === 'config' && config !== undefined) return readConfig(to, config);
  const pubsub = childOf(iq, 'pubsub');
  const [action] = pubsub === undefined ? [] : elementsOf(pubsub);
  if (pubsub === undefined || action === undefined) return ignored('iq without a pubsub action');
  if (resource === 'config') {
    if (action.name !== 'subscribe' && action.name !== 'unsubscribe') {
      return ignored(`<${excerpt(action.name)}> on the config channel`);
    }
    return { type: `config-${action.name}`, node: attributeOf(action, 'node') };
  }
  switch (action.name) {
    case 'subscribe':
      return readSubscribe(pubsub, action);
    case 'unsubscribe':
      return { type: 'unsubscribe', node: attributeOf(action, 'node') };
    case 'publish':
      return readPublish(action);
    case 'collection':
      return readCollection(action);
    default:
      return ignored(`pubsub action <${excerpt(action.name)}>`);
  }
}

function readSubscribe(pubsub: Element, action: Element): Subscribe {
  // Inside subscribe, or beside it: looked for anywhere.
  const options = descendantOf(pubsub, 'options');
  const instanceId = lastChildOf(options, 'instance-id');
  return {
    type: 'subscribe',
    // It is kept as long as the session, and must not keep the text of its stanza.
    node: Buffer.from(attributeOf(action, 'node')).toString(),
    instanceId: instanceId === undefined ? -1 : leadingInteger(textOf(instanceId)),
    noRibOut: /^[1ty]/i.test(childText(options, 'no-ribout').trim()), // as deployed control nodes read a bool
  };
}

/** As deployed control nodes read an instance id: what is behind the digits does not count, and no digits are 0. */
function leadingInteger(text: string): number {
  const [digits = '0'] = /^\s*[+-]?\d{1,10}/.exec(text) ?? [];
  return Math.max(-0x8000_0000, Math.min(Number(digits), 0x7fff_ffff));
}

function readPublish(action: Element): Publish {
  const node = attributeOf(action, 'node');
  const { family } = parseNode(node);
  return {
    type: 'publish',
    node,
    family,
    nativeId: family === 'inet' ? nativeIdOf(node) : undefined,
    // The first one is looked for anywhere, and the others are beside it: only a publish without any is an End-of-RIB.
    ...readItems(childrenOf(descendantOf(action, 'item')?.parent ?? undefined, 'item'), family, node),
  };
}

/** Both are looked for anywhere; where there are both, deployed control nodes associate. */
function readCollection(action: Element): Collection {
  const node = attributeOf(action, 'node');
  for (const name of ['associate', 'dissociate'] as const) {
    const target = descendantOf(action, name);
    if (target !== undefined)
      return { type: 'collection', node, action: name, target: attributeOf(target, 'node') };
  }
  return { type: 'collection', node, action: 'none', target: '' };
}

function readItems(
  elements: readonly Element[],
  family: ItemFamily | undefined,
  node: string,
): { items: Item[]; problems: ItemProblem[] } {
  const items: Item[] = [];
  const problems: ItemProblem[] = [];
  for (const element of elements) {
    const entry = childOf(element, 'entry');
    try {
      if (family === undefined) throw new UnreadableItem('the node names no known family', 'family');
      if (entry === undefined) throw new UnreadableItem('the item has no entry');
      items.push(readItem(entry, family));
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      const address = textOf(childOf(childOf(entry, 'nlri'), 'address'));
      const name = attributeOf(element, 'id') || address || node;
      problems.push({ item: excerpt(name), because: error.message, family, kind: error.kind });
    }
  }
  return { items, problems };
}

function readMessage(message: Element): Stanza {
  const to = attributeOf(message, 'to');
  if (resourceOf(to) !== 'bgp-peer') return ignored(`message to "${excerpt(to)}"`);
  const list = childOf(childOf(message, 'event'), 'items');
  if (list === undefined) return { type: 'end-of-rib' }; // how deployed agents know the marker
  const node = attributeOf(list, 'node');
  if (node === END_OF_RIB_NODE) return { type: 'end-of-rib' };
  const { family, rest } = parseNode(node);
  if (family === undefined) return ignored(`items of "${excerpt(node)}"`);
  const retracted = childrenOf(list, 'retract').map(firstAttribute);
  const items = childrenOf(list, 'item');
  if (items.length === 0 && retracted.length > 0) {
    return { type: 'retracts', node, family, instance: rest, ids: retracted };
  }
  const read = readItems(items, family, node);
  for (const id of retracted) read.problems.push({ item: excerpt(id), because: 'a retract among items' });
  return { type: 'items', node, family, instance: rest, ...read };
}

/** The id of a retract is its first attribute, whatever its name. */
function firstAttribute(element: Element): string {
  const [value] = Object.values(element.attrs as Record<string, unknown>);
  return value === undefined ? '' : String(value);
}

function readConfig(to: string, config: Element): Config {
  return {
    type: 'config',
    to,
    updates: childrenOf(config, 'update').flatMap(readConfigObjects),
    deletes: childrenOf(config, 'delete').flatMap(readConfigObjects),
  };
}
