/**
 * Networks that a policy connects: each imports the other's routes. Contrail's schema transformer writes that into the
 * routing instances; here it is said to control nodes with their settings.
 */
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';

interface PolicyRule {
  readonly src_addresses: readonly PolicyAddress[];
  readonly dst_addresses: readonly PolicyAddress[];
  readonly action_list: { readonly simple_action: 'pass' | 'deny' };
}

interface PolicyAddress {
  readonly virtual_network?: string | null;
}

/**
 * The networks connected with one: both refer to a policy, one of whose rules lets pass what goes between them. A
 * direction does not matter: answers need routes, too.
 */
export function connectedNetworks(network: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  const found = new Map<string, ConfigObject>();
  for (const policy of graph.references(network, 'network-policy')) {
    const rules = rulesOf(policy);
    if (rules.length === 0) continue;
    for (const other of graph.referrers(policy.uuid, 'virtual-network')) {
      if (other.uuid === network.uuid || found.has(other.uuid)) continue;
      if (rules.some((rule) => connects(rule, network, other) || connects(rule, other, network)))
        found.set(other.uuid, other);
    }
  }
  return [...found.values()];
}

function rulesOf({ properties }: ConfigObject): PolicyRule[] {
  const { policy_rule: rules = [] } = (properties['network_policy_entries'] ?? {}) as {
    policy_rule?: PolicyRule[];
  };
  return rules.filter(({ action_list: { simple_action: action } }) => action === 'pass');
}

function connects(rule: PolicyRule, source: ConfigObject, destination: ConfigObject): boolean {
  const has = (addresses: readonly PolicyAddress[], { fqName }: ConfigObject): boolean =>
    addresses.some(
      ({ virtual_network: name }) => name === 'any' || name === 'local' || name === fqName.join(':'),
    );
  return has(rule.src_addresses, source) && has(rule.dst_addresses, destination);
}
