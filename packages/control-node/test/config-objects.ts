/** A small configuration as a config node says it, object by object: two nodes, and a workload with a floating IP. */
import type { ConfigObject, ObjectLine, ObjectTypeName, Reference } from '@vaportrail/schema';

const idPerms = {
  enable: true,
  created: '2026-01-01T00:00:00.000Z',
  last_modified: '2026-01-01T00:00:00.000Z',
  user_visible: true,
  creator: null,
  description: null,
};

/** The UUID of the n-th object. */
export function uuidOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

interface Given {
  readonly parent?: ConfigObject;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly references?: Partial<Record<ObjectTypeName, readonly (ConfigObject | [ConfigObject, unknown])[]>>;
}

export function object(type: ObjectTypeName, n: number, name: string, given: Given = {}): ConfigObject {
  const { parent, properties = {}, references = {} } = given;
  const entries = Object.entries(references).map(([target, list]): [string, Reference[]] => [
    target,
    list.map((one) =>
      Array.isArray(one) ? { uuid: one[0].uuid, attr: one[1] } : { uuid: one.uuid, attr: null },
    ),
  ]);
  return {
    type,
    uuid: uuidOf(n),
    fqName: name.split(':'),
    parent: parent && { type: parent.type, uuid: parent.uuid },
    properties,
    references: Object.fromEntries(entries),
    idPerms,
  };
}

export const system = object('global-system-config', 1, 'default-global-system-config');
export const ipam = object('network-ipam', 2, 'default-domain:demo:ipam');
export const pods = object('virtual-network', 3, 'default-domain:demo:red', {
  references: {
    'network-ipam': [[ipam, { ipam_subnets: [{ subnet: { ip_prefix: '10.1.0.0', ip_prefix_len: 24 } }] }]],
  },
});
export const podInstance = object('routing-instance', 4, 'default-domain:demo:red:red', {
  parent: pods,
  properties: { routing_instance_is_default: true },
});
export const outside = object('virtual-network', 5, 'default-domain:demo:blue');
export const outsideInstance = object('routing-instance', 6, 'default-domain:demo:blue:blue', {
  parent: outside,
  properties: { routing_instance_is_default: true },
});
export const pool = object('floating-ip-pool', 7, 'default-domain:demo:blue:pool', { parent: outside });
export const machine = object('virtual-machine', 10, 'web-1');
export const vmi = object('virtual-machine-interface', 11, 'default-domain:demo:web-1', {
  references: { 'virtual-network': [pods], 'virtual-machine': [machine] },
});
export const instanceIp = object('instance-ip', 12, 'web-1-ip', {
  properties: { instance_ip_address: '10.1.0.7' },
  references: { 'virtual-network': [pods], 'virtual-machine-interface': [vmi] },
});
export const floatingIp = object('floating-ip', 13, 'default-domain:demo:blue:pool:web', {
  parent: pool,
  properties: { floating_ip_address: '172.16.0.3' },
  references: { 'virtual-machine-interface': [vmi] },
});

/** A node, with workloads on it or without. */
export function router(n: number, name: string, ...machines: readonly ConfigObject[]): ConfigObject {
  return object('virtual-router', n, `default-global-system-config:${name}`, {
    parent: system,
    properties: { virtual_router_ip_address: `10.1.1.${n}` },
    references: { 'virtual-machine': machines },
  });
}

/** All of it, the workload on `compute-1` and nothing on `compute-2`. */
export const everything = [
  system,
  ipam,
  pods,
  podInstance,
  outside,
  outsideInstance,
  pool,
  machine,
  vmi,
  instanceIp,
  floatingIp,
  router(20, 'compute-1', machine),
  router(21, 'compute-2'),
];

/** What a config node says at first. */
export function linesOf(objects: readonly ConfigObject[]): ObjectLine[] {
  return [
    ...objects.map((one): ObjectLine => ({ type: 'object', object: one })),
    { type: 'current', sequence: 1 },
  ];
}
