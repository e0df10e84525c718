/** One repetition of one workload on one device: a fresh process, sessions, and the phases in order. */
import { BgpClient } from './bgp-client.ts';
import { ASN, type DaemonName } from './daemons.ts';
import { Device } from './device.ts';
import type { Measurement } from './measurement.ts';
import { Repetition } from './repetition.ts';
import type { BuiltLoads } from './route-load.ts';
import { type Phase, type Workload, isLatency } from './workload.ts';

const DEVICE_ADDRESS = '127.0.0.200';
/** FRR delays the first run of a new update group; everybody waits the same. */
const SETTLE_MILLISECONDS = 1500;
/** Peers that come in the middle of a workload. */
const LATER_ADDRESSES = ['127.3.0.1', '127.3.0.2', '127.3.0.3'];

export interface RepetitionResult {
  readonly measured: readonly Measurement[];
  /** The phase that took longer than it may; it and those behind it were not measured. */
  readonly unfinished?: { readonly phase: Phase; readonly because: string };
}

let nextPort = 20_000 + (process.pid % 500) * 20;

/**
 * Runs all phases of a workload.
 * @param seconds that a phase may take
 * @throws Error when the device does not come up or loses a session
 */
export async function runOnce(
  name: DaemonName,
  workload: Workload,
  loads: BuiltLoads,
  seconds: number,
): Promise<RepetitionResult> {
  const addresses = (count: number, net: number): string[] =>
    Array.from({ length: count }, (_, i) => `127.${net}.${i >> 7}.${(i & 127) + 1}`);
  const senderAddresses = addresses(workload.senders, 1);
  const receiverAddresses = addresses(workload.receivers, 2);
  const port = (nextPort += 4);
  const peers = [...senderAddresses, ...receiverAddresses, ...LATER_ADDRESSES];
  const device = Device.start(name, DEVICE_ADDRESS, port, peers);
  const clients: BgpClient[] = [];
  const open = async (address: string, verify: boolean, localPref = 0): Promise<BgpClient> => {
    const client = new BgpClient({ address, peer: { address: DEVICE_ADDRESS, port }, asn: ASN, verify });
    client.expectedLocalPref = localPref;
    clients.push(client);
    await client.establish();
    return client;
  };
  try {
    const senders = await Promise.all(senderAddresses.map((address) => open(address, false)));
    const receivers = await Promise.all(receiverAddresses.map((address, i) => open(address, i === 0)));
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
    const joiners = LATER_ADDRESSES.map((address, i) => async (localPref: number) => {
      return open(address, i === 0, localPref);
    });
    const run = new Repetition({ device, workload, loads, senders, receivers, joiners });
    const measured: Measurement[] = [];
    for (const phase of workload.phases) {
      // The watch looks every millisecond, and a single change would have to wait for that.
      const isWatched = !isLatency(phase);
      if (isWatched) await device.watch();
      const result = await within(seconds, run[phase]());
      if (result === undefined) {
        const because = `did not finish in ${seconds} s (${run.progress})`;
        return { measured, unfinished: { phase, because } };
      }
      measured.push({ ...result, stall: isWatched ? await device.longestStall() : Number.NaN });
    }
    return { measured };
  } catch (error) {
    const end = device.running ? '' : ` (it ended) ${device.output}`;
    throw new Error(`${name}: ${(error as Error).message}${end}`, { cause: error });
  } finally {
    for (const client of clients) client.close();
    await device.stop();
  }
}

/** What the work comes to; `undefined` when it takes longer. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, undefined);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
