/** Pods: a virtual-machine with one interface on the node, and an address. */
import {
  ipamName,
  ipamSubnetUuid,
  networkName,
  projectName,
  securityGroupName,
  virtualRouterName,
  type ClusterSettings,
} from './cluster-settings.ts';
import {
  annotationsOf,
  nothingDesired,
  type Desired,
  type DesiredObject,
  type ObjectName,
} from './desired-object.ts';
import { routedAddress } from './address-family.ts';
import { isIsolated } from './namespace.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, podAddresses, type Namespace, type Pod } from '../kubernetes-object.ts';

/** Names of what one pod is made of. */
export interface PodNames {
  readonly machine: ObjectName & { readonly uuid: string };
  readonly vmi: ObjectName & { readonly uuid: string };
  readonly instanceIp: ObjectName & { readonly uuid: string };
}

/** The UID of a pod, or one that follows from its name where nobody gave it one. */
export function podUid(pod: Pod): string {
  return pod.metadata.uid ?? derivedUuid('pod', namespaceOf(pod), pod.metadata.name);
}

/** Names and UUIDs of the objects that stand for a pod: the same ones every time. */
export function podNames(settings: ClusterSettings, pod: Pod): PodNames {
  const { name } = pod.metadata;
  const namespace = namespaceOf(pod);
  const uid = podUid(pod);
  const vmi = derivedUuid('vmi', uid);
  const ip = derivedUuid('instance-ip', uid);
  const project = projectName(settings, namespace).fqName;
  return {
    machine: { type: 'virtual-machine', fqName: [`${settings.name}__${namespace}__${name}`], uuid: uid },
    vmi: { type: 'virtual-machine-interface', fqName: [...project, `${name}__${vmi}`], uuid: vmi },
    instanceIp: { type: 'instance-ip', fqName: [`${name}__${ip}`], uuid: ip },
  };
}

/**
 * Whether a pod has an interface of its own: one on the node's network, one that is over, one whose address the cluster has
 * not said yet, and one without an address of the pods' family have none.
 */
export function hasInterface(settings: ClusterSettings, pod: Pod): boolean {
  const { spec, status } = pod;
  const over = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const waits = status?.phase === 'Pending' && podAddresses(pod).length === 0;
  return (
    spec.hostNetwork !== true &&
    spec.nodeName !== undefined &&
    !over &&
    !waits &&
    !isOfOtherFamily(settings, pod)
  );
}

function isOfOtherFamily(settings: ClusterSettings, pod: Pod): boolean {
  return podAddresses(pod).length > 0 && routedAddress(settings, pod) === undefined;
}

export function podObjects(settings: ClusterSettings, pod: Pod, namespace: Namespace | undefined): Desired {
  if (!hasInterface(settings, pod)) {
    if (pod.spec.hostNetwork === true || !isOfOtherFamily(settings, pod)) return nothingDesired;
    const message = `${podAddresses(pod).join(', ')}: not of the family of --pod-subnet ${settings.podSubnet}`;
    return { ...nothingDesired, notes: [{ level: 'warning', reason: 'UnsupportedFamily', message }] };
  }
  const { name } = pod.metadata;
  const inNamespace = namespaceOf(pod);
  const { machine, vmi, instanceIp } = podNames(settings, pod);
  const network = networkName(settings, isIsolated(namespace) ? inNamespace : 'default', 'pod');
  const annotations = annotationsOf({
    namespace: inNamespace,
    cluster: settings.name,
    kind: 'Pod',
    project: settings.name,
    name,
    owner: 'k8s',
  });
  const address = routedAddress(settings, pod);
  const objects: DesiredObject[] = [
    { ...machine, properties: { server_type: 'container', annotations }, references: [] },
    {
      ...vmi,
      parent: projectName(settings, inNamespace),
      properties: {
        display_name: `${inNamespace}__${name}`,
        virtual_machine_interface_mac_addresses: { mac_address: [macOf(vmi.uuid)] },
        annotations,
      },
      references: [network, machine, securityGroupName(settings, inNamespace)],
    },
    {
      ...instanceIp,
      properties: {
        ...(address !== undefined && { instance_ip_address: address }),
        instance_ip_family: address?.includes(':') === true ? 'v6' : 'v4',
        subnet_uuid: ipamSubnetUuid(settings, 'pod'),
        annotations,
      },
      references: [vmi, network, ipamName(settings, 'pod')],
    },
  ];
  return { objects, links: [{ from: virtualRouterName(pod.spec.nodeName!), to: machine }], notes: [] };
}

/** `02` and the first ten hexadecimal digits of the interface's UUID. */
function macOf(uuid: string): string {
  const digits = `02${uuid.replaceAll('-', '').slice(0, 10)}`;
  return digits.match(/../g)!.join(':');
}
