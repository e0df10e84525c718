/** One direction of a TCP connection in a capture, put together and cut into BGP messages. */
import { copyOctets } from '@vaportrail/net';
import { HEADER_OCTETS, MAX_EXTENDED_MESSAGE } from '../wire/header.ts';
import type { TcpSegment } from './tcp-segment.ts';

/** Octets kept of segments that arrived before the ones in front of them. */
const MAX_AHEAD_OCTETS = 1 << 20;

/** A message, and the time of the segment that completed it. */
export interface CapturedMessage {
  readonly time: number;
  readonly bytes: Uint8Array;
}

/**
 * Takes segments as they were captured: repeated ones are dropped, early ones kept until the ones between arrive, and
 * a gap that stays is left behind, to go on at the next marker.
 */
export class MessageStream {
  #next: number | undefined;
  #ahead: { sequence: number; payload: Uint8Array }[] = [];
  #aheadOctets = 0;
  #pending: Uint8Array = new Uint8Array(0);
  /** Octets left out because they belong to no message. */
  skipped = 0;

  push({ sequence, syn, payload }: TcpSegment, time: number): CapturedMessage[] {
    if (syn) {
      this.#restart((sequence + 1) >>> 0);
      return this.#take(payload, time);
    }
    if (payload.length === 0) return [];
    this.#next ??= sequence;
    const distance = (sequence - this.#next) | 0;
    if (distance > 0) return this.#keep(sequence, payload, time);
    if (-distance >= payload.length) return [];
    const messages = this.#take(payload.subarray(-distance), time);
    return [...messages, ...this.#catchUp(time)];
  }

  #restart(next: number): void {
    this.#next = next;
    this.#ahead = [];
    this.#aheadOctets = 0;
    this.skipped += this.#pending.length;
    this.#pending = new Uint8Array(0);
  }

  #keep(sequence: number, payload: Uint8Array, time: number): CapturedMessage[] {
    this.#ahead.push({ sequence, payload: copyOctets(payload, 0, payload.length) });
    this.#aheadOctets += payload.length;
    if (this.#aheadOctets <= MAX_AHEAD_OCTETS) return [];
    // The octets between were not captured.
    const first = this.#ahead.reduce((a, b) => (((a.sequence - b.sequence) | 0) <= 0 ? a : b));
    const kept = this.#ahead;
    this.#restart(first.sequence);
    this.#ahead = kept;
    return this.#catchUp(time);
  }

  #catchUp(time: number): CapturedMessage[] {
    const messages: CapturedMessage[] = [];
    this.#ahead.sort((a, b) => (a.sequence - b.sequence) | 0);
    let used = 0;
    for (const { sequence, payload } of this.#ahead) {
      const distance = (sequence - this.#next!) | 0;
      if (distance > 0) break;
      used++;
      if (-distance < payload.length) messages.push(...this.#take(payload.subarray(-distance), time));
    }
    this.#ahead.splice(0, used);
    this.#aheadOctets = this.#ahead.reduce((sum, { payload }) => sum + payload.length, 0);
    return messages;
  }

  #take(payload: Uint8Array, time: number): CapturedMessage[] {
    this.#next = (this.#next! + payload.length) >>> 0;
    const bytes = new Uint8Array(this.#pending.length + payload.length);
    bytes.set(this.#pending);
    bytes.set(payload, this.#pending.length);
    const messages: CapturedMessage[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_OCTETS) {
      const length = (bytes[at + 16]! << 8) | bytes[at + 17]!;
      if (!hasMarker(bytes, at) || length < HEADER_OCTETS || length > MAX_EXTENDED_MESSAGE) {
        at++;
        this.skipped++;
        continue;
      }
      if (length > bytes.length - at) break;
      messages.push({ time, bytes: bytes.slice(at, at + length) });
      at += length;
    }
    this.#pending = bytes.slice(at);
    return messages;
  }
}

function hasMarker(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0xff) return false;
  return true;
}
