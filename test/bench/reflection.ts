/** One repetition of one workload on one device: a fresh process, sessions, and the phases in order. */
import { BgpClient } from './bgp-client.ts';
import { ASN, Device, type DeviceName } from './device.ts';
import { cpuSeconds, machineCpuSeconds, residentOctets } from './process-usage.ts';
import { announcements, withdrawals, type BuiltLoad, type RouteLoad } from './route-load.ts';
import { quantile } from './statistics.ts';
import type { Phase, Workload } from './workload.ts';

const DEVICE_ADDRESS = '127.0.0.200';
/** FRR delays the first run of a new update group; everybody waits the same. */
const SETTLE_MILLISECONDS = 1500;
const STALL_MILLISECONDS = 60_000;
/** A phase that takes longer is given up: the device is far slower than its rows say. */
const PHASE_MILLISECONDS = 180_000;
const IDLE_CHANGES = 200;
const PACED_PER_SECOND = 2000;
const PACED_SECONDS = 3;
/** More CPU than this share, burnt by anybody else, makes a measurement noisy. */
const NOISE_SHARE = 0.1;

export interface Measurement {
  readonly phase: Phase;
  readonly routes: number;
  /** First octet sent → last NLRI at the last receiver. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly updatesOut: number;
  readonly octetsOut: number;
  readonly residentOctets: number;
  /** Resident octets a route above the idle process; only behind an announcement. */
  readonly octetsPerRoute: number;
  readonly p50: number;
  readonly p99: number;
  /** Empty when everything expected arrived and nothing else. */
  readonly wrong: string;
  readonly noisy: boolean;
  /** Milliseconds the event loop of the device did not come round at the most; NaN for other daemons. */
  readonly stall: number;
}

/** What a phase itself can tell. */
type Measured = Omit<Measurement, 'stall'>;

let nextPort = 20_000 + (process.pid % 500) * 20;

/** Runs all phases of a workload; throws when the device does not come up or loses a session. */
export async function runOnce(name: DeviceName, workload: Workload): Promise<Measurement[]> {
  const addresses = (count: number, net: number): string[] =>
    Array.from({ length: count }, (_, i) => `127.${net}.${i >> 7}.${(i & 127) + 1}`);
  const senderAddresses = addresses(workload.senders, 1);
  const receiverAddresses = addresses(workload.receivers, 2);
  const late = '127.3.0.1';
  const port = (nextPort += 4);
  const device = Device.start(name, DEVICE_ADDRESS, port, [...senderAddresses, ...receiverAddresses, late]);
  const clients: BgpClient[] = [];
  const open = async (address: string, verify: boolean): Promise<BgpClient> => {
    const client = new BgpClient({ address, peer: { address: DEVICE_ADDRESS, port }, asn: ASN, verify });
    clients.push(client);
    await client.establish();
    return client;
  };
  try {
    const senders = await Promise.all(senderAddresses.map((address) => open(address, false)));
    const receivers = await Promise.all(receiverAddresses.map((address, i) => open(address, i === 0)));
    await sleep(SETTLE_MILLISECONDS);
    const run = new Repetition(device, workload, senders, receivers, () => open(late, true));
    const measured: Measurement[] = [];
    for (const phase of workload.phases) {
      await device.longestStall();
      const result = await run[phase]();
      measured.push({ ...result, stall: await device.longestStall() });
    }
    return measured;
  } catch (error) {
    throw new Error(
      `${name}: ${(error as Error).message}${device.running ? '' : ` (it ended) ${device.output}`}`,
      {
        cause: error,
      },
    );
  } finally {
    for (const client of clients) client.close();
    await device.stop();
  }
}

class Repetition implements Record<Phase, () => Promise<Measured>> {
  readonly #device: Device;
  readonly #workload: Workload;
  readonly #senders: readonly BgpClient[];
  readonly #receivers: readonly BgpClient[];
  readonly #join: () => Promise<BgpClient>;
  readonly #idleOctets: number;
  readonly #pids: readonly number[];

  constructor(
    device: Device,
    workload: Workload,
    senders: readonly BgpClient[],
    receivers: readonly BgpClient[],
    join: () => Promise<BgpClient>,
  ) {
    this.#device = device;
    this.#workload = workload;
    this.#senders = senders;
    this.#receivers = receivers;
    this.#join = join;
    this.#pids = device.pids;
    this.#idleOctets = residentOctets(this.#pids);
  }

  announce(): Promise<Measured> {
    return this.#send('announce', this.#workload.load);
  }

  change(): Promise<Measured> {
    return this.#send('change', { ...this.#workload.load, localPref: this.#workload.load.localPref + 50 });
  }

  async withdraw(): Promise<Measured> {
    const built = withdrawals(this.#workload.load);
    for (const receiver of this.#receivers) receiver.expect(0);
    return this.#timed('withdraw', built, this.#receivers, 'withdrawn', () => {
      for (const sender of this.#senders) sender.send(built.bytes);
    });
  }

  async 'late-joiner'(): Promise<Measured> {
    const built = announcements(this.#workload.load);
    const watch = this.#watch();
    const joiner = await this.#join();
    joiner.expectedLocalPref = this.#workload.load.localPref;
    await this.#arrival([joiner], 'announced', built.expected.count);
    return this.#result('late-joiner', built, [joiner], 'announced', watch());
  }

  async 'idle-latency'(): Promise<Measured> {
    const { load } = this.#workload;
    const receiver = this.#receivers[0]!;
    const watch = this.#watch();
    const times: number[] = [];
    for (let i = 0; i < IDLE_CHANGES; i++) {
      const built = announcements({ ...load, routes: 1, localPref: load.localPref + 1 + (i & 1) });
      const arrived = new Promise<void>((resolve) => {
        receiver.onRoute = () => resolve();
      });
      const sent = performance.now();
      this.#senders[0]!.send(built.bytes);
      await arrived;
      times.push(performance.now() - sent);
      await sleep(1);
    }
    receiver.onRoute = undefined;
    // The others may get the last change later, and must not count it in the next phase.
    await sleep(100);
    return this.#latency('idle-latency', IDLE_CHANGES, times, watch());
  }

  async 'paced-latency'(): Promise<Measured> {
    const { load } = this.#workload;
    const changes = PACED_PER_SECOND * PACED_SECONDS;
    const sent = new Float64Array(changes);
    const updates: Uint8Array[] = [];
    for (let i = 0; i < changes; i++)
      updates.push(singleRoute({ ...load, localPref: load.localPref + 7 }, i));
    const times: number[] = [];
    for (const receiver of this.#receivers) {
      receiver.onRoute = (distinguisher, prefix) => {
        times.push(performance.now() - sent[distinguisher * 100 + ((prefix >> 8) & 0xff)]!);
      };
    }
    const watch = this.#watch();
    const start = performance.now();
    for (let i = 0; i < changes;) {
      const due = Math.min(changes, Math.floor(((performance.now() - start) / 1000) * PACED_PER_SECOND) + 1);
      for (; i < due; i++) {
        sent[i] = performance.now();
        this.#senders[0]!.send(updates[i]!);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const until = performance.now() + 5000;
    while (times.length < changes * this.#receivers.length && performance.now() < until) await sleep(5);
    for (const receiver of this.#receivers) receiver.onRoute = undefined;
    return this.#latency('paced-latency', changes, times, watch());
  }

  async #send(phase: Phase, load: RouteLoad): Promise<Measured> {
    const built = this.#senders.map((_, sender) => announcements({ ...load, sender }));
    for (const receiver of this.#receivers) receiver.expect(load.localPref);
    return this.#timed(phase, built[0]!, this.#receivers, 'announced', () => {
      for (const [i, sender] of this.#senders.entries()) sender.send(built[i]!.bytes);
    });
  }

  async #timed(
    phase: Phase,
    built: BuiltLoad,
    receivers: readonly BgpClient[],
    what: 'announced' | 'withdrawn',
    start: () => void,
  ): Promise<Measured> {
    const watch = this.#watch();
    start();
    await this.#arrival(receivers, what, built.expected.count);
    return this.#result(phase, built, receivers, what, watch());
  }

  /** Resolves when every receiver has counted so many NLRI; rejects when nothing moves for a minute. */
  #arrival(receivers: readonly BgpClient[], what: 'announced' | 'withdrawn', count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let moved = performance.now();
      const begun = moved;
      const done = (): boolean => receivers.every((receiver) => receiver.tally[what] >= count);
      const finish = (error?: Error): void => {
        clearInterval(guard);
        for (const receiver of receivers) receiver.onProgress = undefined;
        if (error) reject(error);
        else resolve();
      };
      const guard = setInterval(() => {
        const counts = receivers.map((receiver) => receiver.tally[what]);
        if (!this.#device.running) finish(new Error('the device ended'));
        else if (performance.now() - moved > STALL_MILLISECONDS)
          finish(new Error(`stalled at ${counts.join(' ')} of ${count}`));
        else if (performance.now() - begun > PHASE_MILLISECONDS)
          finish(new Error(`at ${counts.join(' ')} of ${count} after ${PHASE_MILLISECONDS / 1000} s`));
      }, 500);
      for (const receiver of receivers) {
        receiver.onProgress = () => {
          moved = performance.now();
          if (receiver.tally[what] >= count && done()) finish();
        };
        receiver.onClose = (why) => finish(new Error(`session lost: ${why}`));
      }
      if (done()) finish();
    });
  }

  /** Starts the clocks; the function it gives stops them. */
  #watch(): () => { seconds: number; cpu: number; noisy: boolean } {
    const start = performance.now();
    const cpu = cpuSeconds(this.#pids);
    const own = process.cpuUsage();
    const machine = machineCpuSeconds();
    return () => {
      const seconds = (performance.now() - start) / 1000;
      const used = cpuSeconds(this.#pids) - cpu;
      const { user, system } = process.cpuUsage(own);
      const others = machineCpuSeconds() - machine - used - (user + system) / 1e6;
      return { seconds, cpu: used, noisy: others > Math.max(0.05, NOISE_SHARE * 2 * seconds) };
    };
  }

  #result(
    phase: Phase,
    { expected }: BuiltLoad,
    receivers: readonly BgpClient[],
    what: 'announced' | 'withdrawn',
    { seconds, cpu, noisy }: { seconds: number; cpu: number; noisy: boolean },
  ): Measured {
    const resident = residentOctets(this.#pids);
    const tally = receivers[0]!.tally;
    const wrong: string[] = [];
    // With several senders a route may be announced again when a better path arrives: then only the floor holds.
    const exact = this.#senders.length === 1;
    for (const [i, receiver] of receivers.entries()) {
      const count = receiver.tally[what];
      if (exact ? count !== expected.count : count < expected.count)
        wrong.push(`receiver ${i}: ${count} of ${expected.count}`);
    }
    const sum = what === 'announced' ? tally.announcedSum : tally.withdrawnSum;
    if (exact && sum !== expected.sum) wrong.push('content differs');
    if (tally.notReflected > 0)
      wrong.push(`${tally.notReflected} UPDATEs without ORIGINATOR_ID and CLUSTER_LIST`);
    if (tally.wrongLocalPref > 0) wrong.push(`${tally.wrongLocalPref} UPDATEs with another LOCAL_PREF`);
    return {
      phase,
      routes: expected.count,
      seconds,
      cpuSeconds: cpu,
      updatesOut: tally.updates,
      octetsOut: tally.octets,
      residentOctets: resident,
      octetsPerRoute: phase === 'announce' ? (resident - this.#idleOctets) / expected.count : Number.NaN,
      p50: Number.NaN,
      p99: Number.NaN,
      wrong: wrong.join('; '),
      noisy,
    };
  }

  #latency(
    phase: Phase,
    changes: number,
    times: readonly number[],
    { seconds, cpu, noisy }: { seconds: number; cpu: number; noisy: boolean },
  ): Measured {
    const wanted = phase === 'idle-latency' ? changes : changes * this.#receivers.length;
    return {
      phase,
      routes: changes,
      seconds,
      cpuSeconds: cpu,
      updatesOut: Number.NaN,
      octetsOut: Number.NaN,
      residentOctets: residentOctets(this.#pids),
      octetsPerRoute: Number.NaN,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      wrong: times.length === wanted ? '' : `${times.length} of ${wanted} arrived`,
      noisy,
    };
  }
}

/** The UPDATE of the single route number `route` of a load. */
function singleRoute(load: RouteLoad, route: number): Uint8Array {
  const { bytes } = announcements({ ...load, routes: 1 });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(bytes.length - 7, Math.floor(route / 100));
  view.setUint8(bytes.length - 2, route % 100);
  return bytes;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
