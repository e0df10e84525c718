/** Who makes load balancers work: a driver for each provider. */
import type { Log } from '@vaportrail/show';
import type { ConfigClient } from '../config-client.ts';
import { NativeDriver } from './native-driver.ts';
import { OpencontrailDriver } from './opencontrail-driver.ts';

export interface LoadBalancerDriver {
  /** Begins with everything there is, and follows from there. */
  start(): void;
  stop(): Promise<void>;
  /** Ends when everything is as it should be, as far as is known by then. */
  settled(): Promise<void>;
}

type MakeDriver = (client: ConfigClient, options: { readonly log?: Log }) => LoadBalancerDriver;

/** By `loadbalancer_provider`, which is also the name of the service appliance set. */
export const loadBalancerDrivers = {
  native: (client, options) => new NativeDriver(client, options),
  opencontrail: (client, options) => new OpencontrailDriver(client, options),
} as const satisfies Record<string, MakeDriver>;

/** All of them; each looks after the load balancers of its provider. */
export class LoadBalancerDrivers implements LoadBalancerDriver {
  readonly #drivers: readonly LoadBalancerDriver[];

  constructor(client: ConfigClient, options: { readonly log?: Log } = {}) {
    this.#drivers = Object.values(loadBalancerDrivers).map((make) => make(client, options));
  }

  start(): void {
    for (const driver of this.#drivers) driver.start();
  }

  /** Resolves when what was begun is done. */
  async stop(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.stop()));
  }

  /** Ends when everything is as it should be, as far as is known by then. */
  async settled(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.settled()));
  }
}
