/** Loaded into our device with `--import`: tells the bench how long the event loop did not come round at the most. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
process.on('message', (question) => {
  if (question === 'watch') {
    delay.reset();
    delay.enable();
  } else delay.disable();
  process.send?.(Math.max(0, delay.max / 1e6 - RESOLUTION));
});
process.channel?.unref();
