/** The addresses of a Service that clients outside the cluster use: floating IPs of a pool. */
import { projectName, type ClusterSettings } from './cluster-settings.ts';
import type { DesiredObject, Note, ObjectName } from './desired-object.ts';
import { FIP_POOL } from './annotations.ts';
import { poolChoice } from './floating-ip-pool.ts';
import { isOfAnother } from './load-balancer-class.ts';
import { loadBalancerName, serviceUid } from './service-name.ts';
import type { ServiceSurroundings } from './service-surroundings.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, type Service } from '../kubernetes-object.ts';

/** The floating IPs of a LoadBalancer, and of any Service that lists externalIPs. */
export function externalAddresses(
  settings: ClusterSettings,
  service: Service,
  around: ServiceSurroundings,
  vmi: ObjectName,
  annotations: DesiredObject['properties'][string],
  notes: Note[],
): DesiredObject[] {
  const { type, loadBalancerClass, externalIPs } = service.spec;
  if (isOfAnother(service)) {
    const message = `loadBalancerClass ${loadBalancerClass}: somebody else gives it its external addresses`;
    notes.push({ level: 'info', reason: 'OtherLoadBalancerClass', message });
    return [];
  }
  if (type !== 'LoadBalancer' && externalIPs.length === 0) return [];
  if (service.metadata.deletionTimestamp !== undefined) {
    const message =
      'the Service is being deleted: its external addresses are free, its clusterIP stays until it is gone';
    notes.push({ level: 'info', reason: 'Terminating', message });
    return [];
  }
  const warn = (reason: string, message: string): DesiredObject[] => {
    notes.push({ level: 'warning', reason, message });
    return [];
  };
  const choice = poolChoice(settings, service, around.namespace);
  if (choice === undefined)
    return warn(
      'NoFloatingIpPool',
      'no floating-IP pool: neither the Service, its namespace nor the cluster names one',
    );
  if ('problem' in choice) return warn('BadFloatingIpPool', choice.problem);
  const pool = choice.candidates.find((each) => around.hasPool(each));
  if (pool === undefined)
    return warn(
      'UnknownFloatingIpPool',
      `${FIP_POOL} of ${choice.by}: there is no floating-IP pool ${choice.text}`,
    );
  if (!around.hasRouteTarget(pool)) {
    const network = pool.fqName.slice(0, -1).join(':');
    warn('NoRouteTarget', `network ${network} has no route target: no gateway imports its addresses`);
  }
  const name = loadBalancerName(settings, service).fqName.at(-1)!;
  const uuid = serviceUid(service);
  const nameFor = (address: string | undefined): ObjectName => ({
    type: 'floating-ip',
    fqName: [...pool.fqName, `${name}${address ?? 'None'}-externalIP`],
  });
  const given = around.addressOf(nameFor(undefined));
  return requestedAddresses(service, given).map((address) => ({
    ...nameFor(address),
    uuid: derivedUuid('floating-ip', uuid, address ?? '', ...pool.fqName),
    parent: pool,
    properties: {
      ...(address !== undefined && {
        floating_ip_address: address,
        floating_ip_address_family: address.includes(':') ? 'v6' : 'v4',
      }),
      floating_ip_is_virtual_ip: false,
      annotations,
    },
    references: [projectName(settings, namespaceOf(service)), vmi],
  }));
}

/**
 * Addresses a Service asks for; `undefined` stands for any. An address among `externalIPs` that was given to it, and
 * written back there, asks for nothing: the floating IP it has stays.
 */
function requestedAddresses(service: Service, given: string | undefined): (string | undefined)[] {
  const { type, loadBalancerIP, externalIPs } = service.spec;
  const listed = [...new Set(externalIPs)];
  if (type !== 'LoadBalancer') return listed;
  if (loadBalancerIP !== undefined && loadBalancerIP !== '') return [loadBalancerIP];
  const own = listed.filter((address) => address !== given);
  return own.length === 0 ? [undefined] : own;
}
