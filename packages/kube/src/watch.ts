/**
 * One kind of object, listed and followed. It goes on whatever the API server does: a watch that ends is taken up where
 * it ended, one whose history is gone (410) is listed anew, and errors are waited out longer and longer. Now and then
 * everything is listed and compared, because a server may have another history and not say so.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import { silentLog, type Log } from '@vaportrail/show';
import { z } from 'zod';
import { keyOf } from './cluster.ts';
import { KubernetesApiError, type KubernetesApi, type Query } from './kubernetes-api.ts';
import { kinds, type Kind, type KubernetesObject } from './kubernetes-object.ts';
import { isBefore, ObjectCopy, versionOf } from './object-copy.ts';

/** Objects per page of a list. */
const PAGE = 500;
/** Seconds after which the server may end a watch. */
const WATCH_SECONDS = 300;
/** Milliseconds to wait after the first failure, at most, and at most for a server that is not there: it is restarted. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 30_000;
const LONGEST_ABSENCE = 5000;
/** Milliseconds after which a watch that ends is followed by a list instead of a watch. */
const RESYNC = 600_000;
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
const status = z.object({ code: z.number().optional(), message: z.string().optional() });

/** Who hears of the objects of a kind. */
export interface WatchHandlers {
  /** An object is new, or another than it was. */
  put(one: KubernetesObject): void;
  /** An object is gone. @param key as `keyOf` makes it */
  remove(key: string): void;
  /** The first list is complete, or the server does not know the kind. */
  listed(): void;
}

/** What surrounds a watch. */
export interface WatchOptions {
  readonly log?: Log;
  /** By its chance many watches do not come back at once. */
  readonly clock?: Clock;
}

/** One for each kind, from {@link ResourceWatch.start} to {@link ResourceWatch.stop}. */
export class ResourceWatch {
  readonly kind: Kind;
  readonly #api: KubernetesApi;
  /** Where the kind may be, newest first; older servers have it in an older version only. */
  readonly #paths: readonly string[];
  #at = 0;
  readonly #handlers: WatchHandlers;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #copy: ObjectCopy;
  #version = '';
  /** Lists in a row that failed. */
  #failures = 0;
  /** Watches in a row that were short. */
  #short = 0;
  #listed = false;
  /** When the last list was complete. */
  #listedAt = 0;
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
    this.#copy = new ObjectCopy(kind, this.#log);
  }

  get #path(): string {
    return this.#paths[this.#at]!;
  }

  /** The URL, for messages. */
  get #where(): string {
    return `${this.#api.server}${this.#path}`;
  }

  /** Lists the objects, then follows them. */
  start(): void {
    void this.#list();
  }

  /** Follows them no longer; nothing is told after this. */
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
          const one = this.#copy.read(item, unreadable);
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
    const { gone, news } = this.#copy.replace(found, unreadable);
    for (const key of gone) this.#handlers.remove(key);
    for (const one of news) this.#handlers.put(one);
    this.#failures = 0;
    this.#listedAt = this.#clock.now();
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
      const now = this.#clock.now();
      const lasted = now - begun;
      this.#short = lasted >= GOOD_WATCH ? 0 : this.#short + 1;
      if (this.#short === SHORT_WATCHES)
        this.#log.warn({ lasted }, `${this.#where} is ended again and again; nothing is lost by it`);
      const sinceList = now - this.#listedAt;
      // The server ends watches as it likes; one that lasted to its end is followed by the next.
      if (problem === undefined && lasted >= GOOD_WATCH) {
        if (sinceList >= RESYNC) void this.#list();
        else this.#follow();
      } else if (problem === undefined || problem.failure === 'cut off') {
        // Only one that ended at once is made to wait.
        this.#later(lasted >= FIRST_WAIT ? 0 : this.#wait(this.#short), () => void this.#resume());
      } else if (problem.status === 410) {
        this.#log.info({}, `${this.#where}: the history is gone; listing again`);
        // Only a server that says so of its own list is made to wait for.
        this.#later(sinceList >= GOOD_WATCH ? 0 : this.#wait(this.#short), () => void this.#list());
      } else {
        // After a time without an answer, or one that makes no sense, nothing is certain but the whole list.
        this.#failed(problem, () => void this.#list(), this.#short);
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
   * Goes on after a watch that ended before its time: the server may have been started anew, or be another behind the
   * same address. One that is not as far as it was, such as from a backup, would not tell anything before it is there
   * again; one that is further would leave out what it has had differently all along.
   */
  async #resume(): Promise<void> {
    try {
      const { metadata, items } = await this.#page({ limit: 1 });
      if (this.#stopped) return;
      const isBehind = isBefore(metadata.resourceVersion, this.#version);
      if (!isBehind && (items ?? []).every((item) => this.#copy.agrees(item, this.#version)))
        return this.#follow();
      this.#log.warn({}, `${this.#where}: the server has another history; listing again`);
      await this.#list();
    } catch (error) {
      this.#failed(error as KubernetesApiError, () => void this.#list());
    }
  }

  #event(type: string, object: unknown): void {
    this.#version = versionOf(object) ?? this.#version;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') {
      const key = this.#copy.remove(object);
      if (key !== undefined) this.#handlers.remove(key);
      return;
    }
    if (type !== 'ADDED' && type !== 'MODIFIED') {
      this.#log.warn({}, `${this.#where}: an event of an unknown type "${type.slice(0, 80)}"`);
      return;
    }
    const one = this.#copy.put(object);
    if (one !== undefined) this.#handlers.put(one);
  }

  #failed(error: KubernetesApiError, again: () => void, failures = ++this.#failures): void {
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
    const longest = error.failure === 'unreachable' ? LONGEST_ABSENCE : LONGEST_WAIT;
    const wait = Math.max(this.#wait(failures, longest), error.retryAfter ?? 0);
    const waits = this.#listed ? '' : `; nothing is written before all of ${this.kind} is known`;
    this.#log.warn(
      { status: error.status, wait },
      `${error.message}; trying again in ${Math.ceil(wait / 1000)} s${waits}`,
    );
    this.#later(wait, again);
  }

  /** Milliseconds to wait after so many failures in a row. */
  #wait(failures: number, longest = LONGEST_WAIT): number {
    const wait = Math.min(FIRST_WAIT * 2 ** (failures - 1), longest);
    return Math.round(wait * (0.75 + this.#clock.random() / 2));
  }

  #later(wait: number, then: () => void): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(wait, then);
  }
}

/** `/api/v1/services`; `/apis/discovery.k8s.io/v1/endpointslices` and that of `v1beta1` */
function pathsOf(kind: Kind): string[] {
  const row: { apiVersion: string; olderVersions?: readonly string[]; plural: string } = kinds[kind];
  return [row.apiVersion, ...(row.olderVersions ?? [])].map(
    (version) => `/${version.includes('/') ? 'apis' : 'api'}/${version}/${row.plural}`,
  );
}
