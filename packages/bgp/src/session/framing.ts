/** Cuts the octets of a connection into BGP messages, without copying those that arrive whole. */
import { HEADER_OCTETS, MAX_EXTENDED_MESSAGE, MAX_MESSAGE, messageLength } from '../wire/header.ts';

/**
 * Receives one whole message, header included: octets `start` to `end` of `bytes`, valid only during the call.
 * Yields false to stop, e.g. because the connection has been closed meanwhile.
 */
export type MessageSink = (type: number, bytes: Uint8Array, start: number, end: number) => boolean;

/**
 * The messages of one connection. A message that lies within a chunk is handed on as a view into it; one that
 * straddles chunks is put together in a carry buffer of at most one message. Nothing is kept of a chunk.
 */
export class MessageStream {
  readonly #sink: MessageSink;
  #longest = MAX_MESSAGE;
  /** A `Buffer` as chunks are, so that the code behind sees one kind of array. */
  #carry: Uint8Array = Buffer.alloc(MAX_MESSAGE);
  #carried = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Octets of an incomplete message that wait for the rest. */
  get pending(): number {
    return this.#carried;
  }

  /** Accepts messages of up to 65,535 octets from here on. @see RFC 8654 §4 */
  acceptExtendedMessages(): void {
    this.#longest = MAX_EXTENDED_MESSAGE;
  }

  /**
   * Takes the next octets of the connection and hands on every message that is complete.
   * @throws NotificationError Message Header Error; the stream is of no use afterwards
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (this.#carried > 0) {
      const wanted = this.#wanted();
      const taken = Math.min(wanted - this.#carried, chunk.length - at);
      this.#keep(chunk, at, at + taken);
      at += taken;
      if (this.#carried < wanted) return;
      // A header has just become whole: now the length of the message is known.
      if (this.#wanted() > wanted) continue;
      this.#carried = 0;
      if (!this.#sink(this.#carry[18]!, this.#carry, 0, wanted)) return;
    }
    while (chunk.length - at >= HEADER_OCTETS) {
      const end = at + messageLength(chunk, at, this.#longest);
      if (end > chunk.length) break;
      if (!this.#sink(chunk[at + 18]!, chunk, at, end)) return;
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** How many octets are to be carried until it is known how it goes on: those of the header, then those of the message. */
  #wanted(): number {
    return this.#carried < HEADER_OCTETS ? HEADER_OCTETS : messageLength(this.#carry, 0, this.#longest);
  }

  #keep(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#carry.length) {
      const larger = Buffer.alloc(MAX_EXTENDED_MESSAGE);
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(chunk.subarray(from, to), this.#carried);
    this.#carried = needed;
  }
}
