/** MRT files as they are written: under a temporary name until they are whole, compressed when their name says so. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/**
 * A file being written. What reads the folder sees it whole under its own name or not at all: until {@link commit} it is
 * called `….part`.
 */
export class DumpFile {
  readonly path: string;
  /** Octets written so far, before compression. */
  octets = 0;
  readonly #part: string;
  readonly #file: Writable;
  readonly #top: Writable;
  #failure: Error | undefined;

  /** The folder is made if it is not there. A name that ends in `.gz`, or `gzip`, compresses. */
  constructor(path: string, gzip = path.endsWith('.gz')) {
    this.path = path;
    this.#part = `${path}.part`;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = createWriteStream(this.#part);
    this.#file.on('error', (error: Error) => (this.#failure ??= error));
    if (gzip) {
      const compressor = createGzip();
      compressor.on('error', (error: Error) => (this.#failure ??= error));
      compressor.pipe(this.#file);
      this.#top = compressor;
    } else this.#top = this.#file;
  }

  /** Octets that wait for the disk. */
  get backlog(): number {
    return this.#top.writableLength + (this.#top === this.#file ? 0 : this.#file.writableLength);
  }

  /** Why nothing more can be written: a full disk, a folder that is gone. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes octets, which must not change afterwards; waits for nothing. */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    this.octets += bytes.length;
    this.#top.write(bytes);
  }

  /** Takes octets and resolves when there is room for more. @throws Error when the disk refuses them */
  async write(bytes: Uint8Array): Promise<void> {
    this.octets += bytes.length;
    if (this.#failure === undefined && !this.#top.write(bytes)) await this.#room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when there is room again, or never will be. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#top.off('drain', done);
        this.#file.off('close', done);
        resolve();
      };
      this.#top.once('drain', done);
      this.#file.once('close', done);
    });
  }

  /** Writes the rest and gives the file its name. @throws Error when that is not possible; the part is gone then */
  async commit(): Promise<void> {
    try {
      if (this.#failure === undefined) {
        this.#top.end();
        await finished(this.#file);
      }
      if (this.#failure !== undefined) throw this.#failure;
      await rename(this.#part, this.path);
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  /** Takes away what was written. */
  async abandon(): Promise<void> {
    this.#top.destroy();
    this.#file.destroy();
    await rm(this.#part, { force: true });
  }
}

const fields: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getUTCFullYear()),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  H: (date) => two(date.getUTCHours()),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  '%': () => '%',
};

/** `rib.%Y%m%d.%H%M%S.mrt.gz` with the time (milliseconds since the epoch) put in, in UTC. */
export function dumpFileName(pattern: string, at: number): string {
  const date = new Date(at);
  return pattern.replace(/%([YmdHMS%])/g, (_, field: string) => fields[field]!(date));
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
