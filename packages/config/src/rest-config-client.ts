/**
 * The configuration of a config node in another process, in the same shape as the database itself: a copy of all
 * objects that follows the node's, and writes that go over its API. A write is answered when the copy has it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConfigRequestError,
  CopiedGraph,
  keyOf,
  type ConfigEvent,
  type ConfigObject,
  type ObjectGraph,
  type ObjectLine,
  type ObjectTypeName,
} from '@vaportrail/schema';
import { jsonLines, silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from './config-client.ts';
import type { NewObject, ObjectChange } from './requested-write.ts';

/** Milliseconds between attempts to reach a config node that went away. */
const RETRY = 500;
/** Milliseconds for an answer. */
const ANSWER_TIMEOUT = 30_000;
/** Says how far the copy must be to have what was just written. */
export const SEQUENCE_HEADER = 'vaportrail-sequence';

export interface RestConfigClientOptions {
  readonly token?: string;
  readonly log?: Log;
}

export class RestConfigClient implements ConfigClient {
  /** Each write has a request of its own, and requests overtake each other. */
  readonly inOrder = false;
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #log: Log;
  readonly #copied: CopiedGraph;
  readonly #closing = new AbortController();
  #sequence = -1;
  #waiting: { readonly sequence: number; readonly resolve: () => void }[] = [];

  private constructor(url: string, { token, log = silentLog }: RestConfigClientOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#log = log;
    this.#copied = new CopiedGraph((error) => log.error({ error }, 'a follower of the configuration failed'));
  }

  /**
   * Ends when the copy is complete; from then on a config node that goes away is waited for.
   * @throws Error when the config node cannot be reached or refuses
   */
  static async open(url: string, options: RestConfigClientOptions = {}): Promise<RestConfigClient> {
    const client = new RestConfigClient(url, options);
    await new Promise<void>((resolve, reject) => {
      void client.#copy(resolve).catch((error: unknown) => {
        client.close();
        reject(error as Error);
      });
    });
    return client;
  }

  get graph(): ObjectGraph {
    return this.#copied.graph;
  }

  /** Ends the stream and every request. The copy stays as it is. */
  close(): void {
    this.#closing.abort();
    this.#copied.close();
    for (const { resolve } of this.#waiting) resolve();
  }

  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#copied.follow(changed);
  }

  /** From the copy. @throws ConfigRequestError 404 */
  get(type: ObjectTypeName, uuid: string): ConfigObject {
    return this.graph.known(type, uuid);
  }

  /** From the copy. @throws ConfigRequestError 404 */
  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject {
    return this.graph.named(type, fqName);
  }

  /** Yields the object as the node made it. @throws ConfigRequestError as the config node says, 503 when it does not answer */
  async create(type: ObjectTypeName, given: NewObject): Promise<ConfigObject> {
    const { parent } = given;
    const answer = await this.#ask('POST', `/${type}s`, {
      [type]: {
        fq_name: given.fqName,
        ...(given.uuid === undefined ? {} : { uuid: given.uuid }),
        ...(parent === undefined ? {} : { parent_type: parent.type, parent_uuid: parent.uuid }),
        ...contentOf(given),
      },
    });
    return this.get(type, (answer[type] as { uuid: string }).uuid);
  }

  /** Yields the object as it is then. @throws ConfigRequestError as the config node says, 503 when it does not answer */
  async update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject> {
    await this.#ask('PUT', `/${type}/${uuid}`, { [type]: contentOf(change) });
    return this.get(type, uuid);
  }

  /** Adds or removes one reference and leaves the others as they are. @throws ConfigRequestError as the config node says, 503 when it does not answer */
  async changeReference(
    type: ObjectTypeName,
    uuid: string,
    target: ObjectTypeName,
    targetUuid: string,
    operation: 'ADD' | 'DELETE',
    attr: unknown,
  ): Promise<ConfigObject> {
    const body = { type, uuid, 'ref-type': target, 'ref-uuid': targetUuid, operation, attr: attr ?? null };
    await this.#ask('POST', '/ref-update', body);
    return this.get(type, uuid);
  }

  /** Yields the object as it was. @throws ConfigRequestError as the config node says, 503 when it does not answer */
  async delete(type: ObjectTypeName, uuid: string): Promise<ConfigObject> {
    const before = this.graph.get(uuid);
    await this.#ask('DELETE', `/${type}/${uuid}`);
    if (before === undefined) throw new ConfigRequestError(404, `no ${type} had the UUID ${uuid}`);
    return before;
  }

  /** @throws ConfigRequestError as the config node says, 503 when it does not answer */
  async #ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#url + path, {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_TIMEOUT)]),
      });
      text = await response.text();
    } catch (error) {
      throw new ConfigRequestError(503, `${this.#url} does not answer: ${causeText(error)}`);
    }
    const answer = parsed(text);
    if (answer === undefined)
      throw new ConfigRequestError(503, `${this.#url} answered ${response.status} with what is not JSON`);
    if (!response.ok) throw refusal(response.status, answer);
    await this.#reached(Number(response.headers.get(SEQUENCE_HEADER)));
    return answer;
  }

  /** Waits until the copy is as far as the config node was. */
  async #reached(sequence: number): Promise<void> {
    if (this.#sequence >= sequence) return;
    await new Promise<void>((resolve) => this.#waiting.push({ sequence, resolve }));
  }

  /** Follows the stream, again and again until the client is closed; `complete` is called after the first time. */
  async #copy(complete: () => void): Promise<void> {
    for (let first = true; !this.#closing.signal.aborted;) {
      try {
        await this.#readStream(() => {
          first = false;
          complete();
        });
        throw new Error('the stream ended');
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (first) throw error;
        this.#log.warn({ url: this.#url, because: causeText(error) }, 'lost the config node');
        await delay(RETRY, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }

  async #readStream(complete: () => void): Promise<void> {
    const lines = jsonLines(`${this.#url}/watch/objects`, {
      token: this.#token,
      signal: this.#closing.signal,
    });
    let first = true;
    for await (const line of lines) {
      const said = line as ObjectLine;
      this.#copied.take(said, first);
      first = false;
      if (said.type === 'current') {
        this.#sequence = said.sequence;
        // A config node that started anew counts anew: whoever waited has what there is.
        this.#wake(Infinity);
        complete();
        continue;
      }
      if (said.sequence !== undefined && this.#sequence >= 0) {
        this.#sequence = said.sequence;
        this.#wake(said.sequence);
      }
    }
  }

  #wake(sequence: number): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((one) => one.sequence <= sequence);
    this.#waiting = this.#waiting.filter((one) => one.sequence > sequence);
    for (const { resolve } of ready) resolve();
  }
}

/** Properties and references as the API takes them. */
function contentOf({ properties, references }: ObjectChange): Record<string, unknown> {
  const links = Object.entries(references ?? {}).map(([target, list]) => [`${keyOf(target)}_refs`, list]);
  return { ...properties, ...Object.fromEntries(links) };
}

/** The object an answer holds; an empty one stands for one without keys. */
function parsed(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(status: number, { error }: Record<string, unknown>): Error {
  const message = typeof error === 'string' ? error : `the config node answered ${status}`;
  return status === 400 || status === 404 || status === 409 || status === 503
    ? new ConfigRequestError(status, message)
    : new Error(message);
}

/** What `fetch` hides behind "fetch failed". */
function causeText(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
