/** Subnets as they are stored: with what each keeps for itself written down. */
import { covers, parsePrefix, prefixText } from '@vaportrail/net';
import { ConfigRequestError, newUuid, subnetText, type IpamSubnet } from '@vaportrail/schema';
import { addressRange } from './address-allocation.ts';

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
