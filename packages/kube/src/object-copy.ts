/** The objects of one kind as an API server told them, each as far as it matters. */
import type { Log } from '@vaportrail/show';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { keyOf } from './cluster.ts';
import { kinds, type Kind, type KubernetesObject } from './kubernetes-object.ts';

const versioned = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const named = z.object({ metadata: z.object({ name: z.string(), namespace: z.string().optional() }) });

/** What a whole list changed. */
export interface ListOutcome {
  readonly gone: readonly string[];
  readonly news: readonly KubernetesObject[];
}

export class ObjectCopy {
  readonly #kind: Kind;
  readonly #log: Log;
  #objects = new Map<string, KubernetesObject>();

  constructor(kind: Kind, log: Log) {
    this.#kind = kind;
    this.#log = log;
  }

  /**
   * An object as the server writes it, or that of the copy where it is the same. One that is wrong is told, its key
   * added to the unreadable ones.
   */
  read(item: unknown, unreadable: Set<string>): KubernetesObject | undefined {
    const result = kinds[this.#kind].schema.safeParse(item);
    if (result.success) return this.#same({ kind: this.#kind, object: result.data } as KubernetesObject);
    const key = this.#keyOf(item);
    if (key !== undefined) unreadable.add(key);
    const problems = result.error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; ');
    this.#log.warn({}, `${key ?? this.#kind}: ${problems}`);
    return undefined;
  }

  /** Takes in all there is; what could not be read stays as it last was. */
  replace(all: ReadonlyMap<string, KubernetesObject>, unreadable: ReadonlySet<string>): ListOutcome {
    const before = this.#objects;
    const gone: string[] = [];
    this.#objects = new Map(all);
    for (const [key, one] of before) {
      if (all.has(key)) continue;
      if (unreadable.has(key)) this.#objects.set(key, one);
      else gone.push(key);
    }
    return { gone, news: [...all].flatMap(([key, one]) => (before.get(key) === one ? [] : one)) };
  }

  /** Takes in one that came or changed; `undefined` for one that cannot be read, which stays as it was. */
  put(item: unknown): KubernetesObject | undefined {
    const one = this.read(item, new Set());
    if (one !== undefined) this.#objects.set(keyOf(one), one);
    return one;
  }

  /** Lets go of one; its key, if it was there. */
  remove(item: unknown): string | undefined {
    const key = this.#keyOf(item);
    return key !== undefined && this.#objects.delete(key) ? key : undefined;
  }

  /** Whether an object is the one of the copy, or changed after a version. */
  agrees(item: unknown, version: string): boolean {
    const changed = versionOf(item);
    if (changed === undefined || isBefore(version, changed)) return true;
    const result = kinds[this.#kind].schema.safeParse(item);
    if (!result.success) return true;
    const one = { kind: this.#kind, object: result.data } as KubernetesObject;
    return this.#same(one) !== one;
  }

  #same(one: KubernetesObject): KubernetesObject {
    const present = this.#objects.get(keyOf(one));
    return present !== undefined && isDeepStrictEqual(present, one) ? present : one;
  }

  #keyOf(item: unknown): string | undefined {
    const { success, data } = named.safeParse(item);
    if (!success) return undefined;
    const object = { metadata: { ...data.metadata, labels: {}, annotations: {} } };
    return keyOf({ kind: this.#kind, object } as unknown as KubernetesObject);
  }
}

export function versionOf(item: unknown): string | undefined {
  return versioned.safeParse(item).data?.metadata.resourceVersion;
}

/** Whether a version is older. Kubernetes has them as numbers that grow; of anything else nothing is said. */
export function isBefore(version: string | undefined, other: string): boolean {
  const isNumber = (text: string): boolean => /^\d{1,20}$/.test(text);
  return version !== undefined && isNumber(version) && isNumber(other) && BigInt(version) < BigInt(other);
}
