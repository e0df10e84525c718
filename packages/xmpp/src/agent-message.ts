/** Stanzas of an agent to its control node. */
import { escapeXML } from '@xmpp/xml';
import { attributesText, nlriText } from './entry-writer.ts';
import { publishNode } from './item-family.ts';
import type { Item } from './item.ts';
import { CONTROL_NODE_JID } from './jid.ts';
import { END_OF_RIB_NODE } from './stanza-reader.ts';

const PUBSUB = '<pubsub xmlns="http://jabber.org/protocol/pubsub">';

function iq(from: string, id: string, resource: 'bgp-peer' | 'config' = 'bgp-peer'): string {
  const named = id === '' ? '' : ` id="${id}"`;
  return `<iq type="set" from="${escapeXML(from)}" to="${CONTROL_NODE_JID}/${resource}"${named}>`;
}

function subscription(
  action: 'subscribe' | 'unsubscribe',
  from: string,
  instance: string,
  instanceId: number,
  n: number,
): Buffer {
  return Buffer.from(
    `${iq(from, `subscribe${n}`)}\n${PUBSUB}\n<${action} node="${escapeXML(instance)}">\n<options>\n` +
      `<instance-id>${instanceId}</instance-id>\n</options>\n</${action}>\n</pubsub>\n</iq>\n`,
  );
}

/** Asks for the routes of an instance. `n` makes the id of the stanza, which nobody looks at. */
export function subscribeStanza(from: string, instance: string, instanceId: number, n = 0): Buffer {
  return subscription('subscribe', from, instance, instanceId, n);
}

/** The subscription to an instance ends; the control node then withdraws what the agent had published in it. */
export function unsubscribeStanza(from: string, instance: string, instanceId: number, n = 0): Buffer {
  return subscription('unsubscribe', from, instance, instanceId, n);
}

/** The publish and collection that announce an item in an instance, replacing what this agent announced before. */
export function announceStanzas(
  from: string,
  instance: string,
  item: Item,
  n = 0,
  nativeId?: number,
): Buffer {
  return publishPair('associate', from, instance, item, n, nativeId);
}

/** The publish and collection that withdraw an item; control nodes look at its prefix only. */
export function withdrawStanzas(
  from: string,
  instance: string,
  item: Item,
  n = 0,
  nativeId?: number,
): Buffer {
  return publishPair('dissociate', from, instance, item, n, nativeId);
}

function publishPair(
  action: 'associate' | 'dissociate',
  from: string,
  instance: string,
  item: Item,
  n: number,
  nativeId: number | undefined,
): Buffer {
  const node = escapeXML(publishNode(instance, item, nativeId));
  const kind = item.family === 'e-vpn' ? 'pubsub_l2' : item.family === 'ermvpn' ? 'pubsub_b' : 'pubsub';
  const pair = item.family === 'e-vpn' ? 'collection_l2' : 'collection';
  return Buffer.from(
    `${iq(from, `${kind}${n}`)}\n${PUBSUB}\n<publish node="${node}">\n<item>\n<entry>` +
      `${nlriText(item, 'agent')}${attributesText(item, 'agent')}` +
      `\n</entry>\n</item>\n</publish>\n</pubsub>\n</iq>\n` +
      `${iq(from, `${pair}${n}`)}\n${PUBSUB}\n<collection node="${escapeXML(instance)}">\n` +
      `<${action} node="${node}" />\n</collection>\n</pubsub>\n</iq>\n`,
  );
}

/**
 * Both forms of an agent's End-of-RIB: the marker message that agents send, and the pair without items that control
 * nodes act upon.
 */
export function agentEndOfRib(from: string): Buffer {
  return Buffer.from(
    `\n<message from="${escapeXML(from)}" to="${CONTROL_NODE_JID}/bgp-peer">\n\t<event xmlns="http://jabber.org/protocol/pubsub">\n` +
      `<items node="${END_OF_RIB_NODE}"></items>\n\t</event>\n</message>\n` +
      `${iq(from, '')}${PUBSUB}<publish /></pubsub></iq>\n` +
      `${iq(from, '')}${PUBSUB}<collection /></pubsub></iq>\n`,
  );
}

/** Asks for (or no longer for) the configuration of an object, e.g. `virtual-router:default-global-system-config:compute-1`. */
export function configSubscribeStanza(
  from: string,
  node: string,
  action: 'subscribe' | 'unsubscribe' = 'subscribe',
): Buffer {
  return Buffer.from(
    `${iq(from, '', 'config')}${PUBSUB}<${action} node="${escapeXML(node)}" /></pubsub></iq>`,
  );
}
