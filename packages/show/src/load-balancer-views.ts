/** Load balancers of a compute node, as its proxies say they are. */

export interface LoadBalancerView {
  readonly uuid: string;
  readonly name: string;
  /** The address that clients use. */
  readonly address: string;
  readonly interface: string;
  /** `loading`: it serves still with what it was told before; `not run`: the node runs no proxies. */
  readonly state: 'serving' | 'loading' | 'down' | 'not run';
  readonly pid?: number;
  readonly restarts: number;
  readonly reloads: number;
  readonly problems: readonly string[];
  readonly listeners: readonly LoadBalancerListenerView[];
}

export interface LoadBalancerCounters {
  /** Connections now, and since the proxy was loaded. */
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  readonly errors: number;
}

export interface LoadBalancerListenerView extends LoadBalancerCounters {
  readonly uuid: string;
  readonly protocol: string;
  readonly port: number;
  readonly method: string;
  readonly members: readonly LoadBalancerMemberView[];
}

export interface LoadBalancerMemberView extends LoadBalancerCounters {
  readonly uuid: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  /** In the proxy's own words: `UP`, `DOWN`, `MAINT`, `no check`. */
  readonly status: string;
  readonly lastCheck?: string;
  /** Seconds since the status changed. */
  readonly since?: number;
  readonly failedChecks?: number;
}
