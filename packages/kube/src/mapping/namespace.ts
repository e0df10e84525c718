/** Namespaces: a project each, and networks of their own when they are isolated. */
import { ISOLATION } from './annotations.ts';
import { domainName, projectName, securityGroupName, type ClusterSettings } from './cluster-settings.ts';
import { annotationsOf, type Desired, type DesiredObject } from './desired-object.ts';
import { defaultServicePolicyName, podServicePolicy, podServicePolicyName } from './network-policy.ts';
import { networkObject } from './virtual-network.ts';
import type { Namespace } from '../kubernetes-object.ts';

/** Whether pods and Services of a namespace live in networks of their own. */
export function isIsolated(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.annotations[ISOLATION]?.toLowerCase() === 'true';
}

export function namespaceObjects(settings: ClusterSettings, namespace: Namespace): Desired {
  const { name } = namespace.metadata;
  const annotations = annotationsOf({
    namespace: name,
    cluster: settings.name,
    kind: 'Namespace',
    name,
    owner: 'k8s',
  });
  const project = projectName(settings, name);
  const objects: DesiredObject[] = [
    { ...project, parent: domainName(settings), properties: { annotations }, references: [] },
    { ...securityGroupName(settings, name), parent: project, properties: { annotations }, references: [] },
  ];
  if (isIsolated(namespace)) {
    const own = podServicePolicyName(settings, name);
    objects.push(
      podServicePolicy(settings, name),
      networkObject(settings, name, 'pod', [own, defaultServicePolicyName(settings)]),
      networkObject(settings, name, 'service', [own]),
    );
  }
  return { objects, links: [], notes: [] };
}
