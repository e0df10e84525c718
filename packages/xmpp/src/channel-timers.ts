/** The timers of one channel, by what they are for. */
import type { Clock, Timer } from '@vaportrail/net';
import type { ChannelTimer } from './channel-event.ts';
import { BACK_OFF_JITTER } from './channel-fsm.ts';

/** At most one timer of a kind runs. */
export class ChannelTimers {
  readonly #clock: Clock;
  readonly #expired: (timer: ChannelTimer) => void;
  readonly #timers = new Map<ChannelTimer, Timer>();

  constructor(clock: Clock, expired: (timer: ChannelTimer) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Sets a timer, anew if it runs. Back-off times vary a little. */
  set(timer: ChannelTimer, milliseconds: number): void {
    const jitter = timer === 'back-off' ? 1 + (2 * this.#clock.random() - 1) * BACK_OFF_JITTER : 1;
    this.#timers.get(timer)?.cancel();
    this.#timers.set(
      timer,
      this.#clock.after(milliseconds * jitter, () => this.#expired(timer)),
    );
  }

  /** Stops all of them. */
  cancel(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
