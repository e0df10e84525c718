/**
 * Configuration on the channel: objects and the links between them, pushed by the control node to an agent that has
 * subscribed to itself. The envelope is known from captures; the inside of `node` and `link` follows what agents of
 * recent releases read, and has not been held against a running one.
 */
import type { Element } from '@xmpp/xml';
import { escapeXML, escapeXMLText } from '@xmpp/xml';
import { attributeOf, childOf, childrenOf, childText, elementsOf } from './element-reader.ts';
import { CONTROL_NODE_JID } from './jid.ts';

/** Names a configuration object: `virtual-router`, `default-global-system-config:compute-1`. */
export interface ConfigName {
  readonly type: string;
  readonly name: string;
}

/** An object with its properties, which stay elements: their schema is the configuration's, not the channel's. */
export interface ConfigNode extends ConfigName {
  readonly kind: 'node';
  readonly properties: readonly Element[];
}

/** Two objects that belong together, e.g. a virtual machine interface and its virtual network. */
export interface ConfigLink {
  readonly kind: 'link';
  readonly ends: readonly [ConfigName, ConfigName];
  /** `virtual-machine-interface-virtual-network` */
  readonly metadata: string;
}

export type ConfigObject = ConfigNode | ConfigLink;

/** Reads the children of `update` or `delete`; what is neither node nor link is passed over. */
export function readConfigObjects(container: Element): ConfigObject[] {
  return elementsOf(container).flatMap((element): ConfigObject[] => {
    if (element.name === 'node') {
      const properties = elementsOf(element).filter((child) => child.name !== 'name');
      return [{ kind: 'node', ...readName(element), properties }];
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

/**
 * The push that tells a virtual router what is new and what is gone.
 * @param router fully qualified name of the virtual router: the address is that, not the agent's host name
 */
export function configStanza(
  router: string,
  change: { readonly updates?: readonly ConfigObject[]; readonly deletes?: readonly ConfigObject[] },
): Buffer {
  const section = (name: string, objects: readonly ConfigObject[] = []): string =>
    objects.length === 0 ? '' : `<${name}>${objects.map(objectText).join('')}</${name}>`;
  return Buffer.from(
    `<iq type="set" from="${CONTROL_NODE_JID}" to="${escapeXML(router)}/config"><config>` +
      `${section('update', change.updates)}${section('delete', change.deletes)}</config></iq>\n`,
  );
}

function objectText(object: ConfigObject): string {
  switch (object.kind) {
    case 'node':
      return nodeText(object, object.properties.map(String).join(''));
    case 'link': {
      const ends = object.ends.map((end) => nodeText(end, '')).join('');
      return `<link>${ends}<metadata type="${escapeXML(object.metadata)}" /></link>`;
    }
  }
}

function nodeText({ type, name }: ConfigName, properties: string): string {
  return `<node type="${escapeXML(type)}"><name>${escapeXMLText(name)}</name>${properties}</node>`;
}
