/**
 * The way to protocol next hops: the tunnels and routes of the underlay as the configuration has them, and what resolves
 * over them. Next hops are followed from the first route that asks for them until no route has used them for a while.
 */
import { parseIpv4, type Clock, type Timer } from '@vaportrail/net';
import type { Source } from '@vaportrail/rib';
import type { GatewayConfig } from './config.ts';
import { DynamicTunnels, type DynamicTunnelSettings } from './dynamic-tunnel.ts';
import { localRoutes, resolvingRoutes } from './local-routes.ts';
import { Resolver } from './resolution.ts';

/** Next hops that were resolved and found no user are let go after this many milliseconds. */
const SWEEP_PAUSE = 1000;

/** First numbers of tunnel interfaces and of their SNMP twins. */
export interface InterfaceIndexes {
  readonly interface?: number;
  readonly snmp?: number;
}

/** One for a gateway: its tunnels, and what next hops resolve over. */
export class Underlay {
  readonly tunnels: DynamicTunnels;
  readonly resolver: Resolver;
  readonly #clock: Clock;
  #sweep: Timer | undefined;

  /** @param changed called with a next hop in use whose resolution has become another */
  constructor(
    config: GatewayConfig,
    indexes: InterfaceIndexes,
    clock: Clock,
    changed: (nextHop: Uint8Array) => void,
  ) {
    this.#clock = clock;
    this.tunnels = new DynamicTunnels(tunnelSettings(config), {
      pics: config['tunnel-services'].pics,
      firstUnit: config['tunnel-services']['first-unit'],
      holdDown: config['tunnel-services']['hold-down'] * 1000,
      ...(indexes.interface === undefined ? {} : { firstIndex: indexes.interface }),
      ...(indexes.snmp === undefined ? {} : { firstSnmpIndex: indexes.snmp }),
      clock,
    });
    this.resolver = new Resolver(this.tunnels, changed);
  }

  /** Puts tunnels, static routes and interfaces of a configuration in force, and looks at every next hop in use again. */
  configure(config: GatewayConfig): void {
    const { interfaces, 'routing-options': options } = config;
    const now = this.#clock.now();
    this.tunnels.reconfigure(tunnelSettings(config));
    this.resolver.configure(
      {
        'inet.0': resolvingRoutes(localRoutes(interfaces, options.static), now),
        'inet.3': resolvingRoutes(localRoutes(interfaces, options['inet.3'].static), now).filter(
          ({ protocol }) => protocol === 'Static',
        ),
      },
      options['resolution-ribs'],
    );
  }

  /** How far away a next hop is, and over how many gateways; undefined when it does not resolve. */
  resolve(nextHop: Uint8Array, source: Source): { metric: number; gateways: number } | undefined {
    if (source.protocol !== 'bgp') return { metric: 0, gateways: 1 };
    this.#sweep ??= this.#clock.after(SWEEP_PAUSE, () => {
      this.#sweep = undefined;
      this.resolver.sweep();
    });
    const resolution = this.resolver.resolve(nextHop);
    return resolution === undefined
      ? undefined
      : { metric: resolution.metric, gateways: resolution.gateways.length };
  }

  /** Tears the tunnels down. */
  close(): void {
    this.#sweep?.cancel();
    this.tunnels.clear();
  }
}

function tunnelSettings(config: GatewayConfig): DynamicTunnelSettings[] {
  return config['dynamic-tunnels'].map((tunnel) => ({
    name: tunnel.name,
    source: parseIpv4(tunnel['source-address']),
    type: tunnel.type,
    destinations: tunnel['destination-networks'],
  }));
}
