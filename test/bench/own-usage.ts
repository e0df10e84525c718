/** What this process has used of the processor, and how long its event loop did not come round, since a moment it chooses. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Usage {
  readonly cpuSeconds: number;
  /** Milliseconds. */
  readonly longestStall: number;
}

export class OwnUsage {
  readonly #delay = monitorEventLoopDelay({ resolution: 1 });
  #before = process.cpuUsage();

  constructor() {
    this.#delay.enable();
  }

  /** Since the last {@link restart}. */
  read(): Usage {
    const { user, system } = process.cpuUsage(this.#before);
    return { cpuSeconds: (user + system) / 1e6, longestStall: this.#delay.max / 1e6 };
  }

  restart(): void {
    this.#delay.reset();
    this.#before = process.cpuUsage();
  }
}
