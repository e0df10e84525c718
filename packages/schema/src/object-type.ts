/**
 * The types of configuration objects: who may be their parent, what they refer to, which properties they have.
 * Names and keys are those of Contrail's configuration API, so that its clients work.
 */
import { z } from 'zod';
import { isRouteTargetText } from './property-text.ts';

/** A row of {@link objectTypes}. */
export interface ObjectType {
  /** Types an object may be a child of; empty for a type at the top. */
  readonly parents: readonly string[];
  /** Types an object may refer to, each with what the reference itself says. */
  readonly references: Readonly<Record<string, z.ZodType>>;
  readonly properties: Readonly<Record<string, z.ZodType>>;
}

/** A reference that says nothing but where it leads. */
export const plain = z.null().or(z.strictObject({}));
const text = z.string().max(4096);
const flag = z.boolean();
const portNumber = z.int().min(0).max(65_535);
const address = z.ipv4().or(z.ipv6());
const routeTargets = z.strictObject({
  route_target: z.array(text.refine(isRouteTargetText, 'is no route target, e.g. target:64512:100')),
});
const subnet = z.strictObject({ ip_prefix: address, ip_prefix_len: z.int().min(0).max(128) });
const ipamSubnet = z.strictObject({
  subnet,
  default_gateway: address.optional(),
  dns_server_address: address.optional(),
  addr_from_start: flag.optional(),
  allocation_pools: z.array(z.strictObject({ start: address, end: address })).optional(),
  subnet_uuid: text.optional(),
});
/** A network by its whole name, `domain:project:network`; `any`; or `local`, the one the policy hangs on. */
const policyAddress = z.strictObject({ virtual_network: text.nullish() });
const keyValues = z.strictObject({ key_value_pair: z.array(z.strictObject({ key: text, value: text })) });
const protocols = z.enum(['TCP', 'UDP', 'HTTP', 'HTTPS', 'TERMINATED_HTTPS']);

/** Every type, by its name with hyphens. */
export const objectTypes = {
  'global-system-config': {
    parents: [],
    references: {},
    properties: { autonomous_system: z.int().min(1).max(4_294_967_295).optional() },
  },
  domain: { parents: [], references: {}, properties: {} },
  project: { parents: ['domain'], references: {}, properties: {} },
  'network-ipam': {
    parents: ['project'],
    references: {},
    properties: {
      ipam_subnet_method: z.enum(['user-defined-subnet', 'flat-subnet']).optional(),
      ipam_subnets: z.strictObject({ subnets: z.array(ipamSubnet) }).optional(),
    },
  },
  'network-policy': {
    parents: ['project'],
    references: {},
    properties: {
      network_policy_entries: z
        .strictObject({
          policy_rule: z.array(
            z.strictObject({
              rule_uuid: text.nullish(),
              direction: z.enum(['<>', '>']),
              protocol: text.default('any'),
              src_addresses: z.array(policyAddress),
              dst_addresses: z.array(policyAddress),
              action_list: z.strictObject({ simple_action: z.enum(['pass', 'deny']) }),
            }),
          ),
        })
        .optional(),
    },
  },
  'virtual-network': {
    parents: ['project'],
    references: {
      'network-policy': z
        .strictObject({ sequence: z.strictObject({ major: z.int(), minor: z.int() }).nullish() })
        .nullable(),
      'network-ipam': z.strictObject({ ipam_subnets: z.array(ipamSubnet) }),
      'virtual-network': plain,
    },
    properties: {
      virtual_network_network_id: z.int().min(1).optional(),
      virtual_network_properties: z
        .strictObject({
          forwarding_mode: text.nullish(),
          allow_transit: flag.nullish(),
          vxlan_network_identifier: z.int().nullish(),
        })
        .optional(),
      route_target_list: routeTargets.optional(),
      import_route_target_list: routeTargets.optional(),
      export_route_target_list: routeTargets.optional(),
      address_allocation_mode: z
        .enum([
          'user-defined-subnet-only',
          'user-defined-subnet-preferred',
          'flat-subnet-only',
          'flat-subnet-preferred',
        ])
        .optional(),
      router_external: flag.optional(),
      is_shared: flag.optional(),
    },
  },
  'routing-instance': {
    parents: ['virtual-network'],
    references: {
      'route-target': z.strictObject({ import_export: z.enum(['import', 'export']).nullish() }).nullable(),
    },
    properties: { routing_instance_is_default: flag.optional() },
  },
  'route-target': { parents: [], references: {}, properties: {} },
  'virtual-router': {
    parents: ['global-system-config'],
    references: { 'virtual-machine': plain },
    properties: { virtual_router_ip_address: address.optional(), virtual_router_type: text.optional() },
  },
  'virtual-machine': {
    parents: [],
    references: {},
    properties: { server_type: text.optional() },
  },
  'security-group': {
    parents: ['project'],
    references: {},
    properties: { security_group_id: z.int().optional() },
  },
  'virtual-machine-interface': {
    parents: ['project', 'virtual-machine'],
    references: { 'virtual-network': plain, 'virtual-machine': plain, 'security-group': plain },
    properties: {
      virtual_machine_interface_device_owner: text.optional(),
      virtual_machine_interface_properties: z
        .strictObject({
          /** LOCAL_PREF of its routes, where an active and a standby have one address. */
          local_preference: z.int().min(0).max(4_294_967_295).nullish(),
          service_interface_type: text.nullish(),
        })
        .optional(),
      virtual_machine_interface_mac_addresses: z.strictObject({ mac_address: z.array(text) }).optional(),
    },
  },
  'instance-ip': {
    parents: [],
    references: { 'virtual-machine-interface': plain, 'virtual-network': plain, 'network-ipam': plain },
    properties: {
      instance_ip_address: address.optional(),
      instance_ip_family: z.enum(['v4', 'v6']).optional(),
      instance_ip_mode: z.enum(['active-active', 'active-standby']).optional(),
      subnet_uuid: text.optional(),
      instance_ip_subscriber: text.optional(),
    },
  },
  'floating-ip-pool': {
    parents: ['virtual-network'],
    references: {},
    properties: { floating_ip_pool_subnets: z.strictObject({ subnet_uuid: z.array(text) }).optional() },
  },
  'floating-ip': {
    parents: ['floating-ip-pool', 'instance-ip'],
    references: { project: plain, 'virtual-machine-interface': plain },
    properties: {
      floating_ip_address: address.optional(),
      floating_ip_address_family: z.enum(['v4', 'v6']).optional(),
      floating_ip_fixed_ip_address: address.nullish(),
      floating_ip_is_virtual_ip: flag.optional(),
      floating_ip_traffic_direction: z.enum(['both', 'ingress', 'egress']).optional(),
      floating_ip_port_mappings_enable: flag.optional(),
      floating_ip_port_mappings: z
        .strictObject({
          port_mappings: z.array(
            z.strictObject({ protocol: z.enum(['TCP', 'UDP']), src_port: portNumber, dst_port: portNumber }),
          ),
        })
        .optional(),
    },
  },
  'service-appliance-set': {
    parents: ['global-system-config'],
    references: {},
    properties: { service_appliance_driver: text.optional() },
  },
  loadbalancer: {
    parents: ['project'],
    references: { 'virtual-machine-interface': plain, 'service-appliance-set': plain },
    properties: {
      loadbalancer_provider: z.enum(['native', 'opencontrail']).optional(),
      loadbalancer_properties: z
        .strictObject({
          status: text.nullish(),
          provisioning_status: text.nullish(),
          operating_status: text.nullish(),
          vip_subnet_id: text.nullish(),
          vip_address: address.nullish(),
          admin_state: flag.nullish(),
        })
        .optional(),
    },
  },
  'loadbalancer-listener': {
    parents: ['project'],
    references: { loadbalancer: plain },
    properties: {
      loadbalancer_listener_properties: z
        .strictObject({
          protocol: protocols.nullish(),
          protocol_port: portNumber.nullish(),
          admin_state: flag.nullish(),
          connection_limit: z.int().nullish(),
          default_tls_container: text.nullish(),
          sni_containers: z.array(text).nullish(),
        })
        .optional(),
    },
  },
  'loadbalancer-pool': {
    parents: ['project'],
    references: { 'loadbalancer-listener': plain, 'loadbalancer-healthmonitor': plain },
    properties: {
      loadbalancer_pool_provider: text.optional(),
      loadbalancer_pool_properties: z
        .strictObject({
          status: text.nullish(),
          status_description: text.nullish(),
          admin_state: flag.nullish(),
          protocol: protocols.nullish(),
          loadbalancer_method: z.enum(['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP']).nullish(),
          subnet_id: text.nullish(),
          session_persistence: z.enum(['SOURCE_IP', 'HTTP_COOKIE', 'APP_COOKIE']).nullish(),
          persistence_cookie_name: text.nullish(),
        })
        .optional(),
    },
  },
  'loadbalancer-member': {
    parents: ['loadbalancer-pool'],
    references: {},
    properties: {
      loadbalancer_member_properties: z
        .strictObject({
          admin_state: flag.nullish(),
          status: text.nullish(),
          status_description: text.nullish(),
          protocol_port: portNumber.nullish(),
          weight: z.int().min(0).max(256).nullish(),
          address: address.nullish(),
          subnet_id: text.nullish(),
        })
        .optional(),
    },
  },
  'loadbalancer-healthmonitor': {
    parents: ['project'],
    references: {},
    properties: {
      loadbalancer_healthmonitor_properties: z
        .strictObject({
          admin_state: flag.nullish(),
          monitor_type: z.enum(['PING', 'TCP', 'HTTP', 'HTTPS']).nullish(),
          delay: z.int().min(0).nullish(),
          timeout: z.int().min(0).nullish(),
          max_retries: z.int().min(0).nullish(),
          http_method: text.nullish(),
          url_path: text.nullish(),
          expected_codes: text.nullish(),
        })
        .optional(),
    },
  },
  /** None of Contrail's, which has a ZooKeeper for it: who does what only one may do at a time. */
  lease: {
    parents: [],
    references: {},
    properties: { lease_holder: text.optional(), lease_renewed: text.optional() },
  },
} as const satisfies Record<string, ObjectType>;

/** A type of {@link objectTypes}. */
export type ObjectTypeName = keyof typeof objectTypes;

/** Properties that every object has. */
export const commonProperties = {
  display_name: text.optional(),
  annotations: keyValues.optional(),
} as const;

/** Whether there is a type of a name, written with hyphens. */
export function isObjectTypeName(name: string): name is ObjectTypeName {
  return Object.hasOwn(objectTypes, name);
}

/** The row of a type, without the literal types of its columns. */
export function objectType(name: ObjectTypeName): ObjectType {
  return objectTypes[name];
}

/** Types whose objects may be children of a type. */
export function childTypes(parent: ObjectTypeName): ObjectTypeName[] {
  return typeNames().filter((name) => objectType(name).parents.includes(parent));
}

/** Types that may refer to a type. */
export function referringTypes(target: ObjectTypeName): ObjectTypeName[] {
  return typeNames().filter((name) => Object.hasOwn(objectType(name).references, target));
}

/** All of them, in the order of the table. */
export function typeNames(): ObjectTypeName[] {
  return Object.keys(objectTypes) as ObjectTypeName[];
}

/** `virtual-machine-interface` as it stands in JSON keys: `virtual_machine_interface`. */
export function keyOf(type: string): string {
  return type.replaceAll('-', '_');
}

/** A subnet as `address/length`, for allocation. */
export function subnetText(value: z.infer<typeof subnet>): string {
  return `${value.ip_prefix}/${value.ip_prefix_len}`;
}

/** A subnet of a network, with what is allocated in it and how. */
export type IpamSubnet = z.infer<typeof ipamSubnet>;
