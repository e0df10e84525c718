/** How long the timers of a session run: as it is configured, but pauses between attempts double with every failure. */
import type { TimerName } from './fsm-action.ts';
import type { State } from './fsm-event.ts';
import type { SessionConfig } from './session-config.ts';

/** A session that has been up this long has proven itself: the next failure starts with the shortest pause, in milliseconds. */
const STABLE = 10_000;
/** The longest pause between two attempts to connect, in seconds: a peer that is back shall not be missed for long. */
const LONGEST_PAUSE = 8;

/** One for a session; a peer that cannot come up costs little. */
export class SessionTimes {
  readonly #config: SessionConfig;
  #failures = 0;

  constructor(config: SessionConfig) {
    this.#config = config;
  }

  /** An attempt came to nothing: the next pause is longer. */
  failed(): void {
    this.#failures++;
  }

  /** The next pause is the shortest. */
  forgetFailures(): void {
    this.#failures = 0;
  }

  /** The session was Established for so many milliseconds. */
  lasted(milliseconds: number): void {
    if (milliseconds >= STABLE) this.forgetFailures();
  }

  /** Seconds for a timer that is started in a state of the machine; 0 switches it off. */
  seconds(timer: TimerName, state: State): number {
    const { connectRetry, delayOpen, idleHold, sendHoldTime, holdTime } = this.#config;
    switch (timer) {
      case 'connect-retry':
        return state === 'Connect' ? connectRetry : this.#pause(Math.min(connectRetry, LONGEST_PAUSE));
      case 'delay-open':
        return delayOpen;
      case 'idle-hold':
        return this.#pause(idleHold.longest);
      case 'send-hold':
        return sendHoldTime;
      case 'hold':
      case 'keepalive':
        return holdTime;
    }
  }

  #pause(longest: number): number {
    return Math.min(longest, this.#config.idleHold.initial * 2 ** Math.max(0, this.#failures - 1));
  }
}
