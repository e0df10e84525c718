/** What somebody asks for, as a change from one state of an object to another: checked against its type and the graph. */
import {
  checkedAttr,
  checkedFqName,
  checkedProperties,
  ConfigRequestError,
  newUuid,
  objectType,
  type ConfigObject,
  type IdPerms,
  type ObjectGraph,
  type ObjectTypeName,
  type Reference,
} from '@vaportrail/schema';
import type { ObjectWrite } from './write-rule.ts';

export interface NewObject {
  readonly uuid?: string;
  readonly fqName: readonly string[];
  readonly parent?: { readonly type: ObjectTypeName; readonly uuid: string };
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly references?: Partial<Record<ObjectTypeName, readonly Reference[]>>;
}

export interface ObjectChange {
  /** Replaces the named properties; `null` removes one. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Replaces all references to the named types. */
  readonly references?: Partial<Record<ObjectTypeName, readonly Reference[]>>;
}

export interface ReferenceChange {
  readonly target: ObjectTypeName;
  readonly uuid: string;
  readonly operation: 'ADD' | 'DELETE';
  readonly attr: unknown;
}

/** Decides on a graph as it is then, and may be asked again when another config node was faster. */
export type RequestedWrite = (graph: ObjectGraph) => ObjectWrite;

/**
 * @throws ConfigRequestError 400 for a name or property that is wrong; the write itself: 400 for a wrong parent or
 * reference, 404 for one that does not exist, 409 for a name or UUID that is taken
 */
export function creation(type: ObjectTypeName, given: NewObject): RequestedWrite {
  const fqName = checkedFqName(given.fqName);
  const properties = checkedProperties(type, given.properties ?? {});
  const uuid = given.uuid ?? newUuid();
  const idPerms = newIdPerms();
  return (graph) => {
    if (graph.get(uuid) !== undefined) throw new ConfigRequestError(409, `the UUID ${uuid} is taken`);
    if (graph.byName(type, fqName) !== undefined)
      throw new ConfigRequestError(409, `${type}s "${fqName.join(':')}" already exists`);
    const parent = checkedParent(graph, type, given.parent);
    const references = checkedReferences(graph, type, given.references ?? {});
    return { after: { type, uuid, fqName, parent, properties, references, idPerms } };
  };
}

/** The write throws ConfigRequestError 400 for a wrong property or reference, 404 for what does not exist. */
export function update(type: ObjectTypeName, uuid: string, change: ObjectChange): RequestedWrite {
  return (graph) => {
    const before = graph.known(type, uuid);
    const after = {
      ...before,
      properties: changedProperties(before, change.properties),
      references: { ...before.references, ...checkedReferences(graph, type, change.references ?? {}) },
      idPerms: { ...before.idPerms, last_modified: newIdPerms().last_modified },
    };
    return { before, after };
  };
}

/** Adds or removes one reference; adding one that is there replaces its attribute. */
export function referenceUpdate(
  type: ObjectTypeName,
  uuid: string,
  { target, uuid: targetUuid, operation, attr }: ReferenceChange,
): RequestedWrite {
  return (graph) => {
    const before = graph.known(type, uuid);
    const others = (before.references[target] ?? []).filter((reference) => reference.uuid !== targetUuid);
    // Those that are there were checked when they came: an object may have very many.
    const added = operation === 'ADD' ? [{ uuid: targetUuid, attr: attr ?? null }] : [];
    const { [target]: checked = [] } = checkedReferences(graph, type, { [target]: added });
    const references = { ...before.references, [target]: [...others, ...checked] };
    return { before, after: { ...before, references } };
  };
}

export function removal(type: ObjectTypeName, uuid: string): RequestedWrite {
  return (graph) => ({ before: graph.known(type, uuid) });
}

function checkedParent(
  graph: ObjectGraph,
  type: ObjectTypeName,
  parent: NewObject['parent'],
): ConfigObject['parent'] {
  const allowed = objectType(type).parents;
  if (parent === undefined) {
    if (allowed.length > 0)
      throw new ConfigRequestError(400, `a ${type} needs a parent: ${allowed.join(' or ')}`);
    return undefined;
  }
  if (!allowed.includes(parent.type))
    throw new ConfigRequestError(400, `a ${parent.type} is no parent for a ${type}`);
  const { uuid } = graph.known(parent.type, parent.uuid);
  return { type: parent.type, uuid };
}

function checkedReferences(
  graph: ObjectGraph,
  type: ObjectTypeName,
  references: NonNullable<NewObject['references']>,
): ConfigObject['references'] {
  const checked: Partial<Record<ObjectTypeName, readonly Reference[]>> = {};
  for (const [target, list] of Object.entries(references) as [ObjectTypeName, readonly Reference[]][]) {
    checked[target] = list.map((reference) => {
      // What it may refer to is said before whether that is there.
      const attr = checkedAttr(type, target, reference.attr);
      return { uuid: graph.known(target, reference.uuid).uuid, attr };
    });
  }
  return checked;
}

/** Those that are there were checked when they came. */
function changedProperties(
  { type, properties }: ConfigObject,
  changes: ObjectChange['properties'],
): ConfigObject['properties'] {
  if (changes === undefined) return properties;
  const changed = { ...properties, ...checkedProperties(type, changes) };
  for (const [key, value] of Object.entries(changes))
    if (value === undefined || value === null) delete changed[key];
  return changed;
}

/** Of an object made now; the same for all that are made in one millisecond. */
function newIdPerms(): IdPerms {
  const now = Date.now();
  if (now !== latest?.at) {
    // The time as Contrail writes it, without a zone.
    const time = new Date(now).toISOString().slice(0, -1);
    const idPerms = {
      enable: true,
      created: time,
      last_modified: time,
      user_visible: true,
      creator: null,
      description: null,
    };
    latest = { at: now, idPerms };
  }
  return latest.idPerms;
}

let latest: { readonly at: number; readonly idPerms: IdPerms } | undefined;
