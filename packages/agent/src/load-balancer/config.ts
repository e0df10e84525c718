/** Load balancers that a node carries with a proxy: what they are made of, and how the proxy is run. */
import { ipAddress, name, seconds, wholeNumber } from '@vaportrail/show';
import { z } from 'zod';

/** haproxy takes 97 octets for the path of a socket; the UUID and the name of the file need the rest. */
const LONGEST_FOLDER = 46;

const uuid = z.uuid();
const portNumber = wholeNumber(1, 65_535);

/** Text that goes into a line of haproxy's configuration: without spaces, quotes, comments, variables or line ends. */
const word = (pattern: RegExp, error: string) => z.string().max(256).regex(pattern, { error });

const loadBalancingMethods = ['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP'] as const;

const member = z.strictObject({
  uuid,
  address: ipAddress,
  port: portNumber,
  weight: wholeNumber(0, 256).default(1),
  /** One that is not enabled gets no new connections. */
  enabled: z.boolean().default(true),
});

const healthMonitor = z.strictObject({
  type: z.enum(['TCP', 'HTTP', 'HTTPS']),
  /** Seconds from one check to the next, and until a check has failed. */
  delay: seconds(1, 3600).default(5),
  timeout: seconds(1, 3600).default(5),
  /** Checks that fail, one after the other, until the member is down. */
  'max-retries': wholeNumber(1, 100).default(3),
  method: word(/^[A-Z]+$/, 'must be a method of HTTP, e.g. GET').default('GET'),
  path: word(/^\/[A-Za-z0-9\-._~!&()*+,;=:@%/?]*$/, 'must be a path, e.g. /health').default('/'),
  /** Codes and ranges, e.g. `200,301-302`; 2xx and 3xx when left out. */
  codes: word(/^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/, 'must be codes of HTTP, e.g. 200,301-302').optional(),
});

const pool = z.strictObject({
  uuid,
  method: z.enum(loadBalancingMethods).default('ROUND_ROBIN'),
  persistence: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('SOURCE_IP') }),
      z.strictObject({ type: z.literal('HTTP_COOKIE') }),
      z.strictObject({
        type: z.literal('APP_COOKIE'),
        cookie: word(/^[A-Za-z0-9_.-]+$/, 'must be the name of a cookie'),
      }),
    ])
    .optional(),
  'health-monitor': healthMonitor.optional(),
  members: z.array(member).default([]),
});

const listener = z.strictObject({
  uuid,
  protocol: z.enum(['TCP', 'HTTP']).default('TCP'),
  port: portNumber,
  /** Connections at a time. */
  'connection-limit': wholeNumber(1, 1_000_000).optional(),
  pool,
});

export const loadBalancerConfig = z.strictObject({
  uuid,
  name: word(/^[^\s"'\\#$]+$/, 'must be one word'),
  /** The interface with the address that clients use; its routes are published while the proxy serves. */
  interface: name.max(64),
  address: ipAddress,
  listeners: z.array(listener).default([]),
  /** What was asked for and cannot be done; shown with the load balancer. */
  problems: z.array(z.string()).default([]),
});

/** How a node runs haproxy; a node without these settings carries no load balancer. */
export const haproxyConfig = z.strictObject({
  program: z.string().min(1).default('haproxy'),
  /** `<folder>/<UUID of the load balancer>/haproxy.conf`, and the sockets beside it. */
  folder: z
    .string()
    .regex(/^\//, { error: 'must be an absolute path' })
    .max(LONGEST_FOLDER, { error: `must have ${LONGEST_FOLDER} characters at the most` })
    .default('/var/lib/vaportrail/loadbalancer/haproxy'),
  /**
   * The network namespace it runs in; the addresses of its load balancers are added to the loopback there. Without one
   * it runs in the agent's own network, which must have the addresses.
   */
  namespace: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, { error: 'must be the name of a network namespace' })
    .optional(),
  /** Seconds until a proxy that died is started again; twice as long each time, up to a minute. */
  'restart-delay': seconds(0, 60).default(1),
});

export type LoadBalancerConfig = z.output<typeof loadBalancerConfig>;
export type LoadBalancerConfigInput = z.input<typeof loadBalancerConfig>;
export type HaproxyConfig = z.output<typeof haproxyConfig>;
