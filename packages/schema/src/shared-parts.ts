/**
 * What many objects say alike, kept once. An object of the configuration is small, and most of it is what others say as
 * well: for whom it was made, which network it is in, when it came.
 */
import { RecentMap } from '@vaportrail/net';
import type { ConfigObject, IdPerms, Reference } from './config-object.ts';
import type { ObjectTypeName } from './object-type.ts';

/** Parts of each kind that are remembered: objects that come together are alike. */
const RECENT = 4096;
/** Characters of a value that is worth looking up. */
const LONGEST = 1024;
/** References of one type that are worth looking up: what has more, as nodes have workloads, shares them with few. */
const MANY = 8;

type Parent = NonNullable<ConfigObject['parent']>;
type References = ConfigObject['references'];
type Annotations = { readonly key_value_pair: readonly Pair[] };

interface Pair {
  readonly key: string;
  readonly value: string;
}

const noReferences: References = Object.freeze({});

export class SharedParts {
  readonly #parents = new RecentMap<string, Parent>(RECENT);
  readonly #values = new RecentMap<string, object>(RECENT);
  readonly #pairs = new RecentMap<string, Pair>(RECENT);
  readonly #references = new RecentMap<string, Reference>(RECENT);
  readonly #idPerms = new RecentMap<string, IdPerms>(RECENT);
  #latest: IdPerms | undefined;

  /**
   * The same object, made of parts that are there already: its JSON stays what it was, letter for letter. What it has of
   * the one it replaces is shared as it is.
   */
  of(object: ConfigObject, parent: ConfigObject | undefined, before?: ConfigObject): ConfigObject {
    const { type, uuid, fqName, properties, references, idPerms } = object;
    return {
      type,
      uuid,
      fqName: fqName === before?.fqName ? fqName : nameBelow(parent, fqName),
      parent: object.parent && remembered(this.#parents, object.parent.uuid, object.parent),
      properties:
        properties === before?.properties ? properties : this.#properties(properties, before?.properties),
      references:
        references === before?.references ? references : this.#allReferences(references, before?.references),
      idPerms: this.#idPermsOf(idPerms),
    };
  }

  /** What was written in one go says the same of itself. */
  #idPermsOf(idPerms: IdPerms): IdPerms {
    if (idPerms !== this.#latest) this.#latest = remembered(this.#idPerms, JSON.stringify(idPerms), idPerms);
    return this.#latest;
  }

  #properties(
    properties: ConfigObject['properties'],
    before: ConfigObject['properties'] | undefined,
  ): ConfigObject['properties'] {
    const shared: Record<string, unknown> = {};
    for (const key in properties) {
      const value = properties[key];
      const isNew = typeof value === 'object' && value !== null && value !== before?.[key];
      shared[key] = isNew ? this.#value(key, value) : value;
    }
    return shared;
  }

  #value(key: string, value: object): object {
    const text = JSON.stringify(value);
    if (text.length > LONGEST) return value;
    const known = this.#values.get(text);
    if (known !== undefined) return known;
    const shared = key === 'annotations' ? this.#annotations(value as Annotations) : value;
    this.#values.set(text, shared);
    return shared;
  }

  /** Most pairs are those of the cluster or the namespace, and few are the object's own. */
  #annotations({ key_value_pair: pairs }: Annotations): Annotations {
    return { key_value_pair: pairs.map((pair) => remembered(this.#pairs, JSON.stringify(pair), pair)) };
  }

  #allReferences(references: References, before: References | undefined): References {
    const lists = Object.entries(references) as [ObjectTypeName, readonly Reference[]][];
    if (lists.length === 0) return noReferences;
    const shared: Partial<Record<ObjectTypeName, readonly Reference[]>> = {};
    for (const [type, list] of lists)
      shared[type] =
        list.length > MANY || list === before?.[type]
          ? list
          : list.map((reference) => this.#reference(reference));
    return shared;
  }

  #reference(reference: Reference): Reference {
    return reference.attr === null ? remembered(this.#references, reference.uuid, reference) : reference;
  }
}

function remembered<V extends object>(known: RecentMap<string, V>, text: string, value: V): V {
  const before = known.get(text);
  if (before !== undefined) return before;
  known.set(text, value);
  return value;
}

/** A name whose first parts are those of the parent, as almost all names are. */
function nameBelow(parent: ConfigObject | undefined, fqName: readonly string[]): readonly string[] {
  const above = parent?.fqName ?? [];
  if (!above.every((part, at) => part === fqName[at])) return fqName;
  return above.concat(fqName.slice(above.length));
}
