/** A network of pods or of Services whose addresses come from an IPAM that several networks share. */
import {
  ipamName,
  networkName,
  projectName,
  type ClusterSettings,
  type NetworkPurpose,
} from './cluster-settings.ts';
import { annotationsOf, type DesiredObject, type ObjectName } from './desired-object.ts';

export function networkObject(
  settings: ClusterSettings,
  namespace: string,
  purpose: NetworkPurpose,
  policies: readonly ObjectName[],
): DesiredObject {
  return {
    ...networkName(settings, namespace, purpose),
    parent: projectName(settings, namespace),
    properties: {
      address_allocation_mode: 'flat-subnet-only',
      virtual_network_properties: { forwarding_mode: 'l3' },
      annotations: annotationsOf({
        cluster: settings.name,
        kind: 'Namespace',
        name: namespace,
        owner: 'k8s',
      }),
    },
    references: [
      { ...ipamName(settings, purpose), attr: { ipam_subnets: [] } },
      ...policies.map((policy, minor) => ({ ...policy, attr: { sequence: { major: 0, minor } } })),
    ],
  };
}
