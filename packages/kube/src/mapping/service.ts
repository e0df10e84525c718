/** Services: a load balancer with one listener and pool per port, a member per endpoint, and external floating IPs. */
import {
  applianceSet,
  ipamName,
  ipamSubnetUuid,
  networkName,
  projectName,
  securityGroupName,
  type ClusterSettings,
} from './cluster-settings.ts';
import {
  annotationsOf,
  type Desired,
  type DesiredObject,
  type Note,
  type ObjectName,
} from './desired-object.ts';
import { balancedClusterIp, familyOf } from './address-family.ts';
import { externalAddresses } from './external-address.ts';
import { providerOf } from './load-balancer-class.ts';
import { isIsolated } from './namespace.ts';
import { loadBalancerName } from './service-name.ts';
import { portObjects } from './service-port.ts';
import { remark } from './service-remark.ts';
import type { ServiceSurroundings } from './service-surroundings.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, type Service } from '../kubernetes-object.ts';

/** What a Service needs in the configuration. Pure: nothing is read but `service` and what is `around` it. */
export function serviceObjects(
  settings: ClusterSettings,
  service: Service,
  around: ServiceSurroundings,
): Desired {
  const { spec, metadata } = service;
  const nothing = (reason: string, message: string): Desired => ({
    objects: [],
    links: [],
    notes: [{ level: 'info', reason, message }],
  });
  if (spec.type === 'ExternalName')
    return nothing('ExternalName', 'an ExternalName is an alias in DNS: there is nothing to route');
  if (spec.clusterIP === 'None')
    return nothing('Headless', 'a headless Service has no address: clients reach the pods themselves');
  if (spec.clusterIP === undefined || spec.clusterIP === '')
    return nothing('NoClusterIP', 'the Service has no clusterIP yet');
  const clusterIp = balancedClusterIp(settings, service);
  if (clusterIp === undefined) {
    const message = `clusterIP ${spec.clusterIP} is not of the family of --service-subnet ${settings.serviceSubnet}`;
    return { objects: [], links: [], notes: [{ level: 'warning', reason: 'UnsupportedFamily', message }] };
  }

  const namespace = namespaceOf(service);
  const project = projectName(settings, namespace);
  const balancer = loadBalancerName(settings, service);
  const name = balancer.fqName.at(-1)!;
  const network = networkName(settings, isIsolated(around.namespace) ? namespace : 'default', 'service');
  const annotations = annotationsOf({
    namespace,
    cluster: settings.name,
    kind: 'Service',
    project: settings.name,
    name: metadata.name,
    owner: 'k8s',
  });
  const vmi: ObjectName = {
    type: 'virtual-machine-interface',
    fqName: [...project.fqName, `${settings.name}__Service__${name}`],
    uuid: derivedUuid('service-vmi', balancer.uuid),
  };
  const ipUuid = derivedUuid('instance-ip', balancer.uuid);
  const objects: DesiredObject[] = [
    {
      ...vmi,
      parent: project,
      properties: { virtual_machine_interface_device_owner: 'K8S:LOADBALANCER', annotations },
      references: [network, securityGroupName(settings, namespace)],
    },
    {
      type: 'instance-ip',
      uuid: ipUuid,
      fqName: [`${metadata.name}__${ipUuid}`],
      properties: {
        instance_ip_address: clusterIp,
        instance_ip_family: familyOf(clusterIp) === 'IPv6' ? 'v6' : 'v4',
        subnet_uuid: ipamSubnetUuid(settings, 'service'),
        annotations,
      },
      references: [vmi, network, ipamName(settings, 'service')],
    },
    {
      ...balancer,
      parent: project,
      properties: {
        display_name: `${namespace}__${metadata.name}`,
        loadbalancer_provider: providerOf(service),
        loadbalancer_properties: {
          status: null,
          provisioning_status: 'ACTIVE',
          operating_status: 'ONLINE',
          vip_subnet_id: null,
          vip_address: clusterIp,
          admin_state: true,
        },
        annotations,
      },
      references: [vmi, applianceSet(providerOf(service))],
    },
  ];
  const notes: Note[] = [];
  const family = familyOf(clusterIp);
  const backends = around.backends.filter((set) => (set.family ?? family) === family);
  const beside = { ...around, backends };
  for (const port of spec.ports) objects.push(...portObjects(settings, service, port, beside, notes));
  objects.push(...externalAddresses(settings, service, beside, vmi, annotations, notes));
  remark(service, clusterIp, beside, notes);
  return { objects, links: [], notes };
}
