/** The timers of one conversation, as its state machine starts and stops them. @see RFC 4271 §10 */
import type { Clock, Timer } from '@vaportrail/net';
import type { TimerName } from './fsm-action.ts';

/** A hold timer that fires later than this finds a busy process, not a silent peer, in milliseconds. */
const LATE = 500;

/** Timers whose time is shortened by up to a quarter, so that speakers do not move in step. @see RFC 4271 §10 */
const jittered: ReadonlySet<TimerName> = new Set(['connect-retry', 'keepalive', 'idle-hold']);

/** At most one timer of a name runs. */
export class FsmTimers {
  readonly #clock: Clock;
  readonly #expired: (timer: TimerName) => void;
  readonly #running = new Map<TimerName, Timer>();
  #holdUntil = 0;
  #keepaliveAt = Number.POSITIVE_INFINITY;

  /** @param expired is told of a timer that has run out; it does not run any more then */
  constructor(clock: Clock, expired: (timer: TimerName) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Whether a timer runs. */
  has(timer: TimerName): boolean {
    return this.#running.has(timer);
  }

  /** Starts a timer, or starts it anew. A time of zero switches a timer off. */
  start(timer: TimerName, seconds: number): void {
    if (seconds === 0) return;
    const now = this.#clock.now();
    const factor = jittered.has(timer) ? 0.75 + this.#clock.random() / 4 : 1;
    const milliseconds = seconds * factor * 1000;
    if (timer === 'hold') {
      // Restarted with every message: the timer in the clock is moved only when it fires, or must fire earlier.
      const later = this.#holdUntil <= now + milliseconds;
      this.#holdUntil = now + milliseconds;
      if (later && this.has('hold')) return;
    }
    if (timer === 'keepalive') this.#keepaliveAt = now + milliseconds;
    this.#running.get(timer)?.cancel();
    this.#set(timer, milliseconds);
  }

  /** Stops a timer, if it runs. */
  stop(timer: TimerName): void {
    this.#running.get(timer)?.cancel();
    this.#running.delete(timer);
    if (timer === 'keepalive') this.#keepaliveAt = Number.POSITIVE_INFINITY;
  }

  /** The peer was heard: the hold time, in seconds, begins again. Costs no more than a number. */
  heard(now: number, holdTime: number): void {
    this.#holdUntil = now + holdTime * 1000;
  }

  /** Whether a KEEPALIVE is due, though its timer may not have had its turn yet. */
  isKeepaliveDue(now: number): boolean {
    return now >= this.#keepaliveAt;
  }

  #set(timer: TimerName, milliseconds: number): void {
    this.#running.set(
      timer,
      this.#clock.after(milliseconds, () => {
        this.#running.delete(timer);
        if (timer === 'hold') this.#holdExpired();
        else this.#expired(timer);
      }),
    );
  }

  /**
   * The peer has been silent for the hold time, or has not: its messages only move `#holdUntil`. If this process was
   * too busy to read in time, what the peer said meanwhile still waits in the socket and is read first.
   */
  #holdExpired(): void {
    const now = this.#clock.now();
    const left = this.#holdUntil - now;
    const wait = left > 0 ? left : left < -LATE ? LATE : 0;
    if (wait === 0) return this.#expired('hold');
    if (left <= 0) this.#holdUntil = now + wait;
    this.#set('hold', wait);
  }
}
