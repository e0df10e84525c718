/** Drives the graceful-restart helper of one neighbour: its timer, and the paths of its source. */
import type { Clock, Timer } from '@vaportrail/net';
import type { Source } from '@vaportrail/rib';

import { type RestartEvent, type RestartState, type RestartTimes, step } from './graceful-restart.ts';

export class RestartHelper {
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #times: RestartTimes;
  /** Told when the stale phase is over: everything not refreshed is being removed, or the neighbour is gone for good. */
  readonly #settled: (state: 'present' | 'gone') => void;
  #state: RestartState = 'present';
  #timer: Timer | undefined;

  constructor(
    source: Source,
    clock: Clock,
    times: RestartTimes,
    settled: (state: 'present' | 'gone') => void,
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#times = times;
    this.#settled = settled;
  }

  get state(): RestartState {
    return this.#state;
  }

  handle(event: RestartEvent): void {
    const { state, actions } = step(this.#state, event, this.#times);
    const before = this.#state;
    this.#state = state;
    for (const action of actions) {
      switch (action.do) {
        case 'mark-stale':
          this.#source.markStale();
          break;
        case 'mark-long-lived':
          this.#source.markLongLived();
          break;
        case 'sweep':
          this.#source.sweep();
          break;
        case 'flush':
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
    if (state !== before && (state === 'present' || state === 'gone')) this.#settled(state);
  }
}
