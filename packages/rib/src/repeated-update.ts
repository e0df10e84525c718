/**
 * Many speakers give each route an UPDATE of its own, and routes that share their attributes follow each other. What was found out
 * about one such message holds for the next if they differ in nothing but the NLRI.
 *
 * ```
 *   marker | length, type, attributes … MP_REACH_NLRI up to its NLRI | NLRI | attributes behind it
 *            └──────────────────── the same ────────────────────────┘        └──── the same ─────┘
 * ```
 */
import { MARKER, MAX_MESSAGE, type UpdateFrame } from '@vaportrail/bgp/wire';
import type { AttributePool } from './attribute-pool.ts';
import { equalBytes } from './byte-hash.ts';
import type { NlriDestination } from './nlri-intake.ts';
import type { Source } from './source.ts';

/** The marker never differs; the length comes behind it. */
const COMPARED_FROM = MARKER.length;

/** The message before, if all it did was to announce routes of one family, and what was found out about it. */
export class RepeatedUpdate {
  to: NlriDestination | undefined;
  /** The attribute set of its routes; 0 if they were to be treated as withdrawn. */
  set = 0;
  /** Offsets of its NLRI in the message. */
  nlriAt = 0;
  nlriEnd = 0;
  readonly #pool: AttributePool;
  #serial = 0;
  /** Absent if there is no such message. */
  #source: Source | undefined;
  readonly #octets = new Uint8Array(MAX_MESSAGE);
  readonly #view = new DataView(this.#octets.buffer);
  #length = 0;

  constructor(pool: AttributePool) {
    this.#pool = pool;
  }

  /** Whether a message differs from it in the NLRI alone. */
  isLike(source: Source, view: DataView, start: number, length: number): boolean {
    return (
      source === this.#source &&
      length === this.#length &&
      equalBytes(view, start + COMPARED_FROM, this.#view, COMPARED_FROM, this.nlriAt - COMPARED_FROM) &&
      equalBytes(view, start + this.nlriEnd, this.#view, this.nlriEnd, length - this.nlriEnd) &&
      this.#pool.isAlive(this.set, this.#serial)
    );
  }

  /**
   * A message has announced routes with an attribute set. It is copied only if the one before had the same set: where each has
   * another one that would be in vain.
   */
  note(frame: UpdateFrame, start: number, source: Source, to: NlriDestination, set: number): void {
    const serial = this.#pool.serial(set);
    const isSecond = set === this.set && serial === this.#serial;
    this.set = set;
    this.#serial = serial;
    const length = frame.nlriEnd - start;
    if (!isSecond || set === 0 || length > MAX_MESSAGE || !onlyAnnounces(frame)) return;
    this.#octets.set(frame.bytes.subarray(start, frame.nlriEnd));
    this.#length = length;
    this.#source = source;
    this.to = to;
    this.nlriAt = (frame.reachAt === 0 ? frame.nlriAt : frame.reachNlriAt) - start;
    this.nlriEnd = (frame.reachAt === 0 ? frame.nlriEnd : frame.reachNlriEnd) - start;
  }

  /** Another message has come in between. */
  forget(): void {
    this.#source = undefined;
    this.to = undefined;
  }
}

/** Whether a message announces routes in one place and withdraws none. */
function onlyAnnounces({
  withdrawnAt,
  withdrawnEnd,
  unreachAt,
  reachAt,
  nlriAt,
  nlriEnd,
}: UpdateFrame): boolean {
  return withdrawnAt === withdrawnEnd && unreachAt === 0 && (reachAt === 0 || nlriAt === nlriEnd);
}
