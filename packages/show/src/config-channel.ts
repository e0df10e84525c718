/**
 * How a daemon gets configuration from a config node: a stream of JSON lines over HTTP that begins with everything and
 * goes on with changes. When it breaks it is asked for again, so that nothing is missed; meanwhile what was told stays.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { FetchViewError } from './client.ts';
import { silentLog, type Log } from './log.ts';

/** Milliseconds until the first new attempt, and at the most; each takes twice as long to come. */
const FIRST_RETRY = 250;
const LAST_RETRY = 5000;
/** Without a line or a heartbeat for so many milliseconds the stream is dead. */
const SILENCE = 30_000;
/** A line is no longer than this. */
const MAX_LINE_CHARACTERS = 64 * 1024 * 1024;

const nodeUrl = z.string().regex(/^https?:\/\/[^\s/]+\/?$/, { error: 'must be http://HOST:PORT' });

/** Where the config node is: `http://127.0.0.1:8082`, or that and its bearer token. */
export const configNodeAddress = z
  .union([nodeUrl, z.strictObject({ url: nodeUrl, token: z.string().min(1).optional() })])
  .transform((given): ConfigNodeAddress => (typeof given === 'string' ? { url: given } : given));

export interface ConfigNodeAddress {
  readonly url: string;
  readonly token?: string | undefined;
}

/** How the channel is, for views. */
export interface ConfigChannelView {
  readonly url: string;
  readonly state: 'following' | 'waiting';
  /** Why it is waiting, or what could not be used of what was told. */
  readonly lastError?: string;
}

export interface JsonLinesOptions {
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
  readonly silence?: number;
}

/**
 * The lines of one answer, each parsed, until the answer ends. Empty lines are heartbeats and are not told.
 * @throws FetchViewError naming the address: not there, refused, fallen silent, or not JSON
 */
export async function* jsonLines(url: string, options: JsonLinesOptions): AsyncGenerator<unknown> {
  const { token, signal, silence = SILENCE } = options;
  const stream = new AbortController();
  const timer = setTimeout(() => stream.abort(new Error('it fell silent')), silence);
  try {
    const response = await fetch(url, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, stream.signal]),
    });
    if (!response.ok || response.body === null) {
      const { error } = (await response.json().catch(() => ({}))) as { error?: unknown };
      const because = typeof error === 'string' ? error : `it answered ${response.status}`;
      throw new FetchViewError(`${url}: ${because}`, response.status);
    }
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      if (rest.length > MAX_LINE_CHARACTERS) throw new Error('a line is too long');
      for (const line of lines) if (line !== '') yield JSON.parse(line) as unknown;
    }
  } catch (error) {
    if (error instanceof FetchViewError) throw error;
    const { message, cause } = error as Error;
    const because = cause instanceof Error ? cause.message : message;
    throw new FetchViewError(`${url}: ${because}`, undefined, error);
  } finally {
    clearTimeout(timer);
    stream.abort();
  }
}

export class ConfigChannel {
  readonly #address: ConfigNodeAddress;
  readonly #path: string;
  readonly #told: (line: unknown, first: boolean) => void;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #following: Promise<void> | undefined;
  #state: ConfigChannelView['state'] = 'waiting';
  #lastError: string | undefined;

  /**
   * @param path of the stream, e.g. `/watch/routing-instances`
   * @param told gets every line, and whether it is the first of a stream; what it throws is shown and logged, and what was told before stays
   */
  constructor(
    address: ConfigNodeAddress,
    path: string,
    told: (line: unknown, first: boolean) => void,
    { log = silentLog }: { readonly log?: Log } = {},
  ) {
    this.#address = address;
    this.#path = path;
    this.#told = told;
    this.#log = log;
  }

  /** Asks for the stream, and goes on asking. Does nothing while it runs. */
  start(): void {
    this.#following ??= this.#follow();
  }

  /** Ends when nothing will be told any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  get view(): ConfigChannelView {
    const lastError = this.#lastError;
    return { url: this.#address.url, state: this.#state, ...(lastError !== undefined && { lastError }) };
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    const url = this.#address.url.replace(/\/$/, '') + this.#path;
    for (let retry = FIRST_RETRY; !signal.aborted; retry = Math.min(retry * 2, LAST_RETRY)) {
      let first = true;
      try {
        for await (const line of jsonLines(url, { token: this.#address.token, signal })) {
          if (signal.aborted) return;
          if (this.#state === 'waiting') this.#log.info({ url }, 'config node follows');
          this.#state = 'following';
          retry = FIRST_RETRY;
          this.#tell(line, first);
          first = false;
        }
        throw new Error(`${url}: the stream ended`);
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        // An hour of the same is one line.
        if (this.#state === 'following' || this.#lastError !== message)
          this.#log.warn({ because: message }, 'no config node; what it told stays');
        this.#state = 'waiting';
        this.#lastError = message;
        await delay(retry, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  #tell(line: unknown, first: boolean): void {
    try {
      this.#told(line, first);
      this.#lastError = undefined;
    } catch (error) {
      this.#lastError = (error as Error).message;
      this.#log.error({ err: error }, 'what the config node told cannot be used');
    }
  }
}
