/**
 * Streams of changes over HTTP: lines of JSON that first say everything there is and then each change, until one of the
 * two ends closes. Whoever loses the stream asks again and starts over; nothing has to be remembered for him.
 *
 * - `/watch/objects`: {@link ObjectLine}
 * - `/watch/virtual-router/NAME`: `{"changes": […], "settings": {…}}` at first, then `{"changes": […]}`
 * - `/watch/routing-instances`: `{"routing-instances": […]}`
 */
import type { ServerResponse } from 'node:http';
import type { ObjectLine, VirtualRouters } from '@vaportrail/schema';
import type { ConfigDatabase } from './config-database.ts';

/** An empty line so often tells that the other end is still there. */
const HEARTBEAT = 10_000;
/** A reader that lets so much pile up has to start over. */
const MAX_BACKLOG_OCTETS = 64 * 1024 * 1024;
/** Objects written before the socket is asked whether it has room. */
const CHUNK = 500;

/** Whether something can be watched at a path; then the response is a stream from here on. */
export function serveStream(
  path: readonly string[],
  response: ServerResponse,
  database: ConfigDatabase,
  routers: VirtualRouters,
): boolean {
  const [what, name, ...rest] = path.map(decodeURIComponent);
  if (rest.length > 0 || (what === 'virtual-router') !== (name !== undefined)) return false;
  if (what === 'objects') {
    const stream = new LineStream(response);
    void sayObjects(stream, database);
    return true;
  }
  if (what === 'virtual-router') {
    const stream = new LineStream(response);
    let first = true;
    stream.untilClosed(
      routers.follow(name!, (changes) => {
        stream.say(first ? { changes, settings: routers.settings(name!) } : { changes });
        first = false;
      }),
    );
    return true;
  }
  if (what === 'routing-instances') {
    const stream = new LineStream(response);
    stream.untilClosed(
      routers.followInstances((instances) => stream.say({ 'routing-instances': instances })),
    );
    return true;
  }
  return false;
}

async function sayObjects(stream: LineStream, database: ConfigDatabase): Promise<void> {
  const line = (said: ObjectLine): void => stream.say(said);
  stream.untilClosed(
    database.follow(({ type, object }) =>
      line({ type: type === 'deleted' ? 'deleted' : 'object', object, sequence: database.sequence }),
    ),
  );
  let written = 0;
  for (const uuid of database.graph.uuids()) {
    const object = database.graph.get(uuid);
    // One that changes meanwhile is said twice, the second time as it is then.
    if (object !== undefined) line({ type: 'object', object });
    if (++written % CHUNK === 0) await stream.room();
    if (stream.closed) return;
  }
  line({ type: 'current', sequence: database.sequence });
}

class LineStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT);
    this.untilClosed(() => clearInterval(heartbeat));
  }

  get closed(): boolean {
    return this.#response.closed || this.#response.destroyed;
  }

  say(value: object): void {
    if (this.closed) return;
    this.#response.write(`${JSON.stringify(value)}\n`);
    if (this.#response.writableLength > MAX_BACKLOG_OCTETS) this.#response.destroy();
  }

  /** Waits until the socket took what was said. */
  async room(): Promise<void> {
    if (!this.#response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.#response.once('close', resolve);
    });
  }

  untilClosed(end: () => void): void {
    this.#response.once('close', end);
  }
}
