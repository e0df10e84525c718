/** What is the same for the whole cluster, and the names that follow from it. */
import type { ObjectName } from './desired-object.ts';
import { derivedUuid } from '../derived-uuid.ts';

export interface ClusterSettings {
  /** Begins the names of projects and networks. */
  readonly name: string;
  readonly domain: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  /** The floating-IP pool of Services when neither they nor their namespace name one: as in the annotation. */
  readonly publicPool: string | undefined;
}

export const defaultSettings: ClusterSettings = {
  name: 'k8s',
  domain: 'default-domain',
  podSubnet: '10.32.0.0/12',
  serviceSubnet: '10.96.0.0/12',
  publicPool: undefined,
};

export const globalSystemConfig: ObjectName = {
  type: 'global-system-config',
  fqName: ['default-global-system-config'],
};

/** The appliance set that stands for a load-balancer driver. */
export function applianceSet(provider: 'native' | 'opencontrail'): ObjectName {
  return { type: 'service-appliance-set', fqName: [...globalSystemConfig.fqName, provider] };
}

export function domainName({ domain }: ClusterSettings): ObjectName {
  return { type: 'domain', fqName: [domain] };
}

/** `default-domain:k8s-<namespace>` */
export function projectName({ domain, name }: ClusterSettings, namespace: string): ObjectName {
  return { type: 'project', fqName: [domain, `${name}-${namespace}`] };
}

export function securityGroupName(settings: ClusterSettings, namespace: string): ObjectName {
  const project = projectName(settings, namespace).fqName;
  return { type: 'security-group', fqName: [...project, `${settings.name}-${namespace}-default-sg`] };
}

export type NetworkPurpose = 'pod' | 'service';

/** The network of pods or Services of an isolated namespace; of `default` for all others. */
export function networkName(
  settings: ClusterSettings,
  namespace: string,
  purpose: NetworkPurpose,
): ObjectName {
  const project = projectName(settings, namespace).fqName;
  return {
    type: 'virtual-network',
    fqName: [...project, `${settings.name}-${namespace}-${purpose}-network`],
  };
}

/** The IPAM all flat-subnet networks of a purpose share. */
export function ipamName(settings: ClusterSettings, purpose: NetworkPurpose): ObjectName {
  const project = projectName(settings, 'default').fqName;
  return { type: 'network-ipam', fqName: [...project, `${settings.name}-${purpose}-ipam`] };
}

export function ipamSubnetUuid(settings: ClusterSettings, purpose: NetworkPurpose): string {
  return derivedUuid('subnet', ...ipamName(settings, purpose).fqName);
}

export function virtualRouterName(node: string): ObjectName {
  return { type: 'virtual-router', fqName: [...globalSystemConfig.fqName, node] };
}
