/**
 * From the paths of a destination to the item that agents receive: one next hop per ECMP member, the best first.
 *
 * There is no split horizon: an agent's own path comes back to it, so that every agent has the members of an ECMP
 * set in the same order.
 */
import type { EnetAttributes, ItemAttributes, NextHop } from '@vaportrail/xmpp';

import { communityTag } from './community-tag.ts';
import type { RouteProperties } from './contrail-communities.ts';

/** What an item takes from a path. */
export interface ReflectedPath {
  /** 4 or 16 octets; an IPv4-mapped IPv6 address counts as IPv4. */
  readonly nextHop: Uint8Array;
  readonly label: number;
  /** EVPN, where it is 0 if there is none: the label of the layer-3 VRF. */
  readonly l3Label?: number;
  /** EVPN: the MAC address of the router, which routed traffic is sent to. */
  readonly mac?: Uint8Array | undefined;
  readonly localPref: number;
  readonly med: number;
  readonly communities: readonly number[];
  readonly properties: RouteProperties;
  /** Name of the virtual network that the path belongs to, or {@link UNRESOLVED}. */
  readonly virtualNetwork: string;
}

/** The virtual network of a path that says nothing of its origin. */
export const UNRESOLVED = 'unresolved';

/** Attributes of the item for an ECMP set in order, best first. The set must not be empty. */
export function reflectedAttributes(paths: readonly ReflectedPath[]): ItemAttributes {
  const best = paths[0]!;
  const nextHops = paths.length === 1 ? [reflectedNextHop(best)] : distinct(paths.map(reflectedNextHop));
  const { mobility, loadBalance, securityGroups } = best.properties;
  return {
    nextHops,
    version: 1,
    virtualNetwork: best.virtualNetwork,
    mobility: mobility ?? { sequence: 0, sticky: false },
    securityGroups,
    communityTags: best.communities.map(communityTag),
    localPref: best.localPref,
    med: best.med,
    loadBalance: {
      fields: loadBalance === undefined || loadBalance.fields.length === 5 ? [] : loadBalance.fields,
      decision: loadBalance?.decision ?? 'field-hash',
    },
    subProtocol: 'interface',
  };
}

/** Next hops without those that say the same as one before. */
function distinct(nextHops: readonly NextHop[]): NextHop[] {
  const byText = new Map<string, NextHop>();
  for (const hop of nextHops) {
    const { address, mac, label, l3Label, encapsulations, virtualNetwork, tags } = hop;
    const text = `${address.join('.')} ${mac?.join('.')} ${label} ${l3Label} ${virtualNetwork} ${encapsulations.join()} ${tags.join()}`;
    if (!byText.has(text)) byText.set(text, hop);
  }
  return [...byText.values()];
}

/** The same for an EVPN route. */
export function reflectedEnetAttributes(paths: readonly ReflectedPath[]): EnetAttributes {
  return {
    ...reflectedAttributes(paths),
    olist: [],
    leafOlist: [],
    edgeReplicationNotSupported: false,
    assistedReplicationSupported: false,
    replicatorAddress: '',
    etreeLeaf: paths[0]!.properties.etreeLeaf ?? false,
  };
}

/** A unicast route without a label has no tunnel; an EVPN route has one whatever its label. */
function encapsulationsOf({ label, l3Label, properties }: ReflectedPath): readonly string[] {
  if (label === 0 && l3Label === undefined) return [];
  return properties.encapsulations.length === 0 ? ['gre'] : properties.encapsulations;
}

function reflectedNextHop(path: ReflectedPath): NextHop {
  const { nextHop, label, l3Label = 0, mac, properties, virtualNetwork } = path;
  return {
    address: unmapped(nextHop),
    label,
    encapsulations: encapsulationsOf(path),
    virtualNetwork,
    tags: properties.tags,
    mac,
    localSequence: 0,
    vni: 0,
    l3Label,
  };
}

/** The IPv4 address inside `::ffff:a.b.c.d`; any other address as it is. */
function unmapped(address: Uint8Array): Uint8Array {
  if (address.length !== 16) return address;
  for (let i = 0; i < 10; i++) if (address[i] !== 0) return address;
  if (address[10] !== 0xff || address[11] !== 0xff) return address;
  return address.slice(12);
}
