/** What a Kubernetes object was brought to: as much of it as says what is ours, and has to go with it. */
import type { ConfigEvent } from '@vaportrail/schema';
import { nameText, type ObjectName } from './mapping/desired-object.ts';
import { holds } from './property-value.ts';

/** A configuration object, without what the graph says of it as well. */
export interface AppliedObject extends ObjectName {
  readonly kept: boolean;
  /** Names of its properties. */
  readonly keys: readonly string[];
  /** UUIDs it was made to refer to. */
  readonly references: readonly string[];
}

/** The UUIDs of both ends. */
export interface AppliedLink {
  readonly from: string;
  readonly to: string;
}

export interface Applied {
  readonly objects: readonly AppliedObject[];
  readonly links: readonly AppliedLink[];
}

export const nothingApplied: Applied = { objects: [], links: [] };

/** What an object no longer has of what it had before. */
export interface Loss {
  readonly of: ObjectName & { readonly uuid: string };
  /** Names of properties that say something else. */
  readonly keys: readonly string[];
  /** UUIDs of what it does not refer to any more. */
  readonly references: readonly string[];
}

/** What an update took away; what it only added is no loss. */
export function lossOf({ object, before }: Extract<ConfigEvent, { type: 'updated' }>): Loss | undefined {
  const keys = Object.entries(before.properties)
    .filter(([key, value]) => {
      const now = object.properties[key];
      return now !== value && value !== null && !holds(now, value);
    })
    .map(([key]) => key);
  const references = Object.entries(before.references).flatMap(([type, list]) => {
    const now = object.references[type as keyof typeof object.references];
    // Mostly one was added at the end of what may be a long list.
    if (list.every(({ uuid }, index) => now?.[index]?.uuid === uuid)) return [];
    const there = new Set(now?.map(({ uuid }) => uuid));
    return list.flatMap(({ uuid }) => (there.has(uuid) ? [] : uuid));
  });
  return keys.length === 0 && references.length === 0 ? undefined : { of: object, keys, references };
}

/** Whether what an object lost is ours. */
export function isHitBy({ objects, links }: Applied, { of, keys, references }: Loss): boolean {
  const name = nameText(of);
  const mine = objects.find((object) => object.type === of.type && nameText(object) === name);
  return (
    mine?.keys.some((key) => keys.includes(key)) === true ||
    mine?.references.some((uuid) => references.includes(uuid)) === true ||
    links.some(({ from, to }) => from === of.uuid && references.includes(to))
  );
}
