/**
 * EVPN routes of a routing instance as NLRI: of an agent's item, and back to what an item names. In an instance the
 * route distinguisher is zero; it is that of the agent once the route is exported.
 */
import { families } from '@vaportrail/bgp/wire';
import {
  type Prefix,
  Writer,
  addressText,
  labelField,
  macText,
  parseMac,
  parsePrefix,
  prefixText,
} from '@vaportrail/net';
import type { EnetItem, EnetKey } from '@vaportrail/xmpp';

import { ItemDropped } from './item-dropped.ts';

const evpn = families['e-vpn'];
const NO_DISTINGUISHER = '0:0';
const NO_SEGMENT = '00'.repeat(10);
const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';
const NO_MAC = '00:00:00:00:00:00';
/**
 * How agents are told that a MAC has no address. They may say it with the length 0 as well, but pass over a MAC that has
 * another length than that of a host (`ParseEvpnAddress` of Contrail's agent).
 */
const NO_ADDRESS = '0.0.0.0/32';

/** Fields of the NLRI that are in use here. @see RFC 7432 §7, RFC 9136 §3.1 */
interface EvpnFields {
  readonly routeType?: string;
  readonly ethernetTag?: number;
  readonly mac?: string;
  readonly ip?: string;
  readonly originator?: string;
  readonly prefix?: string;
  readonly labelFields?: readonly number[];
}

/** Whether an item is the inclusive multicast route of its network: the MAC is the broadcast address. */
export function isInclusiveMulticast({ mac }: Pick<EnetItem, 'mac'>): boolean {
  return macText(mac) === BROADCAST_MAC;
}

/** What labels of a withdrawal say: nothing, as they do not name the route. */
const noLabels: readonly number[] = [0];

/**
 * The NLRI of an item: type 2 for a workload, type 3 for the broadcast MAC, type 5 for a MAC of zeros.
 * @param labelFields of an announcement, see {@link enetLabelFields}
 * @throws ItemDropped for selective multicast, which is not carried
 */
export function evpnNlri(item: EnetItem, labelFields = noLabels): Uint8Array {
  if (item.group !== '') throw new ItemDropped('selective multicast is not carried');
  const { ethernetTag, prefix } = item;
  const mac = macText(item.mac);
  const address = addressText(prefix.bytes);
  const common = { rd: NO_DISTINGUISHER, esi: NO_SEGMENT, ethernetTag, labelFields };
  const writer = new Writer();
  if (mac === BROADCAST_MAC) {
    evpn.encode(writer, { ...common, routeType: 'inclusive-multicast', originator: originator(item) }, false);
  } else if (mac === NO_MAC) {
    const gateway = addressText(new Uint8Array(prefix.bytes.length));
    const text = prefixText(prefix);
    const fields = { ...common, ethernetTag: 0, labelFields: labelFields.slice(0, 1), prefix: text, gateway };
    evpn.encode(writer, { ...fields, routeType: 'ip-prefix' }, false);
  } else {
    const hasAddress = prefix.length > 0 && prefix.bytes.some((octet) => octet !== 0);
    evpn.encode(writer, { ...common, routeType: 'mac-ip', mac, ...(hasAddress && { ip: address }) }, false);
  }
  return writer.finish();
}

/** The label fields of an item that is `announceable`: of the route, and of the layer-3 VRF where there is one. */
export function enetLabelFields({ attributes }: EnetItem): readonly number[] {
  const { label, l3Label, encapsulations } = attributes.nextHops[0]!;
  const labels = l3Label === 0 ? [label] : [label, l3Label];
  return encapsulations.includes('vxlan') ? labels : labels.map((one) => labelField(one));
}

/** The router that an inclusive multicast route is of: the next hop, or in a withdrawal the address of the item. */
function originator({ prefix, attributes }: EnetItem): string {
  const [hop] = attributes.nextHops;
  return addressText(hop !== undefined && hop.address.length > 0 ? hop.address : prefix.bytes);
}

/** What an NLRI is called on the channel; undefined for types that agents have no items for. */
export function enetKey(nlri: Uint8Array): EnetKey | undefined {
  const unicast = { group: '', source: '' };
  const { routeType, ethernetTag = 0, mac, ip, originator, prefix } = fieldsOf(nlri);
  switch (routeType) {
    case 'mac-ip':
      return {
        ...unicast,
        ethernetTag,
        mac: parseMac(mac!),
        prefix: ip === undefined ? noAddress : hostPrefix(ip),
      };
    case 'inclusive-multicast':
      return { ...unicast, ethernetTag, mac: parseMac(BROADCAST_MAC), prefix: hostPrefix(originator!) };
    case 'ip-prefix':
      return { ...unicast, ethernetTag, mac: parseMac(NO_MAC), prefix: parsePrefix(prefix!) };
    default:
      return undefined;
  }
}

/** The label fields of an NLRI: that of the route, and that of the layer-3 VRF where there is one. */
export function labelFieldsOf(nlri: Uint8Array): readonly number[] {
  return fieldsOf(nlri).labelFields ?? [];
}

function fieldsOf(nlri: Uint8Array): EvpnFields {
  return evpn.decode(nlri, 0, nlri.length, false, {}) as EvpnFields;
}

const noAddress: Prefix = parsePrefix(NO_ADDRESS);

function hostPrefix(address: string): Prefix {
  return parsePrefix(`${address}/${address.includes(':') ? 128 : 32}`);
}
