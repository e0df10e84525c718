/** MRT files: plain, gzip or bzip2, read as a stream in constant memory. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { PassThrough, Readable } from 'node:stream';
import bzip2 from 'unbzip2-stream';
import { Truncated } from '@vaportrail/net';
import type { MrtFilter } from '../mrt/filter.ts';
import { MrtPathReader, type MrtPath } from '../mrt/path.ts';
import { MrtError, MrtStream, type MrtRecord } from '../mrt/record.ts';

const READ_OCTETS = 256 * 1024;
/** So many octets tell how a file is packed. */
const MAGIC_OCTETS = 3;

/** The name of a file, `-` for standard input, or what it holds as a sequence of chunks: the body of a response, say. */
export type MrtInput = string | AsyncIterable<Uint8Array>;

/**
 * The records of a file, each valid until the next is asked for.
 * @throws MrtError when the file is cut inside a record, is no MRT, or its compression is damaged: what came before it
 * has been given out. The error of the file itself, or of the sequence, as it is
 */
export async function* readMrt(from: MrtInput): AsyncGenerator<MrtRecord> {
  for await (const stream of readMrtStream(from))
    for (let record = stream.next(); record !== undefined; record = stream.next()) yield record;
}

/**
 * The same for those who are in a hurry: one stream, given out whenever it has more octets; all its records are to be
 * taken before the next turn.
 * @throws MrtError as {@link readMrt}
 */
export async function* readMrtStream(from: MrtInput): AsyncGenerator<MrtStream> {
  const input = opened(from);
  let broken: Error | undefined;
  input.once('error', (error: Error) => (broken = error));
  const stream = new MrtStream();
  let octets = 0;
  try {
    for await (const chunk of decompressed(input)) {
      octets += chunk.length;
      stream.push(chunk);
      yield stream;
    }
  } catch (error) {
    if (error instanceof MrtError || error === broken) throw error;
    throw new MrtError(octets, `the compressed file is damaged: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
  stream.finish();
}

function opened(from: MrtInput): Readable {
  if (typeof from !== 'string') return Readable.from(from, { objectMode: true });
  return from === '-' ? process.stdin : createReadStream(from, { highWaterMark: READ_OCTETS });
}

/**
 * The paths in a file one by one: of a table, or what a log announced and withdrew. With a filter only those that pass it.
 * @throws MrtError as {@link readMrt}, and for a record whose lengths are not true
 */
export async function* readMrtPaths(from: MrtInput, filter?: MrtFilter): AsyncGenerator<MrtPath> {
  const reader = new MrtPathReader(filter);
  for await (const record of readMrt(from)) {
    try {
      yield* reader.read(record);
    } catch (error) {
      if (!(error instanceof Truncated)) throw error;
      throw new MrtError(record.offset, 'a record is cut off inside', { cause: error });
    }
  }
}

/** Looks at the first octets of the file to find its compression. */
async function* decompressed(input: Readable): AsyncGenerator<Uint8Array> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let magic: Uint8Array = new Uint8Array(0);
  while (magic.length < MAGIC_OCTETS) {
    const next = await chunks.next();
    if (next.done === true) break;
    magic = magic.length === 0 ? next.value : Buffer.concat([magic, next.value]);
  }
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield magic;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  if (magic[0] === 0x1f && magic[1] === 0x8b)
    yield* through(rest(), createGunzip({ chunkSize: READ_OCTETS }));
  else if (magic[0] === 0x42 && magic[1] === 0x5a && magic[2] === 0x68) yield* through(rest(), bzip2());
  else yield* rest();
}

/** What a decompressor makes of the chunks; the error of either side ends the iteration. */
async function* through(
  source: AsyncIterable<Uint8Array>,
  decompressor: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const output = new PassThrough({ highWaterMark: READ_OCTETS });
  const input = Readable.from(source);
  for (const stream of [input, decompressor]) stream.on('error', (error: Error) => output.destroy(error));
  input.pipe(decompressor).pipe(output);
  yield* output as AsyncIterable<Uint8Array>;
}
