/**
 * Configuration on the channel: objects and the links between them, pushed by the control node to an agent that has
 * subscribed to itself. Nodes with a name and properties and links with two nodes and their metadata are known from a
 * public capture of 2015; no agent of a deployed system has read what is written here.
 */
import type { Element } from '@xmpp/xml';
import { escapeXML, escapeXMLText } from '@xmpp/xml';
import { attributeOf, childOf, childrenOf, childText, elementsOf, textOf } from './element-reader.ts';
import { CONTROL_NODE_JID } from './jid.ts';

/** Names a configuration object: `virtual-router`, `default-global-system-config:compute-1`. */
export interface ConfigName {
  readonly type: string;
  readonly name: string;
}

/** An element inside an object: a text, or further elements. Their schema is the configuration's, not the channel's. */
export interface ConfigProperty {
  readonly name: string;
  readonly value: string | readonly ConfigProperty[];
}

/** An object with its properties. */
export interface ConfigNode extends ConfigName {
  readonly kind: 'node';
  readonly properties: readonly ConfigProperty[];
}

/** Two objects that belong together, e.g. a virtual machine interface and its virtual network. */
export interface ConfigLink {
  readonly kind: 'link';
  readonly ends: readonly [ConfigName, ConfigName];
  /** `virtual-machine-interface-virtual-network` */
  readonly metadata: string;
}

/** What a push has updates and deletes of. */
export type ConfigObject = ConfigNode | ConfigLink;

/** Reads the children of `update` or `delete`; what is neither node nor link is passed over. */
export function readConfigObjects(container: Element): ConfigObject[] {
  return elementsOf(container).flatMap((element): ConfigObject[] => {
    if (element.name === 'node') {
      const properties = elementsOf(element).filter((child) => child.name !== 'name');
      return [{ kind: 'node', ...readName(element), properties: properties.map(readProperty) }];
    }
    const [left, right] = childrenOf(element, 'node').map(readName);
    if (element.name !== 'link' || left === undefined || right === undefined) return [];
    const metadata = childOf(element, 'metadata');
    return [
      {
        kind: 'link',
        ends: [left, right],
        metadata: metadata === undefined ? '' : attributeOf(metadata, 'type'),
      },
    ];
  });
}

function readName(element: Element): ConfigName {
  return { type: attributeOf(element, 'type'), name: childText(element, 'name') };
}

function readProperty(element: Element): ConfigProperty {
  const inside = elementsOf(element);
  return { name: element.name, value: inside.length === 0 ? textOf(element) : inside.map(readProperty) };
}

/**
 * The push that tells a virtual router what is new and what is gone, in objects as {@link configObjectText} writes them,
 * taken in their order.
 * @param router fully qualified name of the virtual router: the address is that, not the agent's host name
 */
export function configStanza(
  router: string,
  change: { readonly updates?: readonly string[]; readonly deletes?: readonly string[] },
): Buffer {
  const section = (name: string, objects: readonly string[] = []): string =>
    objects.length === 0 ? '' : `<${name}>${objects.join('')}</${name}>`;
  return Buffer.from(
    `<iq type="set" from="${CONTROL_NODE_JID}" to="${xmlAttribute(router)}/config"><config>` +
      `${section('update', change.updates)}${section('delete', change.deletes)}</config></iq>\n`,
  );
}

/** An object as it stands inside a push. Of one that is gone only the name is needed. */
export function configObjectText(object: ConfigObject): string {
  switch (object.kind) {
    case 'node':
      return nodeText(object, object.properties.map(propertyText).join(''));
    case 'link': {
      const ends = object.ends.map((end) => nodeText(end, '')).join('');
      return `<link>${ends}<metadata type="${xmlAttribute(object.metadata)}" /></link>`;
    }
  }
}

function nodeText({ type, name }: ConfigName, properties: string): string {
  return `<node type="${xmlAttribute(type)}"><name>${xmlText(name)}</name>${properties}</node>`;
}

function propertyText({ name, value }: ConfigProperty): string {
  const inside = typeof value === 'string' ? xmlText(value) : value.map(propertyText).join('');
  return `<${name}>${inside}</${name}>`;
}

/** What XML 1.0 cannot say in any way: one such character in a description would cost the agent its session. */
// eslint-disable-next-line no-control-regex
const UNSPEAKABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;

function xmlText(text: string): string {
  return escapeXMLText(text.replaceAll(UNSPEAKABLE, '\ufffd'));
}

function xmlAttribute(text: string): string {
  return escapeXML(text.replaceAll(UNSPEAKABLE, '\ufffd'));
}
