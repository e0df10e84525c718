/** Which of the addresses of a dual-stack object count: those of the family of the cluster's subnets. */
import type { ClusterSettings } from './cluster-settings.ts';
import { podAddresses, type Pod, type Service } from '../kubernetes-object.ts';

export type AddressFamily = 'IPv4' | 'IPv6';

export function familyOf(address: string): AddressFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** The clusterIP that is balanced, whether a Service lists it first or second. */
export function balancedClusterIp(
  { serviceSubnet }: ClusterSettings,
  { spec: { clusterIP = '', clusterIPs } }: Service,
): string | undefined {
  return ofFamily([clusterIP, ...clusterIPs], familyOf(serviceSubnet));
}

/** The address of a pod that is routed. */
export function routedAddress({ podSubnet }: ClusterSettings, pod: Pod): string | undefined {
  return ofFamily(podAddresses(pod), familyOf(podSubnet));
}

/** The first of a family. */
export function ofFamily(addresses: readonly string[], family: AddressFamily): string | undefined {
  return addresses.find((address) => address !== '' && familyOf(address) === family);
}
