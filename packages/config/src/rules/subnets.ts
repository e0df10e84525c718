/** Subnets are written down whole, and stay while somebody has an address of theirs. */
import {
  ConfigRequestError,
  type ConfigObject,
  type ObjectGraph,
  type IpamSubnet,
  flatSubnets,
  ownSubnets,
  subnetsOf,
  type NetworkSubnet,
} from '@vaportrail/schema';
import { completedSubnets } from '../completed-subnets.ts';
import type { Extension, WriteRule } from '../write-rule.ts';

export const completeSubnets: WriteRule = ({ before, after }, { graph, claims }) => {
  const type = (after ?? before)!.type;
  if (type !== 'virtual-network' && type !== 'network-ipam') return undefined;
  const subnets =
    type === 'virtual-network' ? (network: ConfigObject) => subnetsOf(network, graph) : flatSubnets;
  const completed =
    after === undefined ? undefined : type === 'virtual-network' ? network(after, graph) : ipam(after);
  const kept = new Set((completed === undefined ? [] : subnets(completed)).map(({ pool }) => pool));
  for (const { pool, flat } of before === undefined ? [] : subnets(before)) {
    // A flat subnet stays with its IPAM when one of the networks goes.
    if (kept.has(pool) || (flat && type === 'virtual-network') || !claims.isUsed(pool)) continue;
    throw new ConfigRequestError(409, `addresses of ${pool.split('/').slice(2).join('/')} are still in use`);
  }
  return completed === undefined ? undefined : ({ after: completed } satisfies Extension);
};

function network(object: ConfigObject, graph: ObjectGraph): ConfigObject {
  const references = object.references['network-ipam'];
  if (references === undefined) return object;
  const seen: IpamSubnet[] = references.flatMap(({ uuid }) => {
    const target = graph.get(uuid);
    return target === undefined ? [] : flatSubnets(target).map(({ subnet }: NetworkSubnet) => subnet);
  });
  const completed = references.map(({ uuid, attr }) => {
    const own = completedSubnets(ownSubnets(attr), seen);
    seen.push(...own);
    return { uuid, attr: { ipam_subnets: own } };
  });
  return { ...object, references: { ...object.references, 'network-ipam': completed } };
}

function ipam(object: ConfigObject): ConfigObject {
  const subnets = flatSubnets(object).map(({ subnet }) => subnet);
  if (subnets.length === 0) return object;
  return {
    ...object,
    properties: { ...object.properties, ipam_subnets: { subnets: completedSubnets(subnets, []) } },
  };
}
