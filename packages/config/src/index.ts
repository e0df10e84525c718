/** Configuration objects, their store, and the API over them. */
export { ApiServer, type ApiServerOptions } from './api-server.ts';
export { addressRange, addressRow, isAllocatable, type AddressRange } from './address-allocation.ts';
export { Claims, type Claim } from './claims.ts';
export { ConfigDatabase, type ConfigDatabaseOptions } from './config-database.ts';
export type { NewObject, ObjectChange } from './requested-write.ts';
export { document } from './document.ts';
export { EmbeddedStore } from './embedded-store.ts';
export { EtcdStore, type EtcdStoreOptions } from './etcd-store.ts';
export { openApiDocument } from './open-api.ts';
export {
  StoreError,
  type Change,
  type Condition,
  type Reading,
  type Store,
  type Transaction,
} from './store.ts';
export type { Extension, ObjectWrite, Standing, WriteRule } from './write-rule.ts';
export { writeRules } from './write-rules.ts';
export type { ConfigClient } from './config-client.ts';
export { LoadBalancerDrivers, loadBalancerDrivers, type LoadBalancerDriver } from './loadbalancer/drivers.ts';
export { NativeDriver } from './loadbalancer/native-driver.ts';
export { OpencontrailDriver } from './loadbalancer/opencontrail-driver.ts';
export { RestConfigClient, type RestConfigClientOptions } from './rest-config-client.ts';
export {
  ConfigNode,
  configNodeConfig,
  type ConfigNodeConfig,
  type ConfigNodeConfigInput,
} from './config-node.ts';
