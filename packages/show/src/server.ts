/**
 * The HTTP half of every daemon that shows its state: read-only views as JSON, and the few actions that change
 * something by POST; on loopback unless told otherwise.
 */
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import type { Log } from './log.ts';
import { silentLog } from './log.ts';
import { suggestion } from './suggestion.ts';

/** Thrown by a view to refuse a query; becomes `{ "error": … }` with this status. */
export class ViewError extends Error {
  override readonly name = 'ViewError';
  readonly status: number;

  constructor(status: 400 | 404 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** The parameters of a query; one given twice has its last value. */
export type Query = Readonly<Record<string, string | undefined>>;

/** A document that is not JSON, e.g. an introspect answer or a metrics page. */
export interface Page {
  readonly contentType: string;
  readonly body: string;
}

/** A document made piece by piece, as fast as the asker takes it: a dump of a table. */
export interface Stream {
  readonly contentType: string;
  readonly pieces: Iterable<Uint8Array>;
}

type Answer = (query: Query) => unknown;
type Act = (body: unknown) => unknown;

interface View {
  readonly answer: Answer;
  readonly parameters: readonly string[];
  readonly form: 'json' | 'page' | 'stream';
}

/** A browser or a script gets this long to send its request, in milliseconds. */
const REQUEST_TIMEOUT = 10_000;
/** The body of an action is no longer than this. */
const MAX_BODY_OCTETS = 64 * 1024;

/**
 * Serves views over HTTP. Answers: 200, 400 for a bad query or body, 404, 405 for a method that the path does not have, 413 and
 * 415 for bodies too long or not JSON, 500 for a fault.
 */
export class ViewServer {
  readonly #views = new Map<string, View>();
  readonly #actions = new Map<string, Act>();
  readonly #log: Log;
  readonly #server: Server;

  constructor(log: Log = silentLog) {
    this.#log = log;
    this.#server = createServer(
      { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
  }

  /**
   * Adds a view. `answer` may throw {@link ViewError}; what it returns (or resolves to) becomes the JSON body.
   * Queries with a parameter that is not among `parameters` are refused.
   */
  view(path: string, answer: Answer, parameters: readonly string[] = []): this {
    this.#views.set(path, { answer, parameters, form: 'json' });
    return this;
  }

  /**
   * Adds an action, asked for by POST with a JSON body. `act` gets the body unchecked; it throws {@link ViewError} to refuse.
   * The body must be declared `application/json`, which a page of another origin cannot do unasked.
   */
  action(path: string, act: Act): this {
    this.#actions.set(path, act);
    return this;
  }

  /**
   * Adds a view whose answer is a document with its own content type. A parameter that is not among `parameters` stands
   * for the one that has its place there, unless that is given too: those who ask are programs that were written for other
   * daemons, which take parameters in their order whatever they are called.
   */
  page(
    path: string,
    answer: (query: Query) => Page | Promise<Page>,
    parameters: readonly string[] = [],
  ): this {
    this.#views.set(path, { answer, parameters, form: 'page' });
    return this;
  }

  /** Adds a view whose answer is made while it is sent. */
  stream(path: string, answer: (query: Query) => Stream, parameters: readonly string[] = []): this {
    this.#views.set(path, { answer, parameters, form: 'stream' });
    return this;
  }

  /**
   * Begins to listen and yields where; port 0 takes any free port.
   * @throws Error naming the address when it is in use or not of this machine
   */
  listen({ address = '127.0.0.1', port = 0 }: { address?: string; port?: number } = {}): Promise<{
    address: string;
    port: number;
  }> {
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => {
        reject(
          new Error(`cannot serve views on ${address} port ${port}: ${listenProblem(error)}`, {
            cause: error,
          }),
        );
      };
      this.#server.once('error', refuse);
      this.#server.listen(port, address, () => {
        this.#server.off('error', refuse);
        resolve({ address, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  /** Where the views are, e.g. `http://127.0.0.1:8083`; undefined while not listening. */
  get url(): string | undefined {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return undefined;
    return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  /** Stops listening and ends every connection. Closing twice does nothing. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      let url: URL;
      try {
        url = new URL(request.url ?? '/', 'http://view');
      } catch {
        return sendJson(response, 400, { error: 'the request target is not a URL' });
      }
      const act = this.#actions.get(url.pathname);
      if (act !== undefined && request.method === 'POST') return await this.#act(act, request, response);
      const viewed = act === undefined || this.#views.has(url.pathname);
      if (!viewed || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.setHeader(
          'allow',
          [...(viewed ? ['GET', 'HEAD'] : []), ...(act ? ['POST'] : [])].join(', '),
        );
        const because = act === undefined ? 'views are read-only' : 'this is an action';
        return sendJson(response, 405, { error: `${request.method} is not supported: ${because}` });
      }
      if (url.pathname === '/') return sendJson(response, 200, { views: this.#index() });
      const view = this.#views.get(url.pathname);
      if (view === undefined) {
        const meant = suggestion(url.pathname, this.#views.keys());
        return sendJson(response, 404, {
          error: `no view ${url.pathname}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
          views: [...this.#views.keys()],
        });
      }
      const query: Record<string, string> = {};
      let place = 0;
      for (const [parameter, value] of url.searchParams) {
        const atPlace = view.parameters[place++];
        if (!view.parameters.includes(parameter)) {
          if (view.form === 'page') {
            if (atPlace !== undefined && !url.searchParams.has(atPlace)) query[atPlace] = value;
            continue;
          }
          const takes = view.parameters.length === 0 ? 'none' : view.parameters.join(', ');
          return sendJson(response, 400, { error: `unknown parameter "${parameter}" (known: ${takes})` });
        }
        query[parameter] = value;
      }
      const answer: unknown = await view.answer(query);
      if (view.form === 'page') return send(response, 200, answer as Page);
      if (view.form === 'stream')
        return await sendPieces(response, answer as Stream, request.method === 'HEAD');
      sendJson(response, 200, answer);
    } catch (error) {
      if (error instanceof ViewError) return sendJson(response, error.status, { error: error.message });
      this.#log.error({ err: error, url: request.url }, 'a view failed');
      // Half of an answer must not look like a whole one.
      if (response.headersSent) return void response.destroy();
      sendJson(response, 500, { error: 'this view failed; the log of the daemon tells why' });
    }
  }

  async #act(act: Act, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      return sendJson(response, 415, { error: 'the body of an action is application/json' });
    const chunks: Buffer[] = [];
    let octets = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      octets += chunk.length;
      if (octets > MAX_BODY_OCTETS) {
        response.setHeader('connection', 'close');
        return sendJson(response, 413, { error: `the body is longer than ${MAX_BODY_OCTETS} octets` });
      }
      chunks.push(chunk);
    }
    let body: unknown;
    try {
      body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      return sendJson(response, 400, { error: 'the body is not JSON' });
    }
    sendJson(response, 200, (await act(body)) ?? {});
  }

  #index(): { path: string; parameters: readonly string[] }[] {
    return [...this.#views].map(([path, { parameters }]) => ({ path, parameters }));
  }
}

/** Why listening failed, in words. */
export function listenProblem(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'address already in use';
  if (error.code === 'EADDRNOTAVAIL') return 'no interface of this machine has that address';
  if (error.code === 'EACCES') return 'permission denied (ports below 1024 need privileges)';
  return error.message;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, {
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify(value)}\n`,
  });
}

/** Sends pieces as the asker takes them, with a turn of the event loop between two. */
async function sendPieces(
  response: ServerResponse,
  { contentType, pieces }: Stream,
  headOnly: boolean,
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
  if (headOnly) return void response.end();
  for (const piece of pieces) {
    if (!response.write(piece)) {
      const gone = new AbortController();
      const left = (): void => gone.abort();
      response.once('close', left);
      try {
        await once(response, 'drain', { signal: gone.signal });
      } catch {
        return; // the asker has left
      } finally {
        response.off('close', left);
      }
    }
    // An asker who is fast enough never makes us wait: others get their turn all the same.
    await turn();
    if (response.destroyed) return;
  }
  response.end();
}

function send(response: ServerResponse, status: number, { contentType, body }: Page): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
