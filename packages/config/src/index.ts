/** Configuration objects, their store, and the API over them. */
export { ApiServer, type ApiServerOptions } from './api-server.ts';
export { addressRange, addressRow, isAllocatable, type AddressRange } from './address-allocation.ts';
export { Claims, type Claim } from './claims.ts';
export {
  ConfigDatabase,
  type ConfigDatabaseOptions,
  type NewObject,
  type ObjectChange,
} from './config-database.ts';
export type { ConfigEvent } from './config-event.ts';
export { ConfigRequestError, type ConfigObject, type Reference } from './config-object.ts';
export { document } from './document.ts';
export { EmbeddedStore } from './embedded-store.ts';
export { EtcdStore, type EtcdStoreOptions } from './etcd-store.ts';
export { ObjectGraph } from './object-graph.ts';
export { objectTypes, typeNames, type ObjectTypeName } from './object-type.ts';
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
export type { LoadBalancerSettings } from './loadbalancer/load-balancer-settings.ts';
export { NativeDriver } from './loadbalancer/native-driver.ts';
export { proxiesOf } from './loadbalancer/proxy-instance.ts';
export { OpencontrailDriver } from './loadbalancer/opencontrail-driver.ts';
export { routingInstanceSettings, type RoutingInstanceSettings } from './routing-instance-settings.ts';
export {
  settingsChanges,
  virtualRouterSettings,
  type FloatingIpSettings,
  type InterfaceSettings,
  type VirtualRouterChange,
  type VirtualRouterSettings,
  type VrfSettings,
} from './virtual-router-settings.ts';
export { VirtualRouters, type RouterFollower } from './virtual-routers.ts';
export { RestConfigClient, type RestConfigClientOptions } from './rest-config-client.ts';
export {
  ConfigNode,
  configNodeConfig,
  provision,
  type ConfigNodeConfig,
  type ConfigNodeConfigInput,
} from './config-node.ts';
