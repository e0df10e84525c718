/** Configuration objects as tables: what people look for in each type. */
import type { ObjectTypeName } from '@vaportrail/schema';
import { Table, type Column } from '@vaportrail/show';
import { nameOf, type Shown } from './api.ts';

export interface ObjectTableOptions {
  /** Full names and UUIDs as well. */
  readonly wide: boolean;
  /** `type/name`, where several types are shown. */
  readonly typed: boolean;
}

export function objectTable(type: ObjectTypeName, { wide, typed }: ObjectTableOptions): Table<Shown> {
  const name = (one: Shown): string => (wide ? nameOf(one) : one.fq_name.at(-1)!);
  return new Table<Shown>([
    { title: 'NAME', cell: (one) => (typed ? `${type}/${name(one)}` : name(one)) },
    ...(ownColumns[type] ?? []),
    ...(wide ? [{ title: 'UUID', cell: (one: Shown) => one.uuid }] : []),
  ]);
}

/** Beside the name. */
const ownColumns: Partial<Record<ObjectTypeName, readonly Column<Shown>[]>> = {
  loadbalancer: [
    { title: 'ADDRESS', cell: (one) => inner(one, 'loadbalancer_properties', 'vip_address') },
    { title: 'PROVIDER', cell: (one) => text(one['loadbalancer_provider']) },
    { title: 'LISTENERS', cell: (one) => count(one, 'loadbalancer_listener_back_refs'), align: 'right' },
  ],
  'loadbalancer-listener': [
    { title: 'PROTOCOL', cell: (one) => inner(one, 'loadbalancer_listener_properties', 'protocol') },
    {
      title: 'PORT',
      cell: (one) => inner(one, 'loadbalancer_listener_properties', 'protocol_port'),
      align: 'right',
    },
  ],
  'loadbalancer-pool': [
    { title: 'MEMBERS', cell: (one) => count(one, 'loadbalancer_members'), align: 'right' },
  ],
  'loadbalancer-member': [
    {
      title: 'PORT',
      cell: (one) => inner(one, 'loadbalancer_member_properties', 'protocol_port'),
      align: 'right',
    },
  ],
  'floating-ip': [
    { title: 'ADDRESS', cell: (one) => text(one['floating_ip_address']) },
    { title: 'DIRECTION', cell: (one) => text(one['floating_ip_traffic_direction']) },
    { title: 'PORTS', cell: portsOf },
    { title: 'INTERFACES', cell: (one) => count(one, 'virtual_machine_interface_refs'), align: 'right' },
  ],
  'instance-ip': [{ title: 'ADDRESS', cell: (one) => text(one['instance_ip_address']) }],
  'virtual-network': [
    { title: 'ID', cell: (one) => text(one['virtual_network_network_id']), align: 'right' },
    { title: 'SUBNETS', cell: subnetsOf },
    { title: 'ROUTE TARGETS', cell: (one) => list(one, 'route_target_list', 'route_target').join(',') },
  ],
  'routing-instance': [{ title: 'ROUTE TARGETS', cell: (one) => targets(one, 'route_target_refs') }],
  lease: [
    { title: 'HOLDER', cell: (one) => text(one['lease_holder']) },
    { title: 'RENEWED', cell: (one) => text(one['lease_renewed']) },
  ],
  'virtual-router': [
    { title: 'ADDRESS', cell: (one) => text(one['virtual_router_ip_address']) },
    { title: 'WORKLOADS', cell: (one) => count(one, 'virtual_machine_refs'), align: 'right' },
  ],
};

function text(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function inner(object: Shown, property: string, key: string): string | number | undefined {
  return text((object[property] as Record<string, unknown> | undefined)?.[key]);
}

function list(object: Shown, property: string, key: string): unknown[] {
  return ((object[property] as Record<string, unknown[]> | undefined)?.[key] ?? []) as unknown[];
}

function count(object: Shown, key: string): number {
  return ((object[key] ?? []) as unknown[]).length;
}

function targets(object: Shown, key: string): string {
  return ((object[key] ?? []) as { to: string[] }[]).map(({ to }) => to.join(':')).join(',');
}

function portsOf(object: Shown): string {
  const maps = list(object, 'floating_ip_port_mappings', 'port_mappings') as {
    protocol: string;
    src_port: number;
    dst_port: number;
  }[];
  return maps.map(({ protocol, src_port, dst_port }) => `${src_port}:${dst_port}/${protocol}`).join(',');
}

function subnetsOf(object: Shown): string {
  return ((object['network_ipam_refs'] ?? []) as { attr: { ipam_subnets?: unknown[] } | null }[])
    .flatMap(
      ({ attr }) => (attr?.ipam_subnets ?? []) as { subnet: { ip_prefix: string; ip_prefix_len: number } }[],
    )
    .map(({ subnet }) => `${subnet.ip_prefix}/${subnet.ip_prefix_len}`)
    .join(',');
}
