/** One port of a Service: a listener, its pool, and a member for each pod behind it. */
import { projectName, type ClusterSettings } from './cluster-settings.ts';
import { annotationsOf, type DesiredObject, type Note, type ObjectName } from './desired-object.ts';
import { serving, type BackendPort } from './endpoints.ts';
import { providerOf } from './load-balancer-class.ts';
import { hasInterface, podNames } from './pod.ts';
import { loadBalancerName } from './service-name.ts';
import type { ServiceSurroundings } from './service-surroundings.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { namespaceOf, type Service, type ServicePort } from '../kubernetes-object.ts';

/** Listener, pool and members of one port. */
export function portObjects(
  settings: ClusterSettings,
  service: Service,
  port: ServicePort,
  around: ServiceSurroundings,
  notes: Note[],
): DesiredObject[] {
  if (port.protocol === 'SCTP') {
    const message = `port ${port.port}: SCTP is not balanced, only TCP and UDP are`;
    notes.push({ level: 'warning', reason: 'UnsupportedProtocol', message });
    return [];
  }
  if (port.protocol === 'UDP' && providerOf(service) === 'opencontrail') {
    const message = `port ${port.port}: a proxy does not take UDP; without loadBalancerClass it is balanced by equal-cost routes`;
    notes.push({ level: 'warning', reason: 'UnsupportedProtocol', message });
    return [];
  }
  const project = projectName(settings, namespaceOf(service));
  const balancer = loadBalancerName(settings, service);
  const key = [balancer.uuid, port.protocol, String(port.port)];
  const listenerUuid = derivedUuid('listener', ...key);
  const poolUuid = derivedUuid('pool', ...key);
  const name = `${balancer.fqName.at(-1)!}-${port.protocol}-${port.port}-${listenerUuid}`;
  const fqName = [...project.fqName, name];
  const listener: ObjectName = { type: 'loadbalancer-listener', fqName, uuid: listenerUuid };
  const pool: ObjectName = { type: 'loadbalancer-pool', fqName, uuid: poolUuid };
  return [
    {
      ...listener,
      parent: project,
      properties: {
        loadbalancer_listener_properties: {
          protocol: port.protocol,
          protocol_port: port.port,
          admin_state: true,
          connection_limit: null,
          default_tls_container: null,
          sni_containers: [],
        },
        ...(port.name !== undefined && { annotations: annotationsOf({ portName: port.name }) }),
      },
      references: [balancer],
    },
    {
      ...pool,
      parent: project,
      properties: {
        loadbalancer_pool_properties: { protocol: port.protocol, admin_state: true, ...stickiness(service) },
      },
      references: [listener],
    },
    ...members(settings, port, pool, poolUuid, around, notes),
  ];
}

function members(
  settings: ClusterSettings,
  port: ServicePort,
  pool: ObjectName,
  poolUuid: string,
  around: ServiceSurroundings,
  notes: Note[],
): DesiredObject[] {
  const found = new Map<string, DesiredObject>();
  const sets = around.backends.filter(({ ports }) => ports.some((each) => serves(each, port)));
  for (const [{ ports }, { address, pod: podName }] of serving(sets)) {
    const pod = around.pod(podName, address);
    if (pod === undefined || !hasInterface(settings, pod)) {
      const who = podName === undefined ? address : `${podName} (${address})`;
      const message = `port ${port.port}: ${who} is no pod with an interface here; traffic to it is not balanced`;
      notes.push({ level: 'info', reason: 'EndpointWithoutInterface', message });
      continue;
    }
    const { machine, vmi } = podNames(settings, pod);
    // Without the port: a target port that changes is a change of the member, and its address stays published.
    const uuid = derivedUuid('member', poolUuid, vmi.uuid);
    found.set(vmi.uuid, {
      type: 'loadbalancer-member',
      uuid,
      fqName: [...pool.fqName, uuid],
      parent: pool,
      properties: {
        loadbalancer_member_properties: {
          admin_state: true,
          status: null,
          status_description: null,
          protocol_port: ports.find((each) => serves(each, port))!.port,
          weight: 1,
          address: null,
          subnet_id: null,
        },
        annotations: annotationsOf({ vm: machine.uuid, vmi: vmi.uuid }),
      },
      references: [],
    });
  }
  return [...found.values()];
}

/** Whether a port of endpoints is the one of a Service port: same protocol, and same name where the port has one. */
function serves(backend: BackendPort, port: ServicePort): boolean {
  return backend.protocol === port.protocol && (backend.name ?? '') === (port.name ?? '');
}

/** A proxy can keep a client with a member; equal-cost routes cannot, and a pool of theirs has no method. */
function stickiness(service: Service): { loadbalancer_method?: string } {
  if (providerOf(service) === 'native') return {};
  const sticky = service.spec.sessionAffinity === 'ClientIP';
  return { loadbalancer_method: sticky ? 'SOURCE_IP' : 'ROUND_ROBIN' };
}
