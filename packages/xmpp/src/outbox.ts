/**
 * What waits to be written on all connections. What one of them is given in a turn of the event loop goes out in one system call
 * at its end; and a turn has only a share for writing. A publish is one read, but a `write` for every agent of its network:
 * after a standstill these would keep the next publishes, and the BGP peers that are to hear of them, waiting for longer
 * than the standstill was.
 */

/** Milliseconds of each turn. */
const SHARE = 1;

/** Stands nowhere in the line. */
export const NOWHERE = -1;

/** A connection, seen from the outbox. */
export interface OutboxWriter {
  /** Hands the operating system what it has in the outbox. It has nothing there any more. */
  writeOut(buffers: readonly Uint8Array[]): void;
}

interface Waiting {
  readonly writer: OutboxWriter;
  buffers: Uint8Array[];
}

/** One for all connections of a process. */
export class Outbox {
  readonly #share: number;
  /** In the order in which they got something to write. */
  #line: Waiting[] = [];
  /** Places in front of the line that are no more. */
  #gone = 0;
  #isScheduled = false;

  /** @param share milliseconds of each turn */
  constructor(share = SHARE) {
    this.#share = share;
  }

  /**
   * Adds to what a writer has to write. It keeps a number and not what waits: thousands of old objects that refer to new ones
   * make each collection of the young generation longer.
   * @param place where it stands in the line
   * @param buffers an array that is not the writer's any more
   * @returns where it stands now, until it is told to write or has taken everything back
   */
  put(writer: OutboxWriter, place: number, buffers: Uint8Array[]): number {
    if (place !== NOWHERE) {
      const waiting = this.#line[place - this.#gone]!;
      for (const buffer of buffers) waiting.buffers.push(buffer);
      return place;
    }
    if (buffers.length === 0) return NOWHERE;
    this.#schedule(process.nextTick);
    return this.#gone + this.#line.push({ writer, buffers }) - 1;
  }

  /** Takes back what stands at a place; the writer has nothing in the outbox then. */
  take(place: number): readonly Uint8Array[] {
    const waiting = this.#line[place - this.#gone]!;
    const { buffers } = waiting;
    waiting.buffers = [];
    return buffers;
  }

  #schedule(atTurn: (work: () => void) => void): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    atTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    const line = this.#line;
    const until = performance.now() + this.#share;
    let done = 0;
    // The line may be empty: who is told to write may put out more, which is written in the same turn and had asked for the next.
    while (done < line.length && (done === 0 || performance.now() < until)) {
      const { writer, buffers } = line[done++]!;
      if (buffers.length > 0) writer.writeOut(buffers);
    }
    if (done === line.length) {
      this.#line = [];
      this.#gone = 0;
      return;
    }
    line.splice(0, done);
    this.#gone += done;
    this.#schedule(setImmediate);
  };
}
