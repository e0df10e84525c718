/** The UID of a Service, and the load balancer that is called after it. */
import { projectName, type ClusterSettings } from './cluster-settings.ts';
import type { ObjectName } from './desired-object.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, type Service } from '../kubernetes-object.ts';

/** Its UID, or one that follows from its name where nobody gave it one. */
export function serviceUid(service: Service): string {
  return service.metadata.uid ?? derivedUuid('service', namespaceOf(service), service.metadata.name);
}

/** Name and UUID of the load balancer that stands for a Service: `NAME__UID` in the project of its namespace. */
export function loadBalancerName(settings: ClusterSettings, service: Service): ObjectName & { uuid: string } {
  const uuid = serviceUid(service);
  const project = projectName(settings, namespaceOf(service)).fqName;
  return { type: 'loadbalancer', fqName: [...project, `${service.metadata.name}__${uuid}`], uuid };
}
