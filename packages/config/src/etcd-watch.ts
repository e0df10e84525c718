/**
 * A watch on etcd that knows how far it is. The client's own goes on from the revision of the last header, which is ahead
 * of the events while it catches up; here the next revision follows from the events themselves, so that nothing is lost
 * however often the connection is. What cannot be had any more (compacted, or another history) is said as missed.
 */
import type { Etcd3, IWatchResponse, Watcher } from 'etcd3';

/** Milliseconds before a watch that ended is taken up again, at first and at most. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2000;

export interface EtcdWatchHandlers {
  changed(events: IWatchResponse['events']): void;
  /** Changes went by unseen; those from now on are heard. */
  missed(): void;
}

export class EtcdWatch {
  readonly #client: Etcd3;
  readonly #prefix: string;
  readonly #handlers: EtcdWatchHandlers;
  #watcher: Watcher | undefined;
  /** All changes before this revision were heard; `undefined` where that cannot be said. */
  #next: number | undefined;
  #wait = FIRST_WAIT;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(client: Etcd3, prefix: string, handlers: EtcdWatchHandlers) {
    this.#client = client;
    this.#prefix = prefix;
    this.#handlers = handlers;
  }

  /** Ends when changes from now on are heard. */
  static async open(client: Etcd3, prefix: string, handlers: EtcdWatchHandlers): Promise<EtcdWatch> {
    const watch = new EtcdWatch(client, prefix, handlers);
    await new Promise<void>((resolve) => watch.#begin(resolve));
    return watch;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #begin(connected: () => void): void {
    const builder = this.#client.watch().prefix(this.#prefix);
    if (this.#next !== undefined) builder.startRevision(String(this.#next));
    const watcher = builder.watcher();
    this.#watcher = watcher;
    watcher.on('connected', ({ header }) => {
      const revision = Number(header.revision);
      // An etcd that is not as far as it was has another history: revisions of ours would be waited for in silence.
      if (this.#next !== undefined && revision < this.#next - 1) return this.#again(undefined, connected);
      const isBehind = this.#next === undefined;
      this.#next ??= revision + 1;
      if (isBehind) connected();
    });
    watcher.on('data', ({ header, events }) => {
      this.#wait = FIRST_WAIT;
      this.#next = Number(events.at(-1)?.kv.mod_revision ?? header.revision) + 1;
      if (events.length > 0) this.#handlers.changed(events);
    });
    watcher.on('disconnected', () => this.#again(this.#next, connected));
    // Compacted, or refused.
    watcher.on('error', () => this.#again(undefined, connected));
  }

  #again(next: number | undefined, connected: () => void): void {
    if (this.#stopped) return;
    this.#drop();
    const isGone = this.#next !== undefined && next === undefined;
    this.#next = next;
    const then = isGone ? () => this.#handlers.missed() : connected;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(then), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #drop(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.removeAllListeners();
    // It may end with an error still; without a listener the process would end.
    watcher?.on('error', () => {});
    void watcher?.cancel().catch(() => {});
  }
}
