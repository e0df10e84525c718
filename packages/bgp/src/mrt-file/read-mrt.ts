/** MRT files: plain, gzip or bzip2, read as a stream in constant memory. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { PassThrough, Readable } from 'node:stream';
import bzip2 from 'unbzip2-stream';
import { MrtError, MrtStream, type MrtRecord } from '../mrt/record.ts';

const READ_OCTETS = 256 * 1024;

/**
 * The records of a file (`-` is standard input), each valid until the next is asked for.
 * @throws MrtError when the file is cut inside a record, is no MRT, or its compression is damaged: what came before it
 * has been given out
 */
export async function* readMrt(path: string): AsyncGenerator<MrtRecord> {
  for await (const stream of readMrtStream(path))
    for (let record = stream.next(); record !== undefined; record = stream.next()) yield record;
}

/**
 * The same for those who are in a hurry: one stream, given out whenever it has more octets; all its records are to be
 * taken before the next turn.
 * @throws MrtError as {@link readMrt}
 */
export async function* readMrtStream(path: string): AsyncGenerator<MrtStream> {
  const input: Readable =
    path === '-' ? process.stdin : createReadStream(path, { highWaterMark: READ_OCTETS });
  const stream = new MrtStream();
  let octets = 0;
  try {
    for await (const chunk of decompressed(input)) {
      octets += chunk.length;
      stream.push(chunk);
      yield stream;
    }
  } catch (error) {
    if (error instanceof MrtError || isSystemError(error)) throw error;
    throw new MrtError(octets, `the compressed file is damaged: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
  stream.finish();
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Looks at the first octets of the file to find its compression. */
async function* decompressed(input: Readable): AsyncGenerator<Uint8Array> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done === true) return;
  const magic = first.value;
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield magic;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  if (magic[0] === 0x1f && magic[1] === 0x8b)
    yield* through(rest(), createGunzip({ chunkSize: READ_OCTETS }));
  else if (magic.subarray(0, 3).toString('latin1') === 'BZh') yield* through(rest(), bzip2());
  else yield* rest();
}

/** What a decompressor makes of the chunks; the error of either side ends the iteration. */
async function* through(
  source: AsyncIterable<Buffer>,
  decompressor: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const output = new PassThrough({ highWaterMark: READ_OCTETS });
  const input = Readable.from(source);
  for (const stream of [input, decompressor]) stream.on('error', (error: Error) => output.destroy(error));
  input.pipe(decompressor).pipe(output);
  yield* output as AsyncIterable<Uint8Array>;
}
