/** Every instance-ip and every floating-ip of a pool has an address that nobody else in its network has. */
import { addressText, parseAddress } from '@vaportrail/net';
import {
  ConfigRequestError,
  type ConfigObject,
  type ObjectGraph,
  subnetText,
  flatSubnets,
  subnetsOf,
  type NetworkSubnet,
} from '@vaportrail/schema';
import { addressRow, isAllocatable } from '../address-allocation.ts';
import type { Claim, Claims } from '../claims.ts';
import type { Extension, Standing, WriteRule } from '../write-rule.ts';

export const allocateAddress: WriteRule = ({ before, after }, standing) => {
  if (after?.type === 'instance-ip')
    return allocated(
      before,
      after,
      instanceIpSubnets(after, standing.graph),
      'instance_ip_address',
      standing,
    );
  if (after?.type !== 'floating-ip') return undefined;
  const parent = standing.graph.get(after.parent?.uuid ?? '');
  if (parent?.type === 'instance-ip') return withAddressOf(parent, after);
  const network = standing.graph.get(parent?.parent?.uuid ?? '');
  if (parent === undefined || network === undefined) return undefined;
  const chosen = parent.properties['floating_ip_pool_subnets'] as { subnet_uuid: string[] } | undefined;
  const subnets = subnetsOf(network, standing.graph).filter(
    ({ subnet }) => chosen === undefined || chosen.subnet_uuid.includes(subnet.subnet_uuid ?? ''),
  );
  return allocated(before, after, { of: parent, subnets }, 'floating_ip_address', standing);
};

interface Source {
  /** The network, IPAM or pool that has the subnets. */
  readonly of: ConfigObject;
  readonly subnets: readonly NetworkSubnet[];
}

/** @throws ConfigRequestError 400 when it says of no network or IPAM that it belongs to it */
function instanceIpSubnets(instanceIp: ConfigObject, graph: ObjectGraph): Source {
  const [ipam] = graph.references(instanceIp, 'network-ipam');
  const [network] = [
    ...graph.references(instanceIp, 'virtual-network'),
    ...graph
      .references(instanceIp, 'virtual-machine-interface')
      .flatMap((vmi) => graph.references(vmi, 'virtual-network')),
  ];
  const of = network ?? ipam;
  if (of === undefined)
    throw new ConfigRequestError(400, 'an instance-ip needs virtual_network_refs or network_ipam_refs');
  const chosen = instanceIp.properties['subnet_uuid'];
  return {
    of,
    subnets: (network === undefined ? flatSubnets(of) : subnetsOf(network, graph)).filter(
      (one) =>
        (ipam === undefined || one.ipam.uuid === ipam.uuid) &&
        (chosen === undefined || one.subnet.subnet_uuid === chosen),
    ),
  };
}

const familyProperties = {
  instance_ip_address: 'instance_ip_family',
  floating_ip_address: 'floating_ip_address_family',
} as const;

function allocated(
  before: ConfigObject | undefined,
  after: ConfigObject,
  { of, subnets: all }: Source,
  property: keyof typeof familyProperties,
  { claims }: Standing,
): Extension {
  const given = after.properties[property] as string | undefined;
  const wanted = given === undefined ? undefined : addressText(parseAddress(given));
  const family = after.properties[familyProperties[property]];
  const subnets = all.filter(
    ({ subnet }) => family === undefined || (family === 'v6') === subnet.subnet.ip_prefix.includes(':'),
  );
  const held = before === undefined ? [] : claims.heldBy(before.uuid);
  const stays = held.find(
    ({ pool, name }) => (wanted === undefined || name === wanted) && subnets.some((one) => one.pool === pool),
  );
  const claim =
    stays ?? (wanted === undefined ? freeAddress(of, subnets, claims) : askedFor(wanted, of, subnets));
  return {
    after: addressed(after, property, claim.name),
    ...(stays === undefined ? { claims: [claim], releases: held } : {}),
  };
}

/** An object with its address, and the family where nobody said one. */
function addressed(
  after: ConfigObject,
  property: keyof typeof familyProperties,
  address: string,
): ConfigObject {
  const family = { [familyProperties[property]]: address.includes(':') ? 'v6' : 'v4' };
  return { ...after, properties: { ...family, ...after.properties, [property]: address } };
}

/** @throws ConfigRequestError 409 when nothing is left */
function freeAddress(of: ConfigObject, subnets: readonly NetworkSubnet[], claims: Claims): Claim {
  for (const { pool, subnet } of subnets) {
    const name = claims.first(pool, JSON.stringify(subnet), () => addressRow(subnet));
    if (name !== undefined) return { pool, name };
  }
  if (subnets.length === 0)
    throw new ConfigRequestError(409, `${nameOf(of)} has no subnets to take an address from`);
  throw new ConfigRequestError(409, `no address is left in ${nameOf(of)} (${texts(subnets)})`);
}

/** @throws ConfigRequestError 400 when the address is not one that the subnets give out */
function askedFor(wanted: string, of: ConfigObject, subnets: readonly NetworkSubnet[]): Claim {
  const found = subnets.find(({ subnet }) => isAllocatable(subnet, wanted));
  if (found !== undefined) return { pool: found.pool, name: wanted };
  throw new ConfigRequestError(
    400,
    `${wanted} is not an address that ${nameOf(of)} gives out (${texts(subnets) || 'it has no subnets'})`,
  );
}

/** A floating IP of an instance IP stands for the same address. @throws ConfigRequestError 400 for another */
function withAddressOf(instanceIp: ConfigObject, after: ConfigObject): Extension {
  const address = instanceIp.properties['instance_ip_address'];
  const given = after.properties['floating_ip_address'];
  if (given !== undefined && given !== address)
    throw new ConfigRequestError(400, `floating_ip_address is ${String(address)}, that of its instance-ip`);
  return { after: addressed(after, 'floating_ip_address', String(address)) };
}

function nameOf(object: ConfigObject): string {
  return `${object.type} ${object.fqName.join(':')}`;
}

function texts(subnets: readonly NetworkSubnet[]): string {
  return subnets.map(({ subnet }) => subnetText(subnet.subnet)).join(', ');
}
