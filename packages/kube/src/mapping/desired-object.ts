/** What the mapping yields: configuration objects by name, in the order in which they can be created. */
import type { ObjectTypeName } from '@vaportrail/schema';

export interface ObjectName {
  readonly type: ObjectTypeName;
  readonly fqName: readonly string[];
  /** Given where the name or others depend on it; the database chooses one otherwise. */
  readonly uuid?: string;
}

export interface DesiredReference extends ObjectName {
  readonly attr?: unknown;
}

export interface DesiredObject extends ObjectName {
  readonly parent?: ObjectName;
  /** Properties that are ours; what others (allocation, drivers, people) set besides stays. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** References that must be there; those that others add stay. */
  readonly references: readonly DesiredReference[];
  /** It outlives the Kubernetes object that needed it: domain, global objects. */
  readonly kept?: boolean;
}

/** A reference of an object that many Kubernetes objects share, e.g. a virtual-router and its virtual-machines. */
export interface DesiredLink {
  readonly from: ObjectName;
  readonly to: ObjectName;
}

/** Something an operator should know about a Kubernetes object; warnings become events on it. */
export interface Note {
  readonly level: 'info' | 'warning';
  /** One word for machines, e.g. `NoFloatingIpPool`. */
  readonly reason: string;
  readonly message: string;
}

/** All that one Kubernetes object needs. */
export interface Desired {
  readonly objects: readonly DesiredObject[];
  readonly links: readonly DesiredLink[];
  readonly notes: readonly Note[];
}

export const nothingDesired: Desired = { objects: [], links: [], notes: [] };

/** A text for an object name, the same for the same type and name only. */
export function nameText({ type, fqName }: ObjectName): string {
  return `${type} ${fqName.join(':')}`;
}

/** The annotations that say for which Kubernetes object a configuration object is, in Contrail's order. */
export function annotationsOf(words: Readonly<Record<string, string>>): {
  key_value_pair: { key: string; value: string }[];
} {
  return { key_value_pair: Object.entries(words).map(([key, value]) => ({ key, value })) };
}
