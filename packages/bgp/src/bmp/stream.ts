/** The octets of a connection to a monitoring station, cut into BMP messages. @see RFC 7854 §3.2 */
import { BMP_HEADER_OCTETS, BmpError, bmpLength, decodeBmp, type BmpMessage } from './decoded-message.ts';

/** Holds at most one message beside the last chunk. */
export class BmpStream {
  #octets: Uint8Array = new Uint8Array(0);
  /** Behind the last message that was taken. */
  #at = 0;
  /** Chunks behind these octets, joined when the next message is whole. */
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #wanted = BMP_HEADER_OCTETS;
  /** Octets of the stream before `#at`. */
  #offset = 0;

  /** Takes the next octets of the connection. They are read later, and must stay as they are. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
  }

  /**
   * The next whole message, `undefined` when more octets are needed.
   * @throws BmpError when the octets are no BMP; the stream is of no use afterwards
   */
  next(): BmpMessage | undefined {
    for (;;) {
      const here = this.#octets.length - this.#at;
      if (here + this.#waiting < this.#wanted) return undefined;
      if (here < this.#wanted) this.#join();
      const length = bmpLength(this.#octets, this.#at, this.#offset);
      if (length > this.#wanted) {
        this.#wanted = length;
        continue;
      }
      const message = decodeBmp(this.#octets.subarray(this.#at, this.#at + length), this.#offset);
      this.#at += length;
      this.#offset += length;
      this.#wanted = BMP_HEADER_OCTETS;
      return message;
    }
  }

  #join(): void {
    const joined = new Uint8Array(this.#octets.length - this.#at + this.#waiting);
    let at = 0;
    for (const part of [this.#octets.subarray(this.#at), ...this.#chunks]) {
      joined.set(part, at);
      at += part.length;
    }
    this.#octets = joined;
    this.#at = 0;
    this.#chunks = [];
    this.#waiting = 0;
  }

  /** @throws BmpError when the connection has ended inside a message */
  finish(): void {
    const left = this.#octets.length - this.#at + this.#waiting;
    if (left > 0)
      throw new BmpError(this.#offset, `the stream ends inside a message (${left} octets left over)`);
  }
}

/**
 * The messages of a connection, or of a file of one: a socket that a router has opened is such a sequence of chunks.
 * @throws BmpError when the octets are no BMP, or end inside a message: what came before has been given out
 */
export async function* readBmp(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BmpMessage> {
  const stream = new BmpStream();
  for await (const chunk of chunks) {
    stream.push(chunk);
    for (let message = stream.next(); message !== undefined; message = stream.next()) yield message;
  }
  stream.finish();
}
