/** Drives the graceful-restart helper of one neighbour: its timer, and the paths of its source. */
import type { Clock, Timer } from '@vaportrail/net';
import type { Source } from '@vaportrail/rib';
import type { PathRetentionView } from '@vaportrail/show';

import { type RestartEvent, type RestartState, type RestartTimes, step } from './graceful-restart.ts';

/** One for as long as the source may be kept: it begins `present`, and is not used any more once it is `gone`. */
export class RestartHelper {
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #times: RestartTimes;
  /** Told of each new state, when what it means for the paths has been done. */
  readonly #changed: (state: RestartState) => void;
  #state: RestartState = 'present';
  /** When the oldest of its stale and of its long-lived stale paths became so. */
  #staleSince: number | undefined;
  #longLivedSince: number | undefined;
  #timer: Timer | undefined;
  #losses = 0;
  #staled = 0;
  #longLivedStaled = 0;
  #sweeps = 0;
  #deletions = 0;

  constructor(source: Source, clock: Clock, times: RestartTimes, changed: (state: RestartState) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#times = times;
    this.#changed = changed;
  }

  /** Where the neighbour is now. */
  get state(): RestartState {
    return this.#state;
  }

  /** The state, and how often each thing happened. */
  view(): PathRetentionView {
    return {
      state: this.#state,
      losses: this.#losses,
      staled: this.#staled,
      longLivedStaled: this.#longLivedStaled,
      sweeps: this.#sweeps,
      deletions: this.#deletions,
    };
  }

  /** Takes a step, and does to the source and the timer what it says. */
  handle(event: RestartEvent): void {
    if (event === 'lost') this.#losses++;
    const { state, actions } = step(this.#state, event, this.#timesLeft());
    const before = this.#state;
    this.#state = state;
    for (const action of actions) {
      switch (action.do) {
        case 'mark-stale':
          this.#staled++;
          this.#staleSince ??= this.#clock.now();
          this.#source.markStale();
          break;
        case 'mark-long-lived':
          this.#longLivedStaled++;
          this.#longLivedSince ??= this.#clock.now();
          this.#source.markLongLived();
          break;
        case 'sweep':
          this.#sweeps++;
          this.#staleSince = undefined;
          this.#longLivedSince = undefined;
          this.#source.sweep();
          break;
        case 'flush':
          this.#deletions++;
          // The owner removes the source, and its paths with it.
          break;
        case 'set-timer':
          this.#timer?.cancel();
          this.#timer = this.#clock.after(action.seconds * 1000, () => this.handle('timer'));
          break;
        case 'cancel-timer':
          this.#timer?.cancel();
          break;
      }
    }
    if (state !== before) this.#changed(state);
  }

  /**
   * A neighbour that comes and goes without marking an End-of-RIB does not have its stale paths kept for longer than one
   * that stays away: what has passed since they became stale counts.
   */
  #timesLeft(): RestartTimes {
    const { restart, longLived, endOfRib } = this.#times;
    const left = (seconds: number, since: number | undefined): number =>
      since === undefined ? seconds : Math.max(0, seconds - (this.#clock.now() - since) / 1000);
    return {
      restart: left(restart, this.#staleSince),
      longLived: left(longLived, this.#longLivedSince),
      endOfRib,
    };
  }
}
