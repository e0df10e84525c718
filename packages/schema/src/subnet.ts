/** The subnets of a virtual network: its own, and those of flat IPAMs that it shares with others. */
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';
import { subnetText, type IpamSubnet } from './object-type.ts';

/** A subnet, and the pool of claims its addresses are in: one per IPAM when flat, otherwise one per network. */
export interface NetworkSubnet {
  readonly ipam: ConfigObject;
  readonly pool: string;
  readonly subnet: IpamSubnet;
  readonly flat: boolean;
}

/** In the order in which addresses are taken from them. */
export function subnetsOf(network: ConfigObject, graph: ObjectGraph): NetworkSubnet[] {
  const subnets = (network.references['network-ipam'] ?? []).flatMap(({ uuid, attr }): NetworkSubnet[] => {
    const ipam = graph.get(uuid);
    if (ipam === undefined) return [];
    return [
      ...ownSubnets(attr).map((subnet) => networkSubnet(ipam, network.uuid, subnet, false)),
      ...flatSubnets(ipam),
    ];
  });
  switch (network.properties['address_allocation_mode']) {
    case 'flat-subnet-only':
      return subnets.filter(({ flat }) => flat);
    case 'user-defined-subnet-only':
      return subnets.filter(({ flat }) => !flat);
    case 'flat-subnet-preferred':
      return subnets.toSorted((a, b) => Number(b.flat) - Number(a.flat));
    default:
      return subnets.toSorted((a, b) => Number(a.flat) - Number(b.flat));
  }
}

/** Subnets that every network of an IPAM shares. */
export function flatSubnets(ipam: ConfigObject): NetworkSubnet[] {
  const { subnets = [] } = (ipam.properties['ipam_subnets'] ?? {}) as { subnets?: readonly IpamSubnet[] };
  return subnets.map((subnet) => networkSubnet(ipam, ipam.uuid, subnet, true));
}

/** What a reference from a network to an IPAM says. */
export function ownSubnets(attr: unknown): readonly IpamSubnet[] {
  return ((attr ?? {}) as { ipam_subnets?: readonly IpamSubnet[] }).ipam_subnets ?? [];
}

function networkSubnet(ipam: ConfigObject, owner: string, subnet: IpamSubnet, flat: boolean): NetworkSubnet {
  return { ipam, pool: `address/${owner}/${subnetText(subnet.subnet)}`, subnet, flat };
}
