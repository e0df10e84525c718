/**
 * What one agent is told of the configuration: the part that its virtual router may see, as nodes and links. Only what
 * differs from what it was told before is pushed: nodes before the links between them, links before the nodes that go.
 * An agent that does not read is told nothing meanwhile, and then the difference to what there is by then.
 */
import {
  linksInPart,
  machinesOfRouter,
  routerPart,
  writtenNode,
  type ConfigObject,
  type ObjectGraph,
  type WrittenLink,
  type WrittenNode,
} from '@vaportrail/schema';
import { configObjectText, configStanza } from '@vaportrail/xmpp';

/** Characters of objects in one push. Agents of ours take a MiB, deployed ones set no limit. */
const PUSH_CHARACTERS = 64 * 1024;
/** An object that is longer than this is not told: it would cost the agent its session, again and again. */
export const MAX_OBJECT_CHARACTERS = 256 * 1024;

/** The agent, as far as configuration is concerned. */
export interface ConfiguredPeer {
  readonly name: string;
  /** It does not read what it was sent; {@link ConfigServer.drained} is what ends that. */
  readonly isCongested: boolean;
  /** @returns whether the session still takes something */
  push(stanza: Buffer): boolean;
  /** Tells that something was left out. */
  dropped(item: string, because: string): void;
}

/** A step from what was told to what is to be told. */
interface Change {
  readonly section: 'updates' | 'deletes';
  readonly text: string;
  readonly done: () => void;
}

/** What an agent is to be told, by keys that are the same for what has the same name. */
interface Wanted {
  readonly nodes: Map<string, WrittenNode | ConfigObject>;
  readonly links: Map<string, WrittenLink>;
}

/** Texts of objects, which all agents share. */
const texts = new WeakMap<ConfigObject, string>();

/** One for each agent that has subscribed to its virtual router, for as long as that holds. */
export class ConfigSubscriber {
  readonly peer: ConfiguredPeer;
  /** The whole name of its virtual router. */
  readonly router: readonly string[];
  /** Workloads that were plugged in there, by UUID. */
  readonly machines = new Set<string>();
  /** UUIDs such that something else may have to be told when one of these objects changes. */
  seen: ReadonlySet<string> = new Set();
  #isSubscribed = true;
  /** Texts of nodes it was told of. */
  readonly #nodes = new Map<string, string>();
  readonly #links = new Map<string, WrittenLink>();
  readonly #tooLong = new Set<string>();

  constructor(peer: ConfiguredPeer, router: readonly string[]) {
    this.peer = peer;
    this.router = router;
    // As if it had been told of the router: then it is told when there is none, and need not wait.
    this.#nodes.set(`virtual-router ${router.join(':')}`, '');
  }

  /** Takes back everything with the next push. */
  unsubscribe(): void {
    this.#isSubscribed = false;
  }

  /** Until {@link unsubscribe}. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** Nodes and links it was told of. */
  get told(): { readonly nodes: number; readonly links: number } {
    return { nodes: this.#nodes.size, links: this.#links.size };
  }

  /** Pushes what has changed, as long as the agent reads. @returns whether it has been told everything */
  push(graph: ObjectGraph): boolean {
    let updates: string[] = [];
    let deletes: string[] = [];
    let done: (() => void)[] = [];
    let characters = 0;
    const send = (): boolean => {
      if (done.length === 0) return true;
      if (!this.peer.push(configStanza(this.router.join(':'), { updates, deletes }))) return false;
      for (const each of done) each();
      [updates, deletes, done, characters] = [[], [], [], 0];
      return true;
    };
    for (const change of this.#changes(this.#wanted(graph))) {
      if (characters + change.text.length > PUSH_CHARACTERS && !send()) return false;
      if (characters === 0 && this.peer.isCongested) return false;
      (change.section === 'updates' ? updates : deletes).push(change.text);
      done.push(change.done);
      characters += change.text.length;
    }
    return send();
  }

  #wanted(graph: ObjectGraph): Wanted {
    const nodes = new Map<string, WrittenNode | ConfigObject>();
    const links = new Map<string, WrittenLink>();
    const router = this.#isSubscribed ? graph.byName('virtual-router', this.router) : undefined;
    if (router === undefined) {
      this.seen = new Set(this.machines);
      return { nodes, links };
    }
    const machines = machinesOfRouter(router, this.machines, graph);
    const part = routerPart(router, machines, graph);
    this.seen = new Set([...part.keys(), ...this.machines]);
    for (const object of part.values()) nodes.set(`${object.type} ${object.fqName.join(':')}`, object);
    for (const object of part.values()) {
      for (const one of linksInPart(object, part, machines, graph)) {
        if (one.kind === 'node') nodes.set(`${one.type} ${one.name}`, one);
        else links.set(linkKey(one), one);
      }
    }
    return { nodes, links };
  }

  *#changes({ nodes, links }: Wanted): IterableIterator<Change> {
    for (const [key, node] of nodes) {
      const text = nodeText(node);
      if (this.#nodes.get(key) === text) continue;
      if (text.length > MAX_OBJECT_CHARACTERS) {
        this.#leaveOut(key, text.length);
        continue;
      }
      yield { section: 'updates', text, done: () => this.#nodes.set(key, text) };
    }
    for (const [key, link] of links) {
      if (this.#links.has(key)) continue;
      yield { section: 'updates', text: configObjectText(link), done: () => this.#links.set(key, link) };
    }
    for (const [key, link] of this.#links) {
      if (links.has(key)) continue;
      yield { section: 'deletes', text: configObjectText(link), done: () => this.#links.delete(key) };
    }
    for (const key of this.#nodes.keys()) {
      if (nodes.has(key)) continue;
      const space = key.indexOf(' ');
      const [type, name] = [key.slice(0, space), key.slice(space + 1)];
      const text = configObjectText({ kind: 'node', type, name, properties: [] });
      yield { section: 'deletes', text, done: () => this.#nodes.delete(key) };
    }
  }

  #leaveOut(key: string, length: number): void {
    if (this.#tooLong.has(key)) return;
    this.#tooLong.add(key);
    this.peer.dropped(key, `${length} characters of configuration are more than an agent takes`);
  }
}

function nodeText(node: WrittenNode | ConfigObject): string {
  if ('kind' in node) return configObjectText(node);
  let text = texts.get(node);
  if (text === undefined) texts.set(node, (text = configObjectText(writtenNode(node))));
  return text;
}

function linkKey({ metadata, ends: [first, second] }: WrittenLink): string {
  return `${metadata}\n${first.type} ${first.name}\n${second.type} ${second.name}`;
}
