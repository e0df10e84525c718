/**
 * One kind of object, listed and followed. It goes on whatever the API server does: a watch that ends is taken up where
 * it ended, one whose history is gone (410) is listed anew, and errors are waited out longer and longer.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import { silentLog, type Log } from '@vaportrail/show';
import { z } from 'zod';
import { keyOf } from './cluster.ts';
import { KubernetesApiError, type KubernetesApi, type Query } from './kubernetes-api.ts';
import { kinds, type Kind, type KubernetesObject } from './kubernetes-object.ts';

/** Objects per page of a list. */
const PAGE = 500;
/** Seconds after which the server may end a watch. */
const WATCH_SECONDS = 300;
/** Milliseconds to wait after the first failure, and at most. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 30_000;
/** A watch that lasted so many milliseconds was a good one. */
const GOOD_WATCH = 5000;
/** Milliseconds until a kind the server does not know is asked for again. */
const UNKNOWN_KIND_WAIT = 60_000;
/** A list of more pages than this (two million objects) is none. */
const MAX_PAGES = 4000;
/** After so many watches in a row that the server ended at once somebody is told. */
const SHORT_WATCHES = 5;

const listAnswer = z.object({
  metadata: z.object({ resourceVersion: z.string().optional(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});
const versioned = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const status = z.object({ code: z.number().optional(), message: z.string().optional() });

export interface WatchHandlers {
  put(one: KubernetesObject): void;
  remove(key: string): void;
  /** The first list is complete, or the server does not know the kind. */
  listed(): void;
}

export interface WatchOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  /** From 0 to 1, so that many watches do not come back at once. */
  readonly random?: () => number;
}

export class ResourceWatch {
  readonly kind: Kind;
  readonly #api: KubernetesApi;
  /** Where the kind may be, newest first; older servers have it in an older version only. */
  readonly #paths: readonly string[];
  #at = 0;
  readonly #handlers: WatchHandlers;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Keys of the objects that are there. */
  #present = new Set<string>();
  #version = '';
  #failures = 0;
  /** Watches in a row that were short. */
  #short = 0;
  #listed = false;
  #stopped = false;
  #timer: Timer | undefined;
  #endWatch: (() => void) | undefined;

  constructor(kind: Kind, api: KubernetesApi, handlers: WatchHandlers, options: WatchOptions = {}) {
    this.kind = kind;
    this.#api = api;
    this.#paths = pathsOf(kind);
    this.#handlers = handlers;
    this.#log = (options.log ?? silentLog).child({ kind });
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  get #path(): string {
    return this.#paths[this.#at]!;
  }

  /** The URL, for messages. */
  get #where(): string {
    return `${this.#api.server}${this.#path}`;
  }

  start(): void {
    void this.#list();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#endWatch?.();
  }

  async #list(): Promise<void> {
    const found = new Map<string, KubernetesObject>();
    const unreadable = new Set<string>();
    let next: string | undefined;
    try {
      for (let pages = 1; ; pages++) {
        const page = await this.#page({ limit: PAGE, continue: next });
        if (this.#stopped) return;
        for (const item of page.items ?? []) {
          const one = this.#read(item, unreadable);
          if (one !== undefined) found.set(keyOf(one), one);
        }
        this.#version = page.metadata.resourceVersion ?? '';
        const before = next;
        next = page.metadata.continue === '' ? undefined : page.metadata.continue;
        if (next === undefined) break;
        if (next === before || pages === MAX_PAGES) throw this.#garbled('the list does not end');
      }
    } catch (error) {
      this.#failed(error as KubernetesApiError, () => void this.#list());
      return;
    }
    // One that cannot be read now stays what it last was.
    for (const key of this.#present) if (!found.has(key) && !unreadable.has(key)) this.#handlers.remove(key);
    const kept = [...this.#present].filter((key) => unreadable.has(key));
    for (const one of found.values()) this.#handlers.put(one);
    this.#present = new Set([...found.keys(), ...kept]);
    this.#done();
    this.#follow();
  }

  /** @throws KubernetesApiError */
  async #page(query: Query): Promise<z.output<typeof listAnswer>> {
    const page = listAnswer.safeParse(await this.#api.request('GET', this.#path, query));
    if (!page.success) throw this.#garbled('the answer is no list');
    return page.data;
  }

  #garbled(message: string): KubernetesApiError {
    return new KubernetesApiError('garbled', `${this.#api.server}${this.#path}: ${message}`, 200);
  }

  #done(): void {
    if (this.#listed) return;
    this.#listed = true;
    this.#handlers.listed();
  }

  #follow(): void {
    if (this.#stopped) return;
    const begun = this.#clock.now();
    let broken: KubernetesApiError | undefined;
    const query = {
      resourceVersion: this.#version,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
    };
    const ended = (error: KubernetesApiError | undefined): void => {
      this.#endWatch = undefined;
      if (this.#stopped) return;
      const problem = broken ?? error;
      const lasted = this.#clock.now() - begun;
      if (lasted >= GOOD_WATCH) this.#failures = 0;
      this.#short = lasted >= GOOD_WATCH ? 0 : this.#short + 1;
      if (this.#short === SHORT_WATCHES)
        this.#log.warn({ lasted }, `${this.#where} is ended again and again; nothing is lost by it`);
      // The server ends watches as it likes; one that lasted to its end is followed by the next.
      if (problem === undefined && lasted >= GOOD_WATCH) this.#follow();
      else if (problem === undefined || problem.failure === 'cut off') {
        // Only one that ended at once is made to wait.
        this.#later(lasted >= FIRST_WAIT ? 0 : this.#wait(), () => void this.#resume());
      } else if (problem.status === 410) {
        this.#log.info({}, `${this.#where}: the history is gone; listing again`);
        this.#later(this.#wait(), () => void this.#list());
      } else {
        // After a time without an answer, or one that makes no sense, nothing is certain but the whole list.
        this.#failed(problem, () => void this.#list());
      }
    };
    this.#endWatch = this.#api.watch(
      this.#path,
      query,
      (type, object) => {
        if (broken !== undefined) return;
        if (type === 'ERROR') {
          const { code, message } = status.safeParse(object).data ?? {};
          const said = `${this.#where}: ${message ?? 'the watch failed'}`;
          broken = new KubernetesApiError('refused', said, code ?? 500);
          return;
        }
        this.#event(type, object);
      },
      ended,
    );
  }

  /**
   * Goes on after a watch that ended before its time: the server may have been started anew, and one that is not as far
   * as it was, such as from a backup, would not tell anything before it is there again.
   */
  async #resume(): Promise<void> {
    try {
      const { metadata } = await this.#page({ limit: 1 });
      if (this.#stopped) return;
      if (!isBefore(metadata.resourceVersion, this.#version)) return this.#follow();
      this.#log.warn({}, `${this.#where}: the server has another history; listing again`);
      await this.#list();
    } catch (error) {
      this.#failed(error as KubernetesApiError, () => void this.#list());
    }
  }

  #event(type: string, object: unknown): void {
    const version = versioned.safeParse(object);
    if (version.success) this.#version = version.data.metadata.resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') {
      const key = this.#keyOf(object);
      if (key === undefined || !this.#present.delete(key)) return;
      this.#handlers.remove(key);
      return;
    }
    if (type !== 'ADDED' && type !== 'MODIFIED') {
      this.#log.warn({}, `${this.#where}: an event of an unknown type "${type.slice(0, 80)}"`);
      return;
    }
    const one = this.#read(object, new Set());
    if (one === undefined) return;
    this.#present.add(keyOf(one));
    this.#handlers.put(one);
  }

  /** An object as far as it matters; one that is wrong is told and left as it was. */
  #read(item: unknown, unreadable: Set<string>): KubernetesObject | undefined {
    const result = kinds[this.kind].schema.safeParse(item);
    if (result.success) return { kind: this.kind, object: result.data } as KubernetesObject;
    const key = this.#keyOf(item);
    if (key !== undefined) unreadable.add(key);
    const problems = result.error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; ');
    this.#log.warn({}, `${key ?? this.kind}: ${problems}`);
    return undefined;
  }

  #keyOf(item: unknown): string | undefined {
    const named = z
      .object({ metadata: z.object({ name: z.string(), namespace: z.string().optional() }) })
      .safeParse(item);
    if (!named.success) return undefined;
    const object = { metadata: { ...named.data.metadata, labels: {}, annotations: {} } };
    return keyOf({ kind: this.kind, object } as unknown as KubernetesObject);
  }

  #failed(error: KubernetesApiError, again: () => void): void {
    if (this.#stopped) return;
    if (error.status === 404) {
      // In which version it is may change with the server's.
      this.#at = (this.#at + 1) % this.#paths.length;
      if (this.#at > 0) {
        this.#log.info(
          { path: this.#path },
          'the server does not have this version: asking for an older one',
        );
        void this.#list();
        return;
      }
      if (!this.#listed) this.#log.info({}, 'the server does not have this kind');
      this.#done();
      this.#later(UNKNOWN_KIND_WAIT, again);
      return;
    }
    const wait = Math.max(this.#wait(), error.retryAfter ?? 0);
    const waits = this.#listed ? '' : `; nothing is written before all of ${this.kind} is known`;
    this.#log.warn(
      { status: error.status, wait },
      `${error.message}; trying again in ${Math.ceil(wait / 1000)} s${waits}`,
    );
    this.#later(wait, again);
  }

  #wait(): number {
    const wait = Math.min(FIRST_WAIT * 2 ** this.#failures, LONGEST_WAIT);
    this.#failures = Math.min(this.#failures + 1, 20);
    return Math.round(wait * (0.75 + this.#random() / 2));
  }

  #later(wait: number, then: () => void): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(wait, then);
  }
}

/** Whether a version is older. Kubernetes has them as numbers that grow; of anything else nothing is said. */
function isBefore(version: string | undefined, other: string): boolean {
  const isNumber = (text: string): boolean => /^\d{1,20}$/.test(text);
  return version !== undefined && isNumber(version) && isNumber(other) && BigInt(version) < BigInt(other);
}

/** `/api/v1/services`; `/apis/discovery.k8s.io/v1/endpointslices` and that of `v1beta1` */
function pathsOf(kind: Kind): string[] {
  const row: { apiVersion: string; olderVersions?: readonly string[]; plural: string } = kinds[kind];
  return [row.apiVersion, ...(row.olderVersions ?? [])].map(
    (version) => `/${version.includes('/') ? 'apis' : 'api'}/${version}/${row.plural}`,
  );
}
