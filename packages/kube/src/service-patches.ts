/**
 * Patches that bring a Service to what is known of it: one at a time for each path, the latest counts, and one that the
 * API server could not take just now is sent again.
 */
import { systemClock, type Clock } from '@vaportrail/net';
import { silentLog, type Log } from '@vaportrail/show';
import { KubernetesApiError, type KubernetesApi } from './kubernetes-api.ts';

/** Milliseconds before a patch is sent again, at first and at most. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;

export class ServicePatches {
  readonly #api: KubernetesApi;
  readonly #log: Log;
  readonly #clock: Clock;
  /** By path: what is to be said there, of which the last one sent may be under way. */
  readonly #wanted = new Map<string, object>();

  constructor(
    api: KubernetesApi,
    { log = silentLog, clock = systemClock }: { log?: Log; clock?: Clock } = {},
  ) {
    this.#api = api;
    this.#log = log;
    this.#clock = clock;
  }

  /** Sends it, after the one that is under way if there is one; takes the place of those not sent yet. */
  send(path: string, patch: object): void {
    const isIdle = !this.#wanted.has(path);
    this.#wanted.set(path, patch);
    if (isIdle) void this.#attempt(path, 0);
  }

  async #attempt(path: string, failures: number): Promise<void> {
    const patch = this.#wanted.get(path)!;
    try {
      await this.#api.request('PATCH', path, {}, patch);
    } catch (error) {
      const { message } = error as Error;
      if (mayPass(error)) {
        const wait = Math.max(Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT), askedWait(error));
        this.#log.warn({}, `${path}: ${message}; trying again in ${Math.ceil(wait / 1000)} s`);
        this.#clock.after(wait, () => void this.#attempt(path, failures + 1));
        return;
      }
      this.#log.warn({}, `${path}: ${message}`);
    }
    if (this.#wanted.get(path) === patch) this.#wanted.delete(path);
    else void this.#attempt(path, 0);
  }
}

/** No answer, too many requests, a server in trouble, somebody else writing at the same time. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof KubernetesApiError)) return false;
  const { status } = error;
  return status === undefined || status === 409 || status === 429 || status >= 500;
}

/** Milliseconds that the server asks us to wait. */
function askedWait(error: unknown): number {
  return error instanceof KubernetesApiError ? (error.retryAfter ?? 0) : 0;
}
