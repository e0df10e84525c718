/** The subnets of a virtual network: its own, and those of flat IPAMs that it shares with others. */
import { covers, parsePrefix, prefixText } from '@vaportrail/net';
import { addressRange } from './address-allocation.ts';
import { ConfigRequestError, newUuid, type ConfigObject } from './config-object.ts';
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

/**
 * Writes down what a subnet keeps for itself, as Contrail does: gateway, name server, and a UUID.
 * @throws ConfigRequestError 400 for a prefix that is none, an address outside it, or subnets that overlap
 */
export function completedSubnets(
  subnets: readonly IpamSubnet[],
  others: readonly IpamSubnet[],
): IpamSubnet[] {
  const seen = others.map(({ subnet }) => parsedSubnet(subnet));
  return subnets.map((ipam) => {
    const prefix = parsedSubnet(ipam.subnet);
    const twin = seen.find((other) => covers(other, prefix) || covers(prefix, other));
    if (twin !== undefined)
      throw new ConfigRequestError(400, `${prefixText(prefix)} overlaps ${prefixText(twin)}`);
    seen.push(prefix);
    const { gateway, service } = addressRange(ipam);
    for (const [key, value] of Object.entries({
      default_gateway: ipam.default_gateway,
      dns_server_address: ipam.dns_server_address,
    })) {
      if (value !== undefined && value !== '0.0.0.0' && value !== '::') within(prefix, key, value);
    }
    for (const { start, end } of ipam.allocation_pools ?? []) {
      within(prefix, 'allocation_pools', start);
      within(prefix, 'allocation_pools', end);
    }
    return {
      ...ipam,
      ...(gateway === undefined ? {} : { default_gateway: gateway }),
      ...(service === undefined ? {} : { dns_server_address: service }),
      subnet_uuid: ipam.subnet_uuid ?? newUuid(),
    };
  });
}

function within(prefix: ReturnType<typeof parsePrefix>, key: string, address: string): void {
  const host = parsePrefix(`${address}/${address.includes(':') ? 128 : 32}`);
  if (!covers(prefix, host))
    throw new ConfigRequestError(400, `${key}: ${address} is not in ${prefixText(prefix)}`);
}

function parsedSubnet(subnet: IpamSubnet['subnet']): ReturnType<typeof parsePrefix> {
  const text = subnetText(subnet);
  try {
    return parsePrefix(text);
  } catch (error) {
    throw new ConfigRequestError(400, `subnet ${text}: ${(error as Error).message}`);
  }
}
