/** A session whose handlers write down what happens, for tests against routers nobody here wrote. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Session,
  type Negotiated,
  type SessionDown,
  type SessionEnd,
  type SessionSettings,
} from '@vaportrail/bgp';
import { copyOctets, parseIpv4, type Clock } from '@vaportrail/net';

export class RecordedSession {
  readonly session: Session;
  readonly established: Negotiated[] = [];
  readonly downs: SessionDown[] = [];
  readonly failures: SessionEnd[] = [];
  readonly refreshes: string[] = [];
  /** Every UPDATE received, copied. */
  readonly updates: Uint8Array[] = [];

  constructor(settings: SessionSettings, clock?: Clock) {
    this.session = new Session(
      settings,
      {
        established: (negotiated) => void this.established.push(negotiated),
        update: (bytes, start, end) => void this.updates.push(copyOctets(bytes, start, end)),
        routeRefresh: (family, subtype) => void this.refreshes.push(`${family} ${subtype}`),
        down: (end) => void this.downs.push(end),
        failed: (end) => void this.failures.push(end),
      },
      clock,
    );
  }

  /** Waits until the session is Established. */
  async up(milliseconds = 10_000): Promise<Negotiated> {
    await this.until('Established', () => this.session.state === 'Established', milliseconds);
    return this.session.negotiated!;
  }

  /** Waits until a condition holds. @throws Error telling how the session stands instead */
  async until(what: string, holds: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (!(await holds())) {
      if (Date.now() > deadline) {
        const { state, lastEnd } = this.session;
        throw new Error(
          `not within ${milliseconds} ms: ${what}; the session is ${state}, last: ${lastEnd?.text}`,
        );
      }
      await sleep(20);
    }
  }
}

/** Who we are in these tests. */
export const us = { asn: 64512, routerId: parseIpv4('10.0.0.1') } as const;
