/** Lines of a file or of standard input, and documents to standard output, both at their own pace. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longest line taken; a message of 65535 octets is 131,070 digits. */
const MAX_LINE_LENGTH = 4 * 1024 * 1024;
const WRITE_SIZE = 64 * 1024;
const READ_SIZE = 256 * 1024;

/** The files named, in order; standard input for `-` and when none is named. */
export function* inputs(
  files: readonly string[],
): Generator<{ readonly name: string; readonly stream: Readable }> {
  for (const name of files.length === 0 ? ['-'] : files) {
    if (name === '-') yield { name: 'standard input', stream: process.stdin };
    else yield { name, stream: createReadStream(name, { highWaterMark: READ_SIZE }) };
  }
}

/** A line that is not blank; `text` is absent where it is longer than {@link MAX_LINE_LENGTH}. */
export interface Line {
  readonly number: number;
  readonly text?: string;
}

/** The lines of a stream that are not blank, with their numbers, in batches as they arrive. */
export async function* lines(stream: Readable): AsyncGenerator<readonly Line[]> {
  const decoder = new StringDecoder('utf8');
  let left = '';
  let number = 0;
  let tooLong = false;
  const line = (part: string): Line | undefined => {
    number++;
    if (tooLong || part.length > MAX_LINE_LENGTH) {
      tooLong = false;
      return { number };
    }
    const text = part.trim();
    return text === '' ? undefined : { number, text };
  };
  for await (const chunk of stream) {
    const parts = (left + decoder.write(chunk as Buffer)).split('\n');
    left = parts.pop() ?? '';
    const batch = parts.map((part) => line(part)).filter((item) => item !== undefined);
    if (left.length > MAX_LINE_LENGTH) {
      tooLong = true;
      left = '';
    }
    if (batch.length > 0) yield batch;
  }
  const last = line(left + decoder.end());
  if (last !== undefined) yield [last];
}

/** Collects lines of output and writes them in large pieces, waiting for a slow reader. */
export class LineWriter {
  readonly #stream: Writable;
  #text = '';

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Adds a line; {@link flush} is due when this says so. */
  add(line: string): boolean {
    this.#text += line;
    this.#text += '\n';
    return this.#text.length >= WRITE_SIZE;
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '' && !this.#stream.write(text)) await once(this.#stream, 'drain');
  }
}
