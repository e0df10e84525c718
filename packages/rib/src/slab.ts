/** Large buffers that messages are written into, and that are used again when everybody has sent what is in them. */

/** Room for the longest message there is, and what is written behind it. */
export const SLAB_OCTETS = 65540;
/** Slabs kept for the next time. */
const MOST_IDLE = 64;
const idle: Uint8Array[] = [];

/** One buffer while messages are written into it, and then as long as somebody has still to send them. */
export class Slab {
  readonly bytes: Uint8Array;
  #holders = 1;

  constructor(octets = SLAB_OCTETS) {
    this.bytes =
      (octets <= SLAB_OCTETS ? idle.pop() : undefined) ??
      Buffer.allocUnsafeSlow(Math.max(octets, SLAB_OCTETS));
  }

  /** Somebody has still to send a part of it. */
  hold(): void {
    this.#holders++;
  }

  /** Given up by one holder; the one who writes is the first. */
  release(): void {
    if (--this.#holders > 0 || this.bytes.length > SLAB_OCTETS || idle.length >= MOST_IDLE) return;
    idle.push(this.bytes);
  }
}

/** Finished messages on their way to one or more receivers. */
export class Parcel {
  /** The messages; shared by all receivers, who must not change them. */
  readonly buffers: Uint8Array[] = [];
  readonly #slabs: Slab[] = [];
  #receivers = 0;

  /** Adds a part of a slab. */
  add(slab: Slab, from: number, to: number): void {
    slab.hold();
    this.#slabs.push(slab);
    this.buffers.push(slab.bytes.subarray(from, to));
  }

  /** Announces that so many receivers will call {@link sent}. What one of them never sends is never used again. */
  addressTo(receivers: number): void {
    this.#receivers += receivers;
  }

  /** One receiver does not need the messages any more. */
  readonly sent = (): void => {
    if (--this.#receivers === 0) for (const slab of this.#slabs) slab.release();
  };
}
