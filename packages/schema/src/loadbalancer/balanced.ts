/** A load balancer as its objects say: floating IPs, listeners, and the members behind them. */
import { annotationOf, type ConfigObject } from '../config-object.ts';
import type { ObjectGraph } from '../object-graph.ts';

/** A workload behind a listener. */
export interface Member {
  /** The interface of the workload. */
  readonly vmi: string;
  readonly port: number;
}

/** A port of a load balancer, and who answers there. */
export interface Listener {
  readonly protocol: 'TCP' | 'UDP';
  /** The port that clients see. */
  readonly port: number;
  readonly members: readonly Member[];
}

/** The load balancers whose address an interface carries. */
export function balancersOf(vmi: string, graph: ObjectGraph): ConfigObject[] {
  return graph.referrers(vmi, 'loadbalancer').filter(isNative);
}

/** `native`, which is the default, spreads by equal-cost routes; others have their own drivers. */
export function isNative(balancer: ConfigObject): boolean {
  return providerOf(balancer) === 'native';
}

/** Who serves a load balancer: `native`, where it does not say. */
export function providerOf({ properties }: ConfigObject): string {
  return (properties['loadbalancer_provider'] as string | undefined) ?? 'native';
}

/** The load balancers whose listeners use a pool: one, or none. */
export function balancersOfPool(pool: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  return graph
    .references(pool, 'loadbalancer-listener')
    .flatMap((listener) => graph.references(listener, 'loadbalancer'));
}

/** The load balancer a floating IP serves: by its parent when that is an instance IP, otherwise by its interfaces. */
export function balancerOf(floatingIp: ConfigObject, graph: ObjectGraph): ConfigObject | undefined {
  const parent = graph.get(floatingIp.parent?.uuid ?? '');
  const carrier = parent?.type === 'instance-ip' ? parent : floatingIp;
  for (const { uuid } of carrier.references['virtual-machine-interface'] ?? []) {
    const [balancer] = balancersOf(uuid, graph);
    if (balancer !== undefined) return balancer;
  }
  return undefined;
}

/** Listeners with the members that are there and meant to serve. */
export function listenersOf(balancer: ConfigObject, graph: ObjectGraph): Listener[] {
  return graph.referrers(balancer.uuid, 'loadbalancer-listener').flatMap((listener): Listener[] => {
    const { protocol, protocol_port, admin_state } = (listener.properties[
      'loadbalancer_listener_properties'
    ] ?? {}) as { protocol?: string; protocol_port?: number; admin_state?: boolean | null };
    if (typeof protocol_port !== 'number' || admin_state === false) return [];
    const members = graph
      .referrers(listener.uuid, 'loadbalancer-pool')
      .flatMap((pool) => graph.children(pool.uuid, 'loadbalancer-member'))
      .flatMap((member) => memberOf(member, graph));
    return [{ protocol: protocol === 'UDP' ? 'UDP' : 'TCP', port: protocol_port, members }];
  });
}

/** The interface is named by an annotation, `vmi`. */
export function memberInterface(member: ConfigObject): string | undefined {
  return annotationOf(member, 'vmi');
}

function memberOf(member: ConfigObject, graph: ObjectGraph): Member[] {
  const vmi = memberInterface(member);
  const { protocol_port, admin_state } = (member.properties['loadbalancer_member_properties'] ?? {}) as {
    protocol_port?: number;
    admin_state?: boolean | null;
  };
  if (vmi === undefined || typeof protocol_port !== 'number' || admin_state === false) return [];
  return graph.get(vmi)?.type === 'virtual-machine-interface' ? [{ vmi, port: protocol_port }] : [];
}
