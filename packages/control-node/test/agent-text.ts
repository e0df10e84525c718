/** What agents write, as text that a test can bend: entries whose fields are replaced, left out or put in another order. */

const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** Fields of an entry by their names, as the XML that stands there; an empty text leaves the field out. */
export type EntryText = Readonly<Record<string, string>>;

/** The fields of a next hop as an agent of today writes them. */
export const hopFields: EntryText = {
  af: '<af>1</af>',
  address: '<address>10.1.1.3</address>',
  mac: '<mac></mac>',
  label: '<label>25</label>',
  vni: '<vni>0</vni>',
  encapsulations: encapsulations('gre', 'udp'),
  'virtual-network': '<virtual-network>default-domain:demo:red</virtual-network>',
  tags: '<tag-list />',
  'local-sequence-number': '<local-sequence-number>0</local-sequence-number>',
};

export function encapsulations(...names: readonly string[]): string {
  const list = names.map((name) => `<tunnel-encapsulation>${name}</tunnel-encapsulation>`).join('\n');
  return `<tunnel-encapsulation-list>\n${list}\n</tunnel-encapsulation-list>`;
}

/** A next hop with some fields of another text. */
export function hop(change: EntryText = {}): string {
  return `<next-hop>\n${lines({ ...hopFields, ...change })}\n</next-hop>`;
}

export function hops(...list: readonly string[]): string {
  return `<next-hops>\n${list.join('\n')}\n</next-hops>`;
}

/** The name of a route in its family. */
export function nlri(address: string, [af, safi]: readonly [number, number] = [1, 1]): string {
  return `<nlri>\n<af>${af}</af>\n<safi>${safi}</safi>\n<address>${address}</address>\n</nlri>`;
}

const entryFields: EntryText = {
  'next-hops': hops(hop()),
  version: '<version>1</version>',
  'virtual-network': '<virtual-network></virtual-network>',
  mobility: '<mobility seqno="0" sticky="false" />',
  'sequence-number': '<sequence-number>0</sequence-number>',
  'security-groups': '<security-group-list />',
  communities: '<community-tag-list />',
  'local-preference': '<local-preference>200</local-preference>',
  med: '<med>0</med>',
  'load-balance':
    '<load-balance>\n<load-balance-fields />\n<load-balance-decision>field-hash</load-balance-decision>\n</load-balance>',
  'sub-protocol': '<sub-protocol>interface</sub-protocol>',
};

/** An item of today's layout for `nlri`, with some fields of another text. */
export function item(nlri: string, change: EntryText = {}): string {
  return `<item>\n<entry>\n${lines({ nlri, ...entryFields, ...change })}\n</entry>\n</item>`;
}

function lines(fields: EntryText): string {
  return Object.values(fields)
    .filter((text) => text !== '')
    .join('\n');
}

/** An `<iq>` of an agent to the routing channel of its control node. */
export function iq(body: string, resource = 'bgp-peer'): string {
  return (
    `<iq type="set" from="compute-1" to="network-control@contrailsystems.com/${resource}" id="x1">\n` +
    `<pubsub xmlns="${PUBSUB}">\n${body}\n</pubsub>\n</iq>\n`
  );
}

/** A publish and its collection. */
export function publish(
  instance: string,
  node: string,
  items: string,
  action: 'associate' | 'dissociate' = 'associate',
): string {
  return (
    iq(`<publish node="${node}">\n${items}\n</publish>`) +
    iq(`<collection node="${instance}">\n<${action} node="${node}" />\n</collection>`)
  );
}

export function subscribe(instance: string, options = '<instance-id>4</instance-id>'): string {
  return iq(`<subscribe node="${instance}">\n<options>\n${options}\n</options>\n</subscribe>`);
}
