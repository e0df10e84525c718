/** What is looked at besides a Service to map it. */
import type { ObjectName } from './desired-object.ts';
import type { BackendSet } from './endpoints.ts';
import type { Namespace, Pod } from '../kubernetes-object.ts';

export interface ServiceSurroundings {
  readonly namespace: Namespace | undefined;
  readonly backends: readonly BackendSet[];
  /** The pod of the namespace with a name, or the one with an address. */
  pod(name: string | undefined, address: string): Pod | undefined;
  /** The address a floating IP of that name has, if it is there. */
  addressOf(floatingIp: ObjectName): string | undefined;
  /** Whether there is a floating-IP pool of that name. */
  hasPool(pool: ObjectName): boolean;
  /** Whether the network of a pool has a route target; gateways import nothing otherwise. */
  hasRouteTarget(pool: ObjectName): boolean;
}
