/** The API server: requests with the credentials of a kubeconfig, and watches. */
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

/** An answer that is not what was asked for, or none at all. */
export class KubernetesApiError extends Error {
  override readonly name = 'KubernetesApiError';
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Milliseconds the server asks us to wait. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status?: number, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A page of a list is 500 objects; nothing sensible is larger. */
const MAX_ANSWER_OCTETS = 64 * 1024 * 1024;
const ANSWER_TIMEOUT = 30_000;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export class KubernetesApi {
  readonly #config: KubeConfig;
  readonly #watch: Watch;
  readonly server: string;

  /** @throws Error when the configuration names no cluster */
  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no cluster: it has no current context');
    this.#config = config;
    this.#watch = new Watch(config);
    this.server = cluster.server;
  }

  /** From a kubeconfig file; without one from `$KUBECONFIG`, the home folder, or the pod this runs in. */
  static from(file: string | undefined): KubernetesApi {
    const config = new KubeConfig();
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
    return new KubernetesApi(config);
  }

  /** @throws KubernetesApiError */
  async request(method: string, path: string, query: Query = {}, body?: unknown): Promise<unknown> {
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const options: RequestOptions = { method, headers: { accept: 'application/json', 'content-type': type } };
    await this.#config.applyToHTTPSOptions(options);
    // The agent that comes with the credentials is one for TLS.
    const plain = url.protocol === 'http:';
    if (plain) delete options.agent;
    const send = plain ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(new KubernetesApiError(connectionProblem(this.server, error)));
      const request = send(url, { ...options, timeout: ANSWER_TIMEOUT }, (response) => {
        const chunks: Buffer[] = [];
        let octets = 0;
        response.on('error', fail);
        response.on('data', (chunk: Buffer) => {
          octets += chunk.length;
          if (octets > MAX_ANSWER_OCTETS)
            request.destroy(new Error(`an answer beyond ${MAX_ANSWER_OCTETS} octets`));
          else chunks.push(chunk);
        });
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString();
          let value: unknown;
          try {
            value = JSON.parse(text);
          } catch {
            if (status < 300) return fail(new Error(`${path}: the answer is not JSON`));
          }
          if (status >= 200 && status < 300) return resolve(value);
          const seconds = Number(response.headers['retry-after']);
          const message = (value as { message?: string } | undefined)?.message ?? `status ${status}`;
          reject(
            new KubernetesApiError(
              `${this.server}${path}: ${message}`,
              status,
              Number.isFinite(seconds) ? seconds * 1000 : undefined,
            ),
          );
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_TIMEOUT / 1000} s`)));
      request.on('error', fail);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Follows a list; `ended` comes once, with the error if it was one. The function it gives ends it early. */
  watch(
    path: string,
    query: Query,
    event: (type: string, object: unknown) => void,
    ended: (error: KubernetesApiError | undefined) => void,
  ): () => void {
    let stopped = false;
    let abort: (() => void) | undefined;
    const done = (error: unknown): void => {
      if (stopped) return;
      stopped = true;
      ended(error === null || error === undefined ? undefined : this.#watchError(path, error));
    };
    this.#watch
      .watch(
        path,
        { ...query },
        (type: string, object: unknown) => void (stopped || event(type, object)),
        done,
      )
      .then((controller) => {
        abort = () => controller.abort();
        if (stopped) controller.abort();
      }, done);
    return () => {
      stopped = true;
      abort?.();
    };
  }

  #watchError(path: string, error: unknown): KubernetesApiError {
    const { statusCode, message } = error as Error & { statusCode?: number };
    if (statusCode !== undefined)
      return new KubernetesApiError(`${this.server}${path}: ${message}`, statusCode);
    return new KubernetesApiError(connectionProblem(this.server, error as Error));
  }
}

function connectionProblem(server: string, error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'CERT_HAS_EXPIRED') return `${server}: its certificate has expired`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return `${server}: its certificate is not trusted (${code})`;
  if (code === 'ECONNREFUSED') return `${server}: connection refused`;
  return `${server}: ${error.message}`;
}
