/**
 * What a node has to know of a load balancer whose proxy it runs. Keys and values are those of an agent's configuration
 * file. What a proxy cannot do is said in `problems` and left out.
 */
import type { ConfigObject } from '../config-object.ts';
import type { ObjectGraph } from '../object-graph.ts';
import { memberInterface } from './balanced.ts';

/** A proxy and all it serves. */
export interface LoadBalancerSettings {
  readonly uuid: string;
  readonly name: string;
  readonly interface: string;
  readonly address: string;
  readonly listeners: readonly ListenerSettings[];
  readonly problems: readonly string[];
}

/** A port that clients see. */
export interface ListenerSettings {
  readonly uuid: string;
  readonly protocol: 'TCP' | 'HTTP';
  readonly port: number;
  readonly 'connection-limit'?: number;
  readonly pool: PoolSettings;
}

/** Members that share the requests of a listener. */
export interface PoolSettings {
  readonly uuid: string;
  readonly method: 'ROUND_ROBIN' | 'LEAST_CONNECTIONS' | 'SOURCE_IP';
  readonly persistence?: {
    readonly type: 'SOURCE_IP' | 'HTTP_COOKIE' | 'APP_COOKIE';
    readonly cookie?: string;
  };
  readonly 'health-monitor'?: HealthMonitorSettings;
  readonly members: readonly MemberSettings[];
}

/** How members are asked whether they live. */
export interface HealthMonitorSettings {
  readonly type: 'TCP' | 'HTTP' | 'HTTPS';
  readonly delay: number;
  readonly timeout: number;
  readonly 'max-retries': number;
  readonly method?: string;
  readonly path?: string;
  readonly codes?: string;
}

/** Who answers requests. */
export interface MemberSettings {
  readonly uuid: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly enabled: boolean;
}

/** Neutron's times, in seconds, where nothing is said. */
const DEFAULT_DELAY = 5;
const DEFAULT_TIMEOUT = 5;
const DEFAULT_RETRIES = 3;

/** What a proxy does with a protocol of Contrail; the others it cannot do, and why. */
const protocols = {
  TCP: { protocol: 'TCP' },
  HTTP: { protocol: 'HTTP' },
  // What is encrypted passes through as it is.
  HTTPS: { protocol: 'TCP' },
  TERMINATED_HTTPS: { problem: 'TERMINATED_HTTPS needs a certificate, which nothing here keeps' },
  UDP: { problem: 'UDP is not for a proxy: use the provider native' },
} as const satisfies Record<string, { readonly protocol: 'TCP' | 'HTTP' } | { readonly problem: string }>;

/** A load balancer as the node of one of its instances is to have it; `undefined` while it has no address. */
export function loadBalancerSettings(
  balancer: ConfigObject,
  interfaceName: string,
  address: string | undefined,
  graph: ObjectGraph,
): LoadBalancerSettings | undefined {
  const { admin_state: enabled } = (balancer.properties['loadbalancer_properties'] ?? {}) as {
    admin_state?: boolean | null;
  };
  if (address === undefined || enabled === false) return undefined;
  const problems: string[] = [];
  const listeners = graph
    .referrers(balancer.uuid, 'loadbalancer-listener')
    .flatMap((listener) => listenerSettings(listener, graph, problems))
    .toSorted((a, b) => a.port - b.port || (a.uuid < b.uuid ? -1 : 1));
  return {
    uuid: balancer.uuid,
    name: balancer.fqName.at(-1)!.replaceAll(/[\s"'\\#$]/g, '_'),
    interface: interfaceName,
    address,
    listeners,
    problems,
  };
}

function listenerSettings(
  listener: ConfigObject,
  graph: ObjectGraph,
  problems: string[],
): ListenerSettings[] {
  const {
    protocol = 'TCP',
    protocol_port: port,
    admin_state: enabled,
    connection_limit: limit,
  } = properties<{
    protocol: keyof typeof protocols;
    protocol_port: number;
    admin_state: boolean;
    connection_limit: number;
  }>(listener, 'loadbalancer_listener_properties');
  const refuse = (because: string): [] => {
    problems.push(`listener ${port ?? listener.uuid}: ${because}`);
    return [];
  };
  if (enabled === false) return [];
  if (port === undefined || port < 1) return refuse('it has no port');
  const way = protocols[protocol];
  if ('problem' in way) return refuse(way.problem);
  const [pool] = graph.referrers(listener.uuid, 'loadbalancer-pool');
  if (pool === undefined) return refuse('it has no pool');
  return [
    {
      uuid: listener.uuid,
      protocol: way.protocol,
      port,
      // Neutron writes -1 for "as many as come".
      ...(limit !== undefined && limit > 0 ? { 'connection-limit': Math.min(limit, 1_000_000) } : {}),
      pool: poolSettings(pool, way.protocol, graph, problems),
    },
  ];
}

function poolSettings(
  pool: ConfigObject,
  protocol: 'TCP' | 'HTTP',
  graph: ObjectGraph,
  problems: string[],
): PoolSettings {
  const {
    loadbalancer_method: method = 'ROUND_ROBIN',
    session_persistence: persistence,
    persistence_cookie_name: cookie,
    admin_state: enabled,
  } = properties<{
    loadbalancer_method: PoolSettings['method'];
    session_persistence: 'SOURCE_IP' | 'HTTP_COOKIE' | 'APP_COOKIE';
    persistence_cookie_name: string;
    admin_state: boolean;
  }>(pool, 'loadbalancer_pool_properties');
  const settings = { uuid: pool.uuid, method };
  if (enabled === false) return { ...settings, members: [] };
  const kept = persistenceSettings(persistence, cookie, protocol);
  if (typeof kept === 'string') problems.push(`pool ${pool.uuid}: ${kept}`);
  const [monitor] = graph.references(pool, 'loadbalancer-healthmonitor');
  const checked = monitor === undefined ? undefined : monitorSettings(monitor, problems);
  return {
    ...settings,
    ...(typeof kept === 'object' ? { persistence: kept } : {}),
    ...(checked === undefined ? {} : { 'health-monitor': checked }),
    members: graph
      .children(pool.uuid, 'loadbalancer-member')
      .flatMap((member) => memberSettings(member, graph, problems))
      .toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1)),
  };
}

/** Persistence as settings, or why there is none. */
function persistenceSettings(
  type: 'SOURCE_IP' | 'HTTP_COOKIE' | 'APP_COOKIE' | undefined,
  cookie: string | undefined,
  protocol: 'TCP' | 'HTTP',
): PoolSettings['persistence'] | string {
  if (type === undefined || type === 'SOURCE_IP') return type && { type };
  if (protocol !== 'HTTP') return `${type} needs the protocol HTTP`;
  if (type === 'HTTP_COOKIE') return { type };
  if (cookie === undefined || !/^[A-Za-z0-9_.-]+$/.test(cookie))
    return `persistence_cookie_name "${cookie ?? ''}" is no name of a cookie`;
  return { type, cookie };
}

function monitorSettings(monitor: ConfigObject, problems: string[]): HealthMonitorSettings | undefined {
  const given = properties<{
    admin_state: boolean;
    monitor_type: 'PING' | 'TCP' | 'HTTP' | 'HTTPS';
    delay: number;
    timeout: number;
    max_retries: number;
    http_method: string;
    url_path: string;
    expected_codes: string;
  }>(monitor, 'loadbalancer_healthmonitor_properties');
  if (given.admin_state === false) return undefined;
  const type = given.monitor_type ?? 'TCP';
  if (type === 'PING') problems.push(`health monitor ${monitor.uuid}: PING is done as a TCP connection`);
  const word = (key: 'http_method' | 'url_path' | 'expected_codes', pattern: RegExp): string | undefined => {
    const value = given[key];
    if (value === undefined || value === '') return undefined;
    if (pattern.test(value)) return value;
    problems.push(`health monitor ${monitor.uuid}: ${key} ${JSON.stringify(value)} cannot be used`);
    return undefined;
  };
  const method = word('http_method', /^[A-Z]+$/);
  const path = word('url_path', /^\/[A-Za-z0-9\-._~!&()*+,;=:@%/?]{0,255}$/);
  const codes = word('expected_codes', /^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/);
  const within = (value: number | undefined, otherwise: number, most: number): number =>
    Math.min(Math.max(1, value ?? otherwise), most);
  return {
    type: type === 'PING' ? 'TCP' : type,
    delay: within(given.delay, DEFAULT_DELAY, 3600),
    timeout: within(given.timeout, DEFAULT_TIMEOUT, 3600),
    'max-retries': within(given.max_retries, DEFAULT_RETRIES, 100),
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(codes === undefined ? {} : { codes }),
  };
}

/** A member has an address of its own, or that of the interface it names. */
function memberSettings(member: ConfigObject, graph: ObjectGraph, problems: string[]): MemberSettings[] {
  const given = properties<{ address: string; protocol_port: number; weight: number; admin_state: boolean }>(
    member,
    'loadbalancer_member_properties',
  );
  const vmi = memberInterface(member);
  const ofInterface =
    vmi === undefined
      ? undefined
      : (graph
          .referrers(vmi, 'instance-ip')
          .map(({ properties: { instance_ip_address: found } }) => found)
          .find((found) => found !== undefined) as string | undefined);
  const address = given.address ?? ofInterface;
  const port = given.protocol_port;
  if (address === undefined || port === undefined || port < 1) {
    problems.push(`member ${member.uuid}: it has no ${address === undefined ? 'address' : 'port'}`);
    return [];
  }
  return [
    { uuid: member.uuid, address, port, weight: given.weight ?? 1, enabled: given.admin_state !== false },
  ];
}

/** A property with parts, of which each may be null or missing. */
function properties<T extends object>(object: ConfigObject, key: string): Partial<T> {
  const value = Object.entries((object.properties[key] ?? {}) as Record<string, unknown>);
  return Object.fromEntries(value.filter(([, each]) => each !== null)) as Partial<T>;
}
