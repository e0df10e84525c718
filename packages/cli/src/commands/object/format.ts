/** Objects on the terminal: a table, JSON or YAML. */
import type { ObjectTypeName } from '@vaportrail/schema';
import { columns, type Column } from '@vaportrail/show';
import { stringify } from 'yaml';
import { InvalidArgumentError } from '../../command.ts';
import { nameOf, type Shown } from './api.ts';
import { jsonPathText } from './json-path.ts';

const formats = ['json', 'yaml', 'wide', 'name'] as const;
const JSON_PATH = 'jsonpath=';
export type Format = (typeof formats)[number] | `jsonpath=${string}`;

/** What `-o` takes. @throws InvalidArgumentError, UsageError */
export function formatOf(text: string): Format {
  if (text.startsWith(JSON_PATH)) {
    // What is wrong with a template is said before anything is asked.
    jsonPathText(text.slice(JSON_PATH.length), undefined);
    return text as Format;
  }
  const found = formats.find((format) => format === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Allowed choices are ${formats.join(', ')}, ${JSON_PATH}TEMPLATE.`);
}

/** What people look for in each type, beside the name. */
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
  'virtual-router': [
    { title: 'ADDRESS', cell: (one) => text(one['virtual_router_ip_address']) },
    { title: 'WORKLOADS', cell: (one) => count(one, 'virtual_machine_refs'), align: 'right' },
  ],
};

/** Objects by type; a single one alone, and not in a list. Tables leave out types without objects. */
export function groupsText(
  groups: ReadonlyMap<ObjectTypeName, readonly Shown[]>,
  format: Format | undefined,
  single: boolean,
): string {
  const entries = [...groups];
  const whole = (): object =>
    Object.fromEntries(entries.map(([type, all]) => (single ? [type, all[0]] : [`${type}s`, all])));
  switch (format) {
    case 'json':
      return JSON.stringify(whole(), null, 2);
    case 'yaml':
      return stringify(whole());
    case 'name':
      return entries.flatMap(([type, all]) => all.map((one) => `${type}/${nameOf(one)}`)).join('\n');
    default:
  }
  if (format?.startsWith(JSON_PATH) === true) {
    const items = entries.flatMap(([, all]) => all);
    // As kubectl has them: the object itself, or `items`; and by their type as JSON has them.
    const root = single ? { ...items[0], ...whole() } : { ...whole(), items };
    return jsonPathText(format.slice(JSON_PATH.length), root);
  }
  return entries
    .filter(([, all]) => all.length > 0)
    .map(([type, all]) => tableText(type, all, format === 'wide').trimEnd())
    .join('\n\n');
}

/** The line of an object in the table of these, among which it is. */
export function rowText(
  type: ObjectTypeName,
  object: Shown,
  among: readonly Shown[],
  format: Format | undefined,
): string {
  if (format !== undefined && format !== 'wide') return groupsText(new Map([[type, [object]]]), format, true);
  const others = among.filter(({ uuid }) => uuid !== object.uuid);
  return tableText(type, [...others, object], format === 'wide')
    .trimEnd()
    .split('\n')
    .at(-1)!;
}

function tableText(type: ObjectTypeName, objects: readonly Shown[], wide: boolean): string {
  return columns<Shown>(
    [
      { title: 'NAME', cell: (one) => (wide ? nameOf(one) : one.fq_name.at(-1)) },
      ...(ownColumns[type] ?? []),
      ...(wide ? [{ title: 'UUID', cell: (one: Shown) => one.uuid }] : []),
    ],
    objects,
  );
}

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
