/** The phases of a workload on one running device. */
import type { BgpClient } from './bgp-client.ts';
import type { Device } from './device.ts';
import { type Counted, type GrowthMark, type Measurement, faults, unmeasured } from './measurement.ts';
import { residentOctets, stopwatch, type Spent } from './process-usage.ts';
import { announcement, routeOf, type BuiltLoads, type Expectation, type RouteLoad } from './route-load.ts';
import { quantile } from './statistics.ts';
import type { Phase, Workload } from './workload.ts';

const IDLE_CHANGES = 200;
const PACED_PER_SECOND = 2000;
const PACED_SECONDS = 3;
const NUDGE_MILLISECONDS = 10;
/** A daemon may take so long to give memory back. */
const RETURN_MILLISECONDS = 3000;
/** What a phase itself can tell. */
type Measured = Omit<Measurement, 'stall'>;
export interface Stage {
  readonly device: Device;
  readonly workload: Workload;
  readonly loads: BuiltLoads;
  readonly senders: readonly BgpClient[];
  readonly receivers: readonly BgpClient[];
  /** Each opens the session of a peer that comes later, and expects routes of this LOCAL_PREF. */
  readonly joiners: readonly ((localPref: number) => Promise<BgpClient>)[];
}

export class Repetition implements Record<Phase, () => Promise<Measured>> {
  readonly #device: Device;
  readonly #workload: Workload;
  readonly #load: RouteLoad;
  readonly #loads: BuiltLoads;
  readonly #senders: readonly BgpClient[];
  readonly #receivers: readonly BgpClient[];
  readonly #joiners: Stage['joiners'];
  readonly #idleOctets: number;
  readonly #pids: readonly number[];
  #progress = (): string => 'nothing came';

  constructor({ device, workload, loads, senders, receivers, joiners }: Stage) {
    this.#device = device;
    this.#workload = workload;
    this.#load = workload.load;
    this.#loads = loads;
    this.#senders = senders;
    this.#receivers = receivers;
    this.#joiners = joiners;
    this.#pids = device.pids;
    this.#idleOctets = residentOctets(this.#pids);
  }

  /** How far the phase is. */
  get progress(): string {
    return this.#progress();
  }

  announce(): Promise<Measured> {
    return this.#announce('announce', this.#load);
  }

  change(): Promise<Measured> {
    return this.#announce('change', { ...this.#load, localPref: this.#load.localPref + 50 });
  }

  async withdraw(): Promise<Measured> {
    const { bytes, expected } = this.#loads.withdrawals(this.#load);
    for (const receiver of this.#receivers) receiver.expect(0);
    const watch = stopwatch(this.#pids);
    for (const sender of this.#senders) sender.send(bytes);
    await this.#arrival(this.#receivers, 'withdrawn', expected.count);
    return this.#result('withdraw', expected, this.#receivers, 'withdrawn', watch());
  }

  async 'late-joiner'(): Promise<Measured> {
    const { expected } = this.#loads.announcements(this.#load);
    // BIRD leaves the last few routes lie until its loop comes round for another reason, which takes 3 s if nothing happens.
    const nudge = setInterval(() => this.#senders[0]!.keepalive(), NUDGE_MILLISECONDS);
    try {
      const watch = stopwatch(this.#pids);
      const joiner = await this.#joiners[0]!(this.#load.localPref);
      await this.#arrival([joiner], 'announced', expected.count);
      return this.#result('late-joiner', expected, [joiner], 'announced', watch());
    } finally {
      clearInterval(nudge);
    }
  }

  async 'idle-latency'(): Promise<Measured> {
    const receiver = this.#receivers[0]!;
    const times: number[] = [];
    this.#progress = () => `${times.length} of ${IDLE_CHANGES} changes`;
    const watch = stopwatch(this.#pids);
    for (let i = 0; i < IDLE_CHANGES; i++) {
      const change = announcement({ ...this.#load, localPref: this.#load.localPref + 1 + (i & 1) }, 0);
      const arrived = new Promise<void>((resolve) => {
        receiver.onRoute = () => resolve();
      });
      const sent = performance.now();
      this.#senders[0]!.send(change);
      await arrived;
      times.push(performance.now() - sent);
      await sleep(1);
    }
    receiver.onRoute = undefined;
    // The others may get the last change later, and must not count it in the next phase.
    await sleep(100);
    return this.#latency('idle-latency', IDLE_CHANGES, IDLE_CHANGES, times, watch());
  }

  async 'paced-latency'(): Promise<Measured> {
    const changes = PACED_PER_SECOND * PACED_SECONDS;
    const wanted = changes * this.#receivers.length;
    const sent = new Float64Array(changes);
    const load = { ...this.#load, localPref: this.#load.localPref + 7 };
    const updates = Array.from({ length: changes }, (_, route) => announcement(load, route));
    const times: number[] = [];
    this.#progress = () => `${times.length} of ${wanted} changes`;
    for (const receiver of this.#receivers) {
      receiver.onRoute = (prefix) => void times.push(performance.now() - sent[routeOf(prefix)]!);
    }
    const watch = stopwatch(this.#pids);
    const start = performance.now();
    for (let i = 0; i < changes;) {
      const due = Math.min(changes, Math.floor(((performance.now() - start) / 1000) * PACED_PER_SECOND) + 1);
      for (; i < due; i++) {
        sent[i] = performance.now();
        this.#senders[0]!.send(updates[i]!);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (times.length < wanted) await sleep(5);
    for (const receiver of this.#receivers) receiver.onRoute = undefined;
    return this.#latency('paced-latency', changes, wanted, times, watch());
  }

  /**
   * Peers that come later announce every route with a lower LOCAL_PREF: nobody is told, so each of them announces one new route
   * behind these, and when that arrives the others have been taken.
   */
  async 'further-paths'(): Promise<Measured> {
    const { routes, localPref } = this.#load;
    const joiners = await Promise.all(this.#joiners.map((join) => join(localPref)));
    await this.#arrival(joiners, 'announced', routes);
    for (const receiver of this.#receivers) receiver.expect(localPref);
    const before = residentOctets(this.#pids);
    const built = joiners.map((_, i) =>
      this.#loads.announcements({ ...this.#load, sender: i + 1, localPref: localPref - 10 }),
    );
    const watch = stopwatch(this.#pids);
    for (const [i, joiner] of joiners.entries()) {
      joiner.send(built[i]!.bytes);
      joiner.send(announcement(this.#load, routes + i));
    }
    const taken = this.#arrival(this.#receivers, 'announced', joiners.length);
    this.#progress = () => `the paths of ${this.#receivers[0]!.tally.announced} of ${joiners.length} peers`;
    await taken;
    const spent = watch();
    const paths = joiners.length * routes;
    const wrong = this.#receivers
      .filter(({ tally }) => tally.announced !== joiners.length)
      .map(({ tally }) => `${tally.announced} announced, not ${joiners.length}`);
    const resident = residentOctets(this.#pids);
    return {
      ...unmeasured,
      phase: 'further-paths',
      routes: paths,
      seconds: spent.seconds,
      cpuSeconds: spent.cpu,
      noisy: spent.noisy,
      residentOctets: resident,
      octetsPerRoute: (resident - before) / paths,
      wrong: wrong.join('; '),
    };
  }

  async 'peer-down'(): Promise<Measured> {
    const { expected } = this.#loads.withdrawals(this.#load);
    for (const receiver of this.#receivers) receiver.expect(0);
    const before = residentOctets(this.#pids);
    const watch = stopwatch(this.#pids);
    for (const sender of this.#senders) sender.close();
    await this.#arrival(this.#receivers, 'withdrawn', expected.count);
    const spent = watch();
    await sleep(RETURN_MILLISECONDS);
    const result = this.#result('peer-down', expected, this.#receivers, 'withdrawn', spent);
    return { ...result, returnedOctets: before - result.residentOctets };
  }

  async #announce(phase: Phase, load: RouteLoad): Promise<Measured> {
    const built = this.#senders.map((_, sender) => this.#loads.announcements({ ...load, sender }));
    const { expected } = built[0]!;
    for (const receiver of this.#receivers) receiver.expect(load.localPref);
    const growth: GrowthMark[] = [];
    const marks = this.#workload.marks.filter((mark) => mark < load.routes);
    const watch = stopwatch(this.#pids);
    const start = performance.now();
    const note = (): void => {
      if (!(this.#receivers[0]!.tally.announced >= marks[0]!)) return;
      const seconds = (performance.now() - start) / 1000;
      growth.push({ routes: marks.shift()!, seconds, residentOctets: residentOctets(this.#pids) });
    };
    for (const [i, sender] of this.#senders.entries()) sender.send(built[i]!.bytes);
    await this.#arrival(this.#receivers, 'announced', expected.count, note);
    const result = this.#result(phase, expected, this.#receivers, 'announced', watch());
    return {
      ...result,
      growth,
      octetsPerRoute:
        phase === 'announce' ? (result.residentOctets - this.#idleOctets) / expected.count : Number.NaN,
    };
  }

  /** Resolves when every receiver has counted so many NLRI; rejects when the device or a session is gone. */
  #arrival(
    receivers: readonly BgpClient[],
    what: Counted,
    count: number,
    note: () => void = () => {},
  ): Promise<void> {
    this.#progress = () => {
      const least = Math.min(...receivers.map(({ tally }) => tally[what]));
      return `${least.toLocaleString('en')} of ${count.toLocaleString('en')} routes`;
    };
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearInterval(guard);
        for (const receiver of receivers) receiver.onProgress = undefined;
        if (error) reject(error);
        else resolve();
      };
      const guard = setInterval(() => {
        if (!this.#device.running) finish(new Error('the device ended'));
      }, 500);
      const isDone = (): boolean => receivers.every(({ tally }) => tally[what] >= count);
      for (const receiver of receivers) {
        receiver.onProgress = () => {
          note();
          if (receiver.tally[what] >= count && isDone()) finish();
        };
        receiver.onClose = (why) => finish(new Error(`session lost: ${why}`));
      }
      if (isDone()) finish();
    });
  }

  #result(
    phase: Phase,
    expected: Expectation,
    receivers: readonly BgpClient[],
    what: Counted,
    { seconds, cpu, noisy }: Spent,
  ): Measured {
    const tally = receivers[0]!.tally;
    return {
      ...unmeasured,
      phase,
      routes: expected.count,
      seconds,
      cpuSeconds: cpu,
      updatesOut: tally.updates,
      octetsOut: tally.octets,
      residentOctets: residentOctets(this.#pids),
      wrong: faults(expected, receivers, what, this.#senders.length === 1),
      noisy,
    };
  }

  #latency(
    phase: Phase,
    changes: number,
    wanted: number,
    times: readonly number[],
    { seconds, cpu, noisy }: Spent,
  ): Measured {
    return {
      ...unmeasured,
      phase,
      routes: changes,
      seconds,
      cpuSeconds: cpu,
      residentOctets: residentOctets(this.#pids),
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      wrong: times.length === wanted ? '' : `${times.length} arrived, not ${wanted}`,
      noisy,
    };
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
