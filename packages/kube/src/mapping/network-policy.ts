/**
 * Policies between networks, as Contrail's kube-manager makes them: pods reach the Services of their namespace, and those
 * of an isolated namespace also the Services of the default network, where the cluster's DNS is.
 */
import { networkName, projectName, type ClusterSettings } from './cluster-settings.ts';
import { annotationsOf, type DesiredObject, type ObjectName } from './desired-object.ts';

/** `k8s-<namespace>-pod-service-np` */
export function podServicePolicyName(settings: ClusterSettings, namespace: string): ObjectName {
  const { fqName } = projectName(settings, namespace);
  return { type: 'network-policy', fqName: [...fqName, `${settings.name}-${namespace}-pod-service-np`] };
}

/** `k8s-default-service-np` */
export function defaultServicePolicyName(settings: ClusterSettings): ObjectName {
  const { fqName } = projectName(settings, 'default');
  return { type: 'network-policy', fqName: [...fqName, `${settings.name}-default-service-np`] };
}

export function podServicePolicy(settings: ClusterSettings, namespace: string): DesiredObject {
  const name = podServicePolicyName(settings, namespace);
  const pods = networkName(settings, namespace, 'pod').fqName.join(':');
  return policy(settings, namespace, name, pods);
}

export function defaultServicePolicy(settings: ClusterSettings): DesiredObject {
  return policy(settings, 'default', defaultServicePolicyName(settings), 'any');
}

/** Lets everything pass between some networks and the Services of a namespace, both ways. */
function policy(
  settings: ClusterSettings,
  namespace: string,
  name: ObjectName,
  source: string,
): DesiredObject {
  const services = networkName(settings, namespace, 'service').fqName.join(':');
  return {
    ...name,
    parent: projectName(settings, namespace),
    properties: {
      network_policy_entries: {
        policy_rule: [
          {
            direction: '<>',
            protocol: 'any',
            src_addresses: [{ virtual_network: source }],
            dst_addresses: [{ virtual_network: services }],
            action_list: { simple_action: 'pass' },
          },
        ],
      },
      annotations: annotationsOf({
        cluster: settings.name,
        kind: 'Namespace',
        name: namespace,
        owner: 'k8s',
      }),
    },
    references: [],
  };
}
