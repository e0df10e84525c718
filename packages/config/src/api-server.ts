/**
 * The configuration API over HTTP, as Contrail's clients speak it: `/loadbalancers`, `/loadbalancer/<uuid>`,
 * `/fqname-to-id`, `/id-to-fqname`, `/ref-update`, `/list-bulk-collection`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import {
  checkedUuid,
  ConfigRequestError,
  isObjectTypeName,
  typeNames,
  type ObjectTypeName,
  VirtualRouters,
} from '@vaportrail/schema';
import { listenProblem, silentLog, suggestion, type Log } from '@vaportrail/show';
import { act, actionNames, isAction } from './api-action.ts';
import type { ConfigDatabase } from './config-database.ts';
import { readChange, readNewObject } from './document.ts';
import { asked, listed, type ObjectSource } from './object-list.ts';
import { openApiDocument } from './open-api.ts';
import { HttpError, readBody } from './request-body.ts';
import { serveStream } from './change-stream.ts';
import { SEQUENCE_HEADER } from './rest-config-client.ts';

const REQUEST_TIMEOUT = 10_000;
export interface ApiServerOptions {
  /** When given, requests must carry `Authorization: Bearer <token>`. */
  readonly token?: string;
  readonly log?: Log;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Json = Record<string, unknown>;

export class ApiServer {
  readonly #database: ConfigDatabase;
  readonly #options: ApiServerOptions;
  readonly #log: Log;
  readonly #server: Server;
  readonly #routers: VirtualRouters;
  #base = '';

  constructor(database: ConfigDatabase, options: ApiServerOptions = {}) {
    this.#database = database;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#routers = new VirtualRouters(database);
    this.#server = createServer(
      { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT },
      (request, response) => void this.#serve(request, response),
    );
  }

  /** @throws Error that names the address when it cannot be used */
  listen({
    address,
    port,
  }: {
    readonly address: string;
    readonly port: number;
  }): Promise<{ address: string; port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new Error(`cannot listen on ${address}:${port}: ${listenProblem(error)}`)),
      );
      this.#server.listen(port, address, () => {
        const bound = this.#server.address() as AddressInfo;
        this.#base = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
        resolve({ address: bound.address, port: bound.port });
      });
    });
  }

  get url(): string {
    return this.#base;
  }

  get #source(): ObjectSource {
    return { graph: this.#database.graph, base: this.#base };
  }

  /** Cuts every connection, streams of changes as well; resolves when the port is free. */
  close(): Promise<void> {
    this.#routers.close();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      this.#authorize(request);
      const [first, ...path] = new URL(request.url ?? '/', 'http://config').pathname.split('/').slice(1);
      if (first === 'watch' && request.method === 'GET') {
        if (serveStream(path, response, this.#database, this.#routers)) return;
        throw new HttpError(404, `nothing can be watched at ${request.url}`);
      }
      answer = await this.#answer(request);
    } catch (error) {
      answer = failure(error);
      if (answer.status === 500) this.#log.error({ error }, 'a request failed');
    }
    const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      [SEQUENCE_HEADER]: this.#database.sequence,
      ...(answer.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    });
    response.end(text);
  }

  #authorize(request: IncomingMessage): void {
    const { token } = this.#options;
    if (token === undefined) return;
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw new HttpError(401, 'a bearer token is needed');
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://config');
    const [first = '', second, ...rest] = pathname.split('/').filter((part) => part !== '');
    const method = request.method ?? 'GET';
    if (rest.length > 0) throw new HttpError(404, `nothing is at ${pathname}`);
    if (first === '')
      return this.#need(method, ['GET'], () => ok({ href: this.#base, links: this.#links() }));
    if (first === 'openapi.json') return this.#need(method, ['GET'], () => ok(openApiDocument(this.#base)));
    if (isAction(first) && second === undefined) {
      return this.#need(method, ['POST'], async () =>
        ok(await act(first, await readBody(request), this.#database, this.#source)),
      );
    }
    if (second === undefined && first.endsWith('s') && isObjectTypeName(first.slice(0, -1))) {
      const type = first.slice(0, -1) as ObjectTypeName;
      if (method === 'GET') return ok(listed(type, searchParams, this.#source));
      return this.#need(method, ['GET', 'POST'], async () => this.#create(type, await readBody(request)));
    }
    if (isObjectTypeName(first) && second !== undefined)
      return this.#object(method, first, second, searchParams, request);
    const near = suggestion(first, [...typeNames().flatMap((name) => [name, `${name}s`]), ...actionNames()]);
    throw new HttpError(
      404,
      `nothing is at ${pathname}${near === undefined ? '' : `; did you mean /${near}?`}`,
    );
  }

  async #object(
    method: string,
    type: ObjectTypeName,
    uuidText: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<Answer> {
    const uuid = checkedUuid(uuidText);
    switch (method) {
      case 'GET': {
        const object = this.#database.get(type, uuid);
        return ok({ [type]: asked(object, query, this.#source) });
      }
      case 'PUT': {
        this.#database.get(type, uuid);
        const change = readChange(type, await readBody(request), this.#database.graph);
        await this.#database.update(type, uuid, change);
        return ok({ [type]: { href: `${this.#base}/${type}/${uuid}`, uuid } });
      }
      case 'DELETE':
        await this.#database.delete(type, uuid);
        return { status: 200, body: undefined };
      default:
        throw new HttpError(405, `${method} is not for objects: GET, PUT, DELETE`);
    }
  }

  async #create(type: ObjectTypeName, body: unknown): Promise<Answer> {
    const object = await this.#database.create(type, readNewObject(type, body, this.#database.graph));
    const full = asked(object, new URLSearchParams(), this.#source);
    const keys = ['fq_name', 'href', 'name', 'parent_href', 'parent_type', 'parent_uuid', 'uuid'];
    return ok({ [type]: Object.fromEntries(keys.flatMap((key) => (key in full ? [[key, full[key]]] : []))) });
  }

  #links(): Json[] {
    const link = (href: string, name: string, rel: string): Json => ({ link: { href, name, rel } });
    return [
      ...typeNames().map((name) => link(`${this.#base}/${name}s`, name, 'collection')),
      ...actionNames().map((name) => link(`${this.#base}/${name}`, name, 'action')),
    ];
  }

  async #need(
    method: string,
    allowed: readonly string[],
    answer: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    if (!allowed.includes(method))
      throw new HttpError(405, `${method} is not allowed here: ${allowed.join(', ')}`);
    return answer();
  }
}

function failure(error: unknown): Answer {
  if (error instanceof ConfigRequestError || error instanceof HttpError)
    return { status: error.status, body: { error: error.message } };
  if (error instanceof URIError)
    return { status: 400, body: { error: 'the path is not encoded as it should be' } };
  return { status: 500, body: { error: 'the config node failed; its log says more' } };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
