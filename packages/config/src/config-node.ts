/** A config node: the store, the objects, their API, and the load-balancer driver, in one process. */
import { ConfigRequestError, type ObjectTypeName } from '@vaportrail/schema';
import { createLog, listenEndpoint, name, wholeNumber, type Log } from '@vaportrail/show';
import { z } from 'zod';
import { ApiServer } from './api-server.ts';
import type { ConfigClient } from './config-client.ts';
import { ConfigDatabase } from './config-database.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { EtcdStore } from './etcd-store.ts';
import { LoadBalancerDrivers, loadBalancerDrivers } from './loadbalancer/drivers.ts';
import type { NewObject } from './requested-write.ts';
import type { Store } from './store.ts';

/** Contrail's port for its configuration API. */
const API_PORT = 8082;

export const configNodeConfig = z.strictObject({
  name: name.default('config-node'),
  listen: listenEndpoint(API_PORT).default({ address: '127.0.0.1', port: API_PORT }),
  /** Clients must send it as `Authorization: Bearer …`. */
  token: z.string().min(1).optional(),
  /** The AS of the route targets that are given out; only read when the store is empty. */
  asn: wholeNumber(1, 4_294_967_295).default(64_512),
  store: z
    .union([
      z.strictObject({ folder: z.string().min(1) }),
      z.strictObject({
        etcd: z.strictObject({
          endpoints: z
            .array(z.string().regex(/^https?:\/\/\S+$/, { error: 'must be http://HOST:PORT' }))
            .min(1),
          prefix: z.string().min(1).default('/vaportrail/'),
        }),
      }),
    ])
    .default({ folder: 'vaportrail-config' }),
});

export type ConfigNodeConfig = z.output<typeof configNodeConfig>;
export type ConfigNodeConfigInput = z.input<typeof configNodeConfig>;

/** Opens its store with `start`, and has it to itself until `stop` where it is a folder. */
export class ConfigNode {
  readonly #config: ConfigNodeConfig;
  readonly #log: Log;
  #store: Store | undefined;
  #database: ConfigDatabase | undefined;
  #drivers: LoadBalancerDrivers | undefined;
  #server: ApiServer | undefined;

  constructor(config: ConfigNodeConfig, { log }: { readonly log?: Log } = {}) {
    this.#config = config;
    this.#log = log ?? createLog(config.name);
  }

  /** @throws Error when the store or the address cannot be used; nothing is left running then */
  async start(): Promise<void> {
    const { store, listen, token, asn } = this.#config;
    const log = this.#log;
    this.#store = 'folder' in store ? EmbeddedStore.open(store.folder) : await EtcdStore.open(store.etcd);
    try {
      this.#database = await ConfigDatabase.open(this.#store, { log });
      await provision(this.#database, asn);
      this.#drivers = new LoadBalancerDrivers(this.#database, { log });
      this.#drivers.start();
      this.#server = new ApiServer(this.#database, { log, ...(token === undefined ? {} : { token }) });
      await this.#server.listen(listen);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Answers nobody any more, then lets drivers and store finish. */
  async stop(): Promise<void> {
    await this.#server?.close();
    await this.#drivers?.stop();
    this.#database?.close();
    await this.#store?.close();
    this.#server = undefined;
  }

  /** @throws Error always: what the file says only counts at the start */
  reload(config: ConfigNodeConfig): void {
    if (JSON.stringify(config) !== JSON.stringify(this.#config))
      throw new Error('the configuration of a config node cannot change without a restart');
  }

  /** Where the API answers; undefined before the start. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  /** @throws Error before the start */
  get database(): ConfigDatabase {
    if (this.#database === undefined) throw new Error('the config node has not started');
    return this.#database;
  }
}

/** Makes the objects that everybody expects to be there; what is there already stays as it is. */
async function provision(client: ConfigClient, asn: number): Promise<void> {
  const system = ['default-global-system-config'];
  await ensure(client, 'global-system-config', { fqName: system, properties: { autonomous_system: asn } });
  await ensure(client, 'domain', { fqName: ['default-domain'] });
  const parent = client.byName('global-system-config', system);
  for (const driver of Object.keys(loadBalancerDrivers))
    await ensure(client, 'service-appliance-set', { fqName: [...system, driver], parent });
}

async function ensure(client: ConfigClient, type: ObjectTypeName, given: NewObject): Promise<void> {
  if (client.graph.byName(type, given.fqName) !== undefined) return;
  try {
    await client.create(type, given);
  } catch (error) {
    // Another config node starts at the same time.
    if (!(error instanceof ConfigRequestError && error.status === 409)) throw error;
  }
}
