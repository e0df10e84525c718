/** NetworkAttachmentDefinitions: a network with a subnet of its own, e.g. the public one that floating IPs come from. */
import { covers, parsePrefix, prefixText } from '@vaportrail/net';
import { CIDR, POOLS, ROUTE_TARGETS } from './annotations.ts';
import { projectName, type ClusterSettings } from './cluster-settings.ts';
import { cniConfigNotes } from './cni-config.ts';
import {
  annotationsOf,
  type Desired,
  type DesiredObject,
  type Note,
  type ObjectName,
} from './desired-object.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, type NetworkAttachmentDefinition } from '../kubernetes-object.ts';

/** `k8s-<name>-pod-network` */
function attachmentNetwork(settings: ClusterSettings, namespace: string, name: string): ObjectName {
  const project = projectName(settings, namespace).fqName;
  return { type: 'virtual-network', fqName: [...project, `${settings.name}-${name}-pod-network`] };
}

/** @param all the definitions of the cluster, this one among them */
export function attachmentObjects(
  settings: ClusterSettings,
  definition: NetworkAttachmentDefinition,
  all: Iterable<NetworkAttachmentDefinition> = [],
): Desired {
  const { name, annotations } = definition.metadata;
  const namespace = namespaceOf(definition);
  const cidr = annotations[CIDR];
  const warn = (reason: string, message: string): Note => ({ level: 'warning', reason, message });
  if (cidr === undefined) {
    return {
      objects: [],
      links: [],
      notes: [{ level: 'info', reason: 'NoCidr', message: `without ${CIDR} no network is made` }],
    };
  }
  const subnet = subnetOf(cidr);
  if (subnet === undefined)
    return { objects: [], links: [], notes: [warn('BadCidr', `${CIDR}: "${cidr}" is no subnet`)] };
  const project = projectName(settings, namespace);
  const network = attachmentNetwork(settings, namespace, name);
  const ipam: ObjectName = {
    type: 'network-ipam',
    fqName: [...project.fqName, `${settings.name}-${name}-pod-ipam`],
  };
  const subnets = [{ subnet, subnet_uuid: derivedUuid('subnet', ...ipam.fqName) }];
  const routeTargets = listed(annotations[ROUTE_TARGETS]);
  const pools = listed(annotations[POOLS]);
  const whose = annotationsOf({
    namespace,
    cluster: settings.name,
    kind: 'NetworkAttachmentDefinition',
    name,
    owner: 'k8s',
  });
  const objects: DesiredObject[] = [
    {
      ...ipam,
      parent: project,
      properties: { ipam_subnet_method: 'user-defined-subnet', annotations: whose },
      references: [],
    },
    {
      ...network,
      parent: project,
      properties: {
        address_allocation_mode: 'user-defined-subnet-only',
        virtual_network_properties: { forwarding_mode: 'l2_l3' },
        ...(routeTargets.length > 0 && { route_target_list: { route_target: routeTargets } }),
        annotations: whose,
      },
      references: [{ ...ipam, attr: { ipam_subnets: subnets } }],
    },
    ...pools.map((pool): DesiredObject => ({
      type: 'floating-ip-pool',
      fqName: [...network.fqName, pool],
      parent: network,
      properties: { annotations: whose },
      references: [],
    })),
  ];
  const notes = overlaps(settings, definition, all).map((what) =>
    warn('OverlappingSubnet', `${CIDR}: ${cidr} overlaps ${what}`),
  );
  // Without pools somebody sets both by hand, as with Contrail.
  if (pools.length > 0 && routeTargets.length === 0)
    notes.push(
      warn('NoRouteTarget', `${ROUTE_TARGETS} is missing: no gateway imports the addresses of its pools`),
    );
  return { objects, links: [], notes: [...notes, ...cniConfigNotes(definition.spec?.config)] };
}

/** Whose addresses are told apart from these by nobody: those of pods and Services, and of networks with a common route target. */
function overlaps(
  { podSubnet, serviceSubnet }: ClusterSettings,
  definition: NetworkAttachmentDefinition,
  all: Iterable<NetworkAttachmentDefinition>,
): string[] {
  const { name, annotations } = definition.metadata;
  const own = parsePrefix(annotations[CIDR]!);
  const isIn = (cidr: string | undefined): boolean => {
    if (cidr === undefined || subnetOf(cidr) === undefined) return false;
    const other = parsePrefix(cidr);
    return covers(own, other) || covers(other, own);
  };
  const found: string[] = [];
  if (isIn(podSubnet)) found.push(`the subnet of pods, ${podSubnet}`);
  if (isIn(serviceSubnet)) found.push(`the subnet of Services, ${serviceSubnet}`);
  const targets = new Set(listed(annotations[ROUTE_TARGETS]));
  for (const { metadata: other } of all) {
    if (other.name === name && namespaceOf({ metadata: other }) === namespaceOf(definition)) continue;
    const common = listed(other.annotations[ROUTE_TARGETS]).find((target) => targets.has(target));
    if (common !== undefined && isIn(other.annotations[CIDR]))
      found.push(
        `${other.annotations[CIDR]} of ${namespaceOf({ metadata: other })}/${other.name}, with ${common} in common`,
      );
  }
  return found;
}

function subnetOf(cidr: string): { ip_prefix: string; ip_prefix_len: number } | undefined {
  try {
    const prefix = parsePrefix(cidr);
    const [address = ''] = prefixText(prefix).split('/');
    return cidr.includes('/') ? { ip_prefix: address, ip_prefix_len: prefix.length } : undefined;
  } catch {
    return undefined;
  }
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
