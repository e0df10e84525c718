/** The body of a request: JSON, and not more than anybody needs. */
import type { IncomingMessage } from 'node:http';

const MAX_BODY_OCTETS = 1024 * 1024;

/** An answer that is about HTTP and not about configuration. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws HttpError 415 when it does not say that it is JSON, 413 when it is too long, 400 when it is no JSON */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new HttpError(415, 'the body must be application/json');
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > MAX_BODY_OCTETS)
      throw new HttpError(413, `a body has ${MAX_BODY_OCTETS} octets at the most`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${(error as Error).message}`);
  }
}
