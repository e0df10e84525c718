/** A Kubernetes Service as configuration: everything between its name and the floating IPs on interfaces. */

export interface ServiceChainView {
  /** `ns-user-1/service-web-lb` */
  readonly service: string;
  readonly type: string;
  readonly clusterIp?: string;
  /** Absent when the Service needs none, or it could not be made; `notes` say why. */
  readonly loadbalancer?: { readonly name: string; readonly uuid: string; readonly provider: string };
  /** The nodes whose proxies take the connections, the active first; a native load balancer has none. */
  readonly proxies?: readonly {
    readonly node: string;
    readonly nodeAddress: string;
    /** LOCAL_PREF of what the node publishes. */
    readonly preference: number;
  }[];
  readonly listeners: readonly ServiceListenerView[];
  readonly floatingIps: readonly ServiceFloatingIpView[];
  /** Pods that the Service selects and that are not ready. */
  readonly notReady: readonly string[];
  readonly notes: readonly {
    readonly level: 'info' | 'warning';
    readonly reason: string;
    readonly message: string;
  }[];
}

export interface ServiceListenerView {
  readonly name?: string;
  readonly protocol: string;
  readonly port: number;
  readonly pool?: string;
  readonly members: readonly ServiceMemberView[];
}

export interface ServiceMemberView {
  readonly uuid: string;
  readonly targetPort: number;
  /** The interface and its address; absent when the interface is gone. */
  readonly interface?: string;
  readonly address?: string;
  readonly node?: string;
  readonly nodeAddress?: string;
}

export interface ServiceFloatingIpView {
  readonly address: string;
  readonly scope: 'cluster' | 'external';
  readonly network: string;
  readonly routeTargets: readonly string[];
  /** Interfaces of members that carry it. */
  readonly interfaces: readonly string[];
  /** `TCP 8888 → 80` */
  readonly portMappings: readonly string[];
}
