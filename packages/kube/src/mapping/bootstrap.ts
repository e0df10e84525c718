/** What is there before the first Service: domain, IPAMs, networks of the default namespace. */
import {
  defaultServicePolicy,
  defaultServicePolicyName,
  podServicePolicy,
  podServicePolicyName,
} from './network-policy.ts';
import { networkObject } from './virtual-network.ts';
import {
  applianceSet,
  domainName,
  globalSystemConfig,
  ipamName,
  ipamSubnetUuid,
  projectName,
  type ClusterSettings,
  type NetworkPurpose,
} from './cluster-settings.ts';
import type { Desired, DesiredObject } from './desired-object.ts';

/** Objects of the cluster itself. */
export function bootstrapObjects(settings: ClusterSettings): Desired {
  const project = projectName(settings, 'default');
  const kept = true;
  const own = podServicePolicyName(settings, 'default');
  const objects: DesiredObject[] = [
    { ...globalSystemConfig, properties: {}, references: [], kept },
    { ...domainName(settings), properties: {}, references: [], kept },
    ...(['native', 'opencontrail'] as const).map((provider) => ({
      ...applianceSet(provider),
      parent: globalSystemConfig,
      properties: {},
      references: [],
      kept,
    })),
    { ...project, parent: domainName(settings), properties: {}, references: [], kept },
    flatIpam(settings, 'pod', settings.podSubnet),
    flatIpam(settings, 'service', settings.serviceSubnet),
    { ...defaultServicePolicy(settings), kept },
    { ...podServicePolicy(settings, 'default'), kept },
    { ...networkObject(settings, 'default', 'pod', [own]), kept },
    { ...networkObject(settings, 'default', 'service', [own, defaultServicePolicyName(settings)]), kept },
  ];
  return { objects, links: [], notes: [] };
}

function flatIpam(settings: ClusterSettings, purpose: NetworkPurpose, subnet: string): DesiredObject {
  const [address = '', length = ''] = subnet.split('/');
  return {
    ...ipamName(settings, purpose),
    parent: projectName(settings, 'default'),
    properties: {
      ipam_subnet_method: 'flat-subnet',
      ipam_subnets: {
        subnets: [
          {
            subnet: { ip_prefix: address, ip_prefix_len: Number(length) },
            subnet_uuid: ipamSubnetUuid(settings, purpose),
          },
        ],
      },
    },
    references: [],
    kept: true,
  };
}
