/** Loaded into our device with `--import`: tells the bench how long the event loop did not come round at the most. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();
process.on('message', () => {
  process.send?.(Math.max(0, delay.max / 1e6 - RESOLUTION));
  delay.reset();
});
process.channel?.unref();
