/** What is measured in one phase of one repetition. */
import type { BgpClient } from './bgp-client.ts';
import type { Expectation } from './route-load.ts';
import type { Phase } from './workload.ts';

/** What of the tally of a receiver counts in a phase. */
export type Counted = 'announced' | 'withdrawn';

export interface Measurement {
  readonly phase: Phase;
  readonly routes: number;
  /** First octet sent → last NLRI at the last receiver. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly updatesOut: number;
  readonly octetsOut: number;
  readonly residentOctets: number;
  /** Resident octets a route above the idle process, or a further path above the routes; NaN in other phases. */
  readonly octetsPerRoute: number;
  /** Resident octets less than before the peer left; NaN in other phases. */
  readonly returnedOctets: number;
  /** Milliseconds of a change. */
  readonly p50: number;
  readonly p99: number;
  /** Empty when everything expected arrived and nothing else. */
  readonly wrong: string;
  readonly noisy: boolean;
  /** Milliseconds the event loop of the device did not come round at the most; NaN for other daemons. */
  readonly stall: number;
  /** Where the table was at the marks of the workload. */
  readonly growth: readonly GrowthMark[];
}

export interface GrowthMark {
  readonly routes: number;
  readonly seconds: number;
  readonly residentOctets: number;
}

/** What is not told of a phase. */
export const unmeasured = {
  updatesOut: Number.NaN,
  octetsOut: Number.NaN,
  octetsPerRoute: Number.NaN,
  returnedOctets: Number.NaN,
  p50: Number.NaN,
  p99: Number.NaN,
  growth: [],
} as const satisfies Partial<Measurement>;

/**
 * What receivers got that they should not, or did not get; empty when all is right.
 * @param exact with several senders a route may be announced again when a better path arrives: then only the floor holds
 */
export function faults(
  expected: Expectation,
  receivers: readonly BgpClient[],
  what: Counted,
  exact: boolean,
): string {
  const wrong: string[] = [];
  for (const [i, { tally }] of receivers.entries()) {
    const count = tally[what];
    if (exact ? count !== expected.count : count < expected.count)
      wrong.push(`receiver ${i}: ${count} of ${expected.count}`);
  }
  const { announcedSum, withdrawnSum, foreign, notReflected, wrongLocalPref } = receivers[0]!.tally;
  if (exact && (what === 'announced' ? announcedSum : withdrawnSum) !== expected.sum)
    wrong.push('content differs');
  if (foreign > 0) wrong.push(`${foreign} routes that nobody sent`);
  if (notReflected > 0) wrong.push(`${notReflected} UPDATEs without ORIGINATOR_ID and CLUSTER_LIST`);
  if (wrongLocalPref > 0) wrong.push(`${wrongLocalPref} UPDATEs with another LOCAL_PREF`);
  return wrong.join('; ');
}
