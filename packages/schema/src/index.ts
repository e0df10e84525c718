/** Contrail's configuration objects, and what follows from them for compute nodes and control nodes. */
export { eventOf, statesOf, type ConfigEvent, type Configuration } from './config-event.ts';
export { CopiedGraph, type ObjectLine } from './copied-graph.ts';
export {
  annotationOf,
  checkedAttr,
  checkedFqName,
  checkedProperties,
  checkedType,
  checkedUuid,
  ConfigRequestError,
  newUuid,
  type ConfigObject,
  type IdPerms,
  type Reference,
} from './config-object.ts';
export { derivedUuid } from './derived-uuid.ts';
export { driverOf, madeBy } from './driver-annotation.ts';
export {
  balancerOf,
  balancersOf,
  balancersOfPool,
  isNative,
  listenersOf,
  memberInterface,
  providerOf,
  type Listener,
  type Member,
} from './loadbalancer/balanced.ts';
export type { LoadBalancerSettings } from './loadbalancer/load-balancer-settings.ts';
export { interfacePortMappings, portMappings, type PortMapping } from './loadbalancer/port-mappings.ts';
export {
  BALANCER,
  balancerOfInstance,
  instanceUuids,
  isOpencontrail,
  nodesOf,
  OPENCONTRAIL,
  preferences,
  proxiesOf,
} from './loadbalancer/proxies.ts';
export { FollowedGraph } from './followed-graph.ts';
export { linkTypes, type LinkType } from './link-type.ts';
export { addedTargets, nameKey, ObjectGraph, referredTo } from './object-graph.ts';
export {
  childTypes,
  commonProperties,
  isObjectTypeName,
  keyOf,
  objectType,
  objectTypes,
  referringTypes,
  subnetText,
  typeNames,
  type IpamSubnet,
  type ObjectType,
  type ObjectTypeName,
} from './object-type.ts';
export { Relation } from './relation.ts';
export {
  instanceName,
  routingInstanceSettings,
  type RoutingInstanceSettings,
} from './routing-instance-settings.ts';
export { concernedBy, linksInPart, machinesOfRouter, routerPart } from './router-part.ts';
export { flatSubnets, ownSubnets, subnetsOf, type NetworkSubnet } from './subnet.ts';
export { ToldGraph } from './told-graph.ts';
export { settingsChanges, type VirtualRouterChange } from './virtual-router-change.ts';
export {
  virtualRouterSettings,
  type FloatingIpSettings,
  type InterfaceSettings,
  type VirtualRouterSettings,
  type VrfSettings,
} from './virtual-router-settings.ts';
export { DEFAULT_SYSTEM, VirtualRouters, type RouterFollower } from './virtual-routers.ts';
export {
  writtenNode,
  type WrittenLink,
  type WrittenName,
  type WrittenNode,
  type WrittenProperty,
} from './written-object.ts';
