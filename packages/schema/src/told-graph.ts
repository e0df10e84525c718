/**
 * The configuration as it is told node by node and link by link. Nodes and links come in any order; a link counts when
 * both of its ends are there, and what no row knows is kept apart and counts for nothing.
 */
import type { ConfigEvent, Configuration } from './config-event.ts';
import type { ConfigObject, Reference } from './config-object.ts';
import { linkTypes, type LinkType } from './link-type.ts';
import { FollowedGraph } from './followed-graph.ts';
import type { ObjectGraph } from './object-graph.ts';
import { isObjectTypeName, type ObjectTypeName } from './object-type.ts';
import { Relation } from './relation.ts';
import {
  readAttribute,
  readNode,
  writtenName,
  type ReadNode,
  type WrittenLink,
  type WrittenName,
  type WrittenNode,
} from './written-object.ts';

/** Nodes and links that are kept at the most. A node of ten thousand workloads has a tenth of it. */
const MAX_TOLD = 1_000_000;

/** A node between the ends of a link has these and no others. */
const ENDS_OF_BETWEEN = 2;

interface ToldNode {
  readonly node: WrittenNode;
  /** Undefined for a type that is none: what stands between the ends of a link, or is not known here. */
  readonly read: ReadNode | undefined;
  generation: number;
}

interface ToldLink {
  readonly link: WrittenLink;
  readonly ends: readonly [string, string];
  generation: number;
}

/** One for an agent; between two sessions it keeps what it was told. */
export class ToldGraph implements Configuration {
  readonly #objects: FollowedGraph;
  readonly #nodes = new Map<string, ToldNode>();
  readonly #links = new Map<string, ToldLink>();
  /** Keys of links by the key of either end. */
  readonly #linksOf = new Relation();
  /** UUIDs of the objects that were made of nodes. */
  readonly #made = new Map<string, string>();
  #generation = 0;

  /** @param failed is told what a follower threw */
  constructor(failed: (error: unknown) => void) {
    this.#objects = new FollowedGraph(failed);
  }

  /** The objects as far as they were told. */
  get graph(): ObjectGraph {
    return this.#objects.graph;
  }

  /** Nodes and links. */
  get size(): number {
    return this.#nodes.size + this.#links.size;
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#objects.follow(changed);
  }

  /** Somebody else begins to tell everything: what is there stays until {@link sweep}. */
  renew(): void {
    this.#generation++;
  }

  /** Takes away what was not told since {@link renew}. @returns how many nodes and links that were */
  sweep(): number {
    const isOld = ({ generation }: ToldNode | ToldLink): boolean => generation < this.#generation;
    const links = [...this.#links.values()].filter(isOld).map(({ link }) => link);
    const nodes = [...this.#nodes.values()].filter(isOld).map(({ node }) => node);
    this.remove([...links, ...nodes]);
    return links.length + nodes.length;
  }

  /** Takes nodes and links that are new or changed. @returns what is wrong with what could not be used */
  put(told: readonly (WrittenNode | WrittenLink)[]): string[] {
    const problems: string[] = [];
    const touched = new Set<string>();
    for (const one of told) {
      if (this.size >= MAX_TOLD) {
        problems.push(`more than ${MAX_TOLD} nodes and links`);
        break;
      }
      if (one.kind === 'node') problems.push(...this.#putNode(one, touched));
      else this.#putLink(one, touched);
    }
    this.#assemble(touched);
    return problems;
  }

  /** Takes away nodes and links; one that is not there is no matter. The links of a node go with it. */
  remove(gone: readonly (WrittenNode | WrittenLink)[]): void {
    const touched = new Set<string>();
    for (const one of gone) {
      if (one.kind === 'link') this.#removeLink(linkKey(one), touched);
      else {
        const key = nodeKey(one);
        for (const link of this.#linksOf.of(key)) this.#removeLink(link, touched);
        if (this.#nodes.delete(key)) touched.add(key);
      }
    }
    this.#assemble(touched);
  }

  #putNode(node: WrittenNode, touched: Set<string>): readonly string[] {
    const { type, name, properties } = node;
    const read = isObjectTypeName(type) ? readNode(type, name, properties) : undefined;
    const key = nodeKey(node);
    const before = this.#nodes.get(key);
    this.#nodes.set(key, { node, read, generation: this.#generation });
    touched.add(key);
    // Others refer to it by its UUID, or through what it says.
    const links = this.#linksOf.count(key);
    if (read !== undefined ? before?.read?.uuid !== read.uuid : links === ENDS_OF_BETWEEN)
      this.#touchAround(key, touched);
    return read?.problems ?? [];
  }

  #putLink(link: WrittenLink, touched: Set<string>): void {
    const key = linkKey(link);
    const before = this.#links.get(key);
    if (before !== undefined) {
      before.generation = this.#generation;
      return;
    }
    const ends = [nodeKey(link.ends[0]), nodeKey(link.ends[1])] as const;
    this.#links.set(key, { link, ends, generation: this.#generation });
    for (const end of ends) this.#linksOf.add(end, key);
    this.#touchEnds(link, ends, touched);
  }

  #removeLink(key: string, touched: Set<string>): void {
    const told = this.#links.get(key);
    if (told === undefined) return;
    this.#touchEnds(told.link, told.ends, touched);
    this.#links.delete(key);
    for (const end of told.ends) this.#linksOf.delete(end, key);
  }

  /** The ends of a link, and those beyond an end that stands between two others. */
  #touchEnds(link: WrittenLink, ends: readonly [string, string], touched: Set<string>): void {
    for (const [index, end] of ends.entries()) {
      touched.add(end);
      if (isBetween(link.ends[index]!) && this.#linksOf.count(end) <= ENDS_OF_BETWEEN + 1)
        this.#touchAround(end, touched);
    }
  }

  #touchAround(key: string, touched: Set<string>): void {
    for (const link of this.#linksOf.of(key)) for (const end of this.#links.get(link)!.ends) touched.add(end);
  }

  /** Makes the objects of nodes anew, and tells which have changed. */
  #assemble(touched: ReadonlySet<string>): void {
    for (const key of touched) {
      const told = this.#nodes.get(key);
      const object = told?.read === undefined ? undefined : this.#object(key, told.node, told.read);
      const before = this.#made.get(key);
      if (before !== undefined && before !== object?.uuid) {
        this.#made.delete(key);
        const found = this.graph.get(before);
        // Another node may claim the same UUID.
        if (found !== undefined && nodeKey(writtenName(found)) === key) this.#objects.lose(before);
      }
      if (object === undefined) continue;
      this.#made.set(key, object.uuid);
      this.#objects.take(object);
    }
  }

  #object(key: string, { type, name }: WrittenNode, read: ReadNode): ConfigObject {
    let parent: ConfigObject['parent'];
    const references: Partial<Record<ObjectTypeName, Reference[]>> = {};
    for (const at of this.#linksOf.of(key)) {
      const found = this.#target(key, type as ObjectTypeName, this.#links.get(at)!);
      if (found === undefined) continue;
      const { link, uuid, attr } = found;
      if (link.kind === 'parent') parent = { type: link.to, uuid };
      else (references[link.to] ??= []).push({ uuid, attr });
    }
    for (const list of Object.values(references)) list.sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
    return {
      type: type as ObjectTypeName,
      uuid: read.uuid,
      fqName: name.split(':'),
      parent,
      properties: read.properties,
      references,
      idPerms: read.idPerms,
    };
  }

  /** Where a link leads that an object holds; `undefined` when the other end holds it or is not there. */
  #target(
    key: string,
    type: ObjectTypeName,
    { link, ends }: ToldLink,
  ): { readonly link: LinkType; readonly uuid: string; readonly attr: unknown } | undefined {
    const linkType = linkTypes.get(link.metadata);
    if (linkType?.from !== type) return undefined;
    const other = ends[0] === key ? ends[1] : ends[0];
    const end = this.#nodes.get(other);
    if (end === undefined) return undefined;
    if (end.node.type === linkType.name && isBetween(end.node)) {
      if (this.#linksOf.count(other) !== ENDS_OF_BETWEEN) return undefined;
      const attr = readAttribute(linkType, end.node.properties);
      for (const at of this.#linksOf.of(other)) {
        for (const far of this.#links.get(at)!.ends) {
          const beyond = this.#nodes.get(far);
          if (far !== key && beyond?.node.type === linkType.to && beyond.read !== undefined)
            return { link: linkType, uuid: beyond.read.uuid, attr: attr ?? null };
        }
      }
      return undefined;
    }
    // Between two of one type the first refers to the second.
    if (end.node.type !== linkType.to || end.read === undefined) return undefined;
    if (linkType.from === linkType.to && ends[0] !== key) return undefined;
    return { link: linkType, uuid: end.read.uuid, attr: null };
  }
}

/** Whether a node of this name says something of two others. */
function isBetween({ type }: WrittenName): boolean {
  return linkTypes.get(type)?.hasAttribute === true;
}

function nodeKey({ type, name }: WrittenName): string {
  return `${type} ${name}`;
}

function linkKey({ ends, metadata }: WrittenLink): string {
  // Which end stands first does not matter, but between two of one type.
  const [first, second] = ends.map(nodeKey) as [string, string];
  const swap = ends[0].type !== ends[1].type && first > second;
  return `${metadata}\n${swap ? second : first}\n${swap ? first : second}`;
}
