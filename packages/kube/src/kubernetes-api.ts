/** The API server: requests with the credentials of a kubeconfig, and watches. */
import type { KubeConfig } from '@kubernetes/client-node';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { answerLines } from './answer-lines.ts';
import { KubernetesCredentials } from './kubernetes-credentials.ts';

/**
 * What went wrong: nobody answered; the server said no; what it said is not what was asked for; it broke off in the
 * middle of what was right so far.
 */
export type KubernetesApiFailure = 'unreachable' | 'refused' | 'garbled' | 'cut off';

/** Why a request came to nothing, with the URL in its message. */
export class KubernetesApiError extends Error {
  override readonly name = 'KubernetesApiError';
  readonly failure: KubernetesApiFailure;
  /** HTTP status; undefined when there was no whole answer. */
  readonly status: number | undefined;
  /** Milliseconds the server asks us to wait. */
  readonly retryAfter: number | undefined;

  constructor(failure: KubernetesApiFailure, message: string, status?: number, retryAfter?: number) {
    super(message);
    this.failure = failure;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A page of a list is 500 objects; nothing sensible is larger. */
const MAX_ANSWER_OCTETS = 64 * 1024 * 1024;
/** etcd takes no object of more than 1.5 MiB; a watch has one in a line. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds for an answer, whole; a watch has them until it begins. */
const ANSWER_TIMEOUT = 30_000;
/** Milliseconds that a watch may last longer than the server was asked to keep it. */
const WATCH_MARGIN = 30_000;
/** Milliseconds after which a silent connection is tried. */
const KEEP_ALIVE = 30_000;
/** Whoever asks us to wait longer is asked again all the same. */
const LONGEST_RETRY_AFTER = 60_000;

/** Parameters of a request; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** How patient a client is. */
export interface KubernetesApiOptions {
  /** Milliseconds for an answer. */
  readonly answerTimeout?: number;
}

/** One for a cluster; credentials are read anew for every request. */
export class KubernetesApi {
  readonly #credentials: KubernetesCredentials;
  readonly #answerTimeout: number;

  /** @throws Error when the configuration names no cluster */
  constructor(
    from: KubeConfig | KubernetesCredentials,
    { answerTimeout = ANSWER_TIMEOUT }: KubernetesApiOptions = {},
  ) {
    this.#credentials = from instanceof KubernetesCredentials ? from : new KubernetesCredentials(from);
    this.#answerTimeout = answerTimeout;
  }

  /** From a kubeconfig file; without one from `$KUBECONFIG`, the home folder, or the pod this runs in. */
  static from(file: string | undefined, options: KubernetesApiOptions = {}): KubernetesApi {
    return new KubernetesApi(KubernetesCredentials.from(file), options);
  }

  /** Its URL, for messages. */
  get server(): string {
    return this.#credentials.server;
  }

  /** @throws KubernetesApiError */
  async request(method: string, path: string, query: Query = {}, body?: unknown): Promise<unknown> {
    const deadline = new Deadline(this.#answerTimeout);
    try {
      const response = await this.#answer(method, path, query, deadline.signal, body);
      const text = await this.#text(path, response);
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw this.#error('garbled', path, 'the answer is not JSON', response.statusCode);
      }
    } finally {
      deadline.end();
    }
  }

  /**
   * Follows a list; `ended` comes once, with the error if it was one. The function it gives ends it early.
   *
   * The `Watch` of the client library forgets what a server that refuses it asks for, drops lines that are not JSON
   * without a word, and waits for ever for a server that does not answer.
   */
  watch(
    path: string,
    query: Query & { readonly timeoutSeconds: number },
    event: (type: string, object: unknown) => void,
    ended: (error: KubernetesApiError | undefined) => void,
  ): () => void {
    const deadline = new Deadline(this.#answerTimeout);
    const followed = async (): Promise<void> => {
      const response = await this.#answer('GET', path, { ...query, watch: true }, deadline.signal);
      deadline.extend(query.timeoutSeconds * 1000 + WATCH_MARGIN);
      response.setEncoding('utf8');
      try {
        for await (const line of answerLines(response as AsyncIterable<string>, MAX_LINE_CHARACTERS)) {
          if (deadline.isStopped) return;
          const { type, object } = this.#event(path, line);
          event(type, object);
        }
      } catch (error) {
        if (error instanceof KubernetesApiError) throw error;
        const { message } = deadline.reason ?? (error as Error);
        throw this.#error('cut off', path, `the watch broke off: ${message}`);
      } finally {
        response.destroy();
      }
    };
    const done = (error?: KubernetesApiError): void => {
      if (!deadline.isStopped) ended(error);
      deadline.end();
    };
    followed().then(() => done(), done);
    return () => deadline.stop();
  }

  /** @throws KubernetesApiError garbled */
  #event(path: string, line: string): { readonly type: string; readonly object: unknown } {
    try {
      const { type, object } = JSON.parse(line) as { type?: unknown; object?: unknown };
      if (typeof type === 'string') return { type, object };
    } catch {
      // Said below.
    }
    throw this.#error('garbled', path, `the watch says what is no event: ${line.slice(0, 80)}`, 200);
  }

  /** An answer that is what was asked for, its body not yet read. @throws KubernetesApiError */
  async #answer(
    method: string,
    path: string,
    query: Query,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<IncomingMessage> {
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const options = await this.#credentials.options().catch((error: Error) => {
      throw new KubernetesApiError('unreachable', `${this.server}: no credentials: ${error.message}`);
    });
    const headers = { ...options.headers, accept: 'application/json', 'content-type': type };
    // The agent that comes with the credentials is one for TLS.
    const plain = url.protocol === 'http:';
    if (plain) delete options.agent;
    const send = plain ? httpRequest : httpsRequest;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(url, { ...options, method, headers, signal }, resolve);
      request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE));
      request.on('error', (error) =>
        reject(
          new KubernetesApiError('unreachable', this.#connectionProblem((signal.reason as Error) ?? error)),
        ),
      );
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw this.#refusal(path, response, await this.#text(path, response));
  }

  /** @throws KubernetesApiError */
  async #text(path: string, response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let octets = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        octets += chunk.length;
        if (octets > MAX_ANSWER_OCTETS) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#error('unreachable', path, `the answer broke off: ${(error as Error).message}`);
    }
    if (octets > MAX_ANSWER_OCTETS)
      throw this.#error('garbled', path, `an answer beyond ${MAX_ANSWER_OCTETS} octets`, response.statusCode);
    return Buffer.concat(chunks).toString();
  }

  #refusal(path: string, { statusCode, headers }: IncomingMessage, text: string): KubernetesApiError {
    let said: string | undefined;
    try {
      said = (JSON.parse(text) as { message?: string }).message;
    } catch {
      // A proxy in between answers as it likes.
    }
    let message = said ?? `status ${statusCode}`;
    if (statusCode === 401) {
      message += `: ${this.#credentials.problem ?? 'are the credentials still good?'}`;
      this.#credentials.renew();
    } else if (statusCode === 403) message += ' (are the rights of the account those of deploy/kubernetes?)';
    return this.#error('refused', path, message, statusCode, retryAfter(headers['retry-after']));
  }

  #error(
    failure: KubernetesApiFailure,
    path: string,
    message: string,
    status?: number,
    wait?: number,
  ): KubernetesApiError {
    return new KubernetesApiError(failure, `${this.server}${path}: ${message}`, status, wait);
  }

  #connectionProblem(error: Error): string {
    const code = String((error as { readonly code?: unknown }).code ?? '');
    if (code === 'ECONNREFUSED') return `${this.server}: connection refused`;
    if (code === 'CERT_HAS_EXPIRED') return `${this.server}: its certificate has expired`;
    if (!code.includes('ALERT') && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
      return `${this.server}: its certificate is not trusted (${code})`;
    // Servers hang up on a certificate that is over, with or without a word.
    const { problem } = this.#credentials;
    return `${this.server}: ${error.message}${problem === undefined ? '' : `; ${problem}`}`;
  }
}

/** When an answer has to be there; it can be put off and called off. */
class Deadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(milliseconds: number) {
    this.#timer = this.#in(milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): Error | undefined {
    return this.signal.reason as Error | undefined;
  }

  /** Whether nobody wants the answer any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  extend(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = this.#in(milliseconds);
  }

  stop(): void {
    this.#isStopped = true;
    this.end();
    this.#controller.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #in(milliseconds: number): NodeJS.Timeout {
    const late = new Error(`no answer within ${milliseconds / 1000} s`);
    return setTimeout(() => this.#controller.abort(late), milliseconds);
  }
}

/** Milliseconds, from seconds or a date. @see RFC 9110 §10.2.3 */
function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER);
}
