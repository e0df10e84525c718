/** Asks a daemon for a view, or to do something. */

/** Thrown when a view cannot be had: no daemon there, or it refused the query. */
export class FetchViewError extends Error {
  override readonly name = 'FetchViewError';
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** What the daemon found wrong, in its words. */
  readonly refusal: string | undefined;

  constructor(message: string, status: number | undefined, cause?: unknown, refusal?: string) {
    super(message, { cause });
    this.status = status;
    this.refusal = refusal;
  }
}

/** Milliseconds to wait for an answer. */
const ANSWER_TIMEOUT = 30_000;

/**
 * The JSON of a view, e.g. `fetchView('http://127.0.0.1:8083', '/routes', { table: 'bgp.l3vpn.0' })`.
 * A base without a scheme is taken as `http://`; parameters that are undefined are left out.
 * @throws FetchViewError naming the address and what went wrong
 */
export async function fetchView<T = unknown>(
  base: string,
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): Promise<T> {
  const url = viewUrl(base, path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return (await answerOf(url, path)) as T;
}

/**
 * Asks a daemon to act, e.g. `postAction('http://127.0.0.1:8083', '/configuration', { set: '…' })`, and yields its answer.
 * @throws FetchViewError naming the address and what went wrong
 */
export async function postAction<T = unknown>(base: string, path: string, body: unknown): Promise<T> {
  return (await answerOf(viewUrl(base, path), path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })) as T;
}

/**
 * A document that a daemon makes while it sends it, piece by piece.
 * @throws FetchViewError naming the address and what went wrong, also when the daemon goes away in the middle
 */
export async function* fetchStream(
  base: string,
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): AsyncGenerator<Uint8Array> {
  const url = viewUrl(base, path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  try {
    const response = await fetch(url);
    if (response.status !== 200) {
      const body = (await response.json()) as { error?: string };
      throw new FetchViewError(`${url.origin}${path}: ${body.error ?? response.status}`, response.status);
    }
    if (response.body !== null) yield* response.body as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof FetchViewError) throw error;
    throw new FetchViewError(`${url.origin}: ${connectionProblem(error)}`, undefined, error);
  }
}

async function answerOf(url: URL, path: string, request: RequestInit = {}): Promise<unknown> {
  let status: number;
  let body: string;
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_TIMEOUT) });
    status = response.status;
    body = await response.text();
  } catch (error) {
    throw new FetchViewError(`${url.origin}: ${connectionProblem(error)}`, undefined, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new FetchViewError(
      `${url.origin}${path}: the answer is not JSON (status ${status})`,
      status,
      error,
    );
  }
  if (status === 200) return value;
  const because =
    typeof value === 'object' && value !== null && 'error' in value
      ? String(value.error)
      : `status ${status}`;
  throw new FetchViewError(`${url.origin}${path}: ${because}`, status, undefined, because);
}

function viewUrl(base: string, path: string): URL {
  try {
    return new URL(path, /^https?:\/\//.test(base) ? base : `http://${base}`);
  } catch (error) {
    throw new FetchViewError(`"${base}" is not an address such as 127.0.0.1:8083`, undefined, error);
  }
}

function connectionProblem(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (code === 'ECONNREFUSED') return 'connection refused: no daemon serves views there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name does not resolve';
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the daemon closed the connection';
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return `no answer within ${ANSWER_TIMEOUT / 1000} s`;
  return cause instanceof Error ? cause.message : String(cause);
}
