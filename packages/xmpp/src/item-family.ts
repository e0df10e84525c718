/** The families of the channel, a row each: AFI/SAFI, and how node and item names are formed. */
import { addressText, ipv4Text, ipv4At, macText, prefixText } from '@vaportrail/net';
import type { EnetItem, Item, ItemFamily, UnicastItem } from './item.ts';

/** What a family is called in nodes. */
export interface ItemFamilyRow {
  readonly afi: number;
  /** SAFI of the channel, which differs from that of the BGP replica. */
  readonly safi: number;
}

/** Every family of the channel. */
export const itemFamilies = {
  inet: { afi: 1, safi: 1 },
  inet6: { afi: 2, safi: 1 },
  'inet-labeled': { afi: 1, safi: 4 },
  'inet-mvpn': { afi: 1, safi: 5 },
  ermvpn: { afi: 1, safi: 241 },
  'e-vpn': { afi: 25, safi: 242 },
} as const satisfies Record<ItemFamily, ItemFamilyRow>;

const familyByAfiSafi: ReadonlyMap<string, ItemFamily> = new Map(
  (Object.keys(itemFamilies) as ItemFamily[]).map((family) => {
    const { afi, safi } = itemFamilies[family];
    return [`${afi}/${safi}`, family];
  }),
);

/** The family of `AFI/SAFI`, e.g. `1/1`. */
export function itemFamilyOf(afiSafi: string): ItemFamily | undefined {
  return familyByAfiSafi.get(afiSafi);
}

/** A node name cut into family and the rest behind `AFI/SAFI/`: `1/1/a:b:c:c` is inet of `a:b:c:c`. */
export function parseNode(node: string): { family: ItemFamily | undefined; rest: string } {
  const first = node.indexOf('/');
  const second = first < 0 ? -1 : node.indexOf('/', first + 1);
  if (second < 0) return { family: itemFamilyOf(node), rest: '' };
  return { family: itemFamilyOf(node.slice(0, second)), rest: node.slice(second + 1) };
}

/** `1/1/INSTANCE`, the node of an items message. */
export function itemsNode(family: ItemFamily, instance: string): string {
  const { afi, safi } = itemFamilies[family];
  return `${afi}/${safi}/${instance}`;
}

/** The node an agent publishes an item under: `1/1/INSTANCE/ADDR/LEN[/NATIVE_ID]`, `25/242/MAC,IP/LEN`. */
export function publishNode(instance: string, item: Item, nativeId?: number): string {
  switch (item.family) {
    case 'inet':
    case 'inet6':
    case 'inet-labeled': {
      const node = `${itemsNode(item.family, instance)}/${prefixText(item.prefix)}`;
      return nativeId === undefined ? node : `${node}/${nativeId}`;
    }
    case 'e-vpn':
      return `25/242/${macText(item.mac)},${prefixText(item.prefix)}`;
    case 'ermvpn':
    case 'inet-mvpn':
      return `${itemsNode(item.family, instance)}/${addressText(item.group)}`;
  }
}

/** The `NATIVE_ID` of an inet node: its sixth field. */
export function nativeIdOf(node: string): number | undefined {
  let at = -1;
  for (let slash = 0; slash < 5; slash++) {
    at = node.indexOf('/', at + 1);
    if (at < 0) return undefined;
  }
  const [field = ''] = node.slice(at + 1).split('/', 1);
  return /^\d{1,5}$/.test(field) && Number(field) <= 0xffff ? Number(field) : undefined;
}

/**
 * The id of an item in a message to agents: `ADDR/LEN`, `[TAG-]MAC,IP/LEN[,GROUP,SOURCE]` for EVPN, and
 * `GROUP,SOURCE` for multicast, to which the control node adds the route distinguisher.
 */
export function itemId(item: Item | Pick<UnicastItem, 'family' | 'prefix'>): string {
  switch (item.family) {
    case 'inet':
    case 'inet-labeled': {
      const { bytes, length } = item.prefix;
      return `${ipv4Text(ipv4At(bytes, 0))}/${length}`;
    }
    case 'inet6':
      return prefixText(item.prefix);
    case 'e-vpn':
      return enetItemId(item);
    case 'ermvpn':
    case 'inet-mvpn':
      return `${addressText(item.group)},${addressText(item.source)}`;
  }
}

/** The id of an EVPN item: `[TAG-]MAC,IP/LEN[,GROUP,SOURCE]`. */
export function enetItemId({ ethernetTag, mac, prefix, group, source }: EnetKey): string {
  const tag = ethernetTag === 0 ? '' : `${ethernetTag}-`;
  return `${tag}${macText(mac)},${prefixText(prefix)}${group === '' ? '' : `,${group},${source}`}`;
}

/** What names an EVPN route. */
export type EnetKey = Pick<EnetItem, 'ethernetTag' | 'mac' | 'prefix' | 'group' | 'source'>;
