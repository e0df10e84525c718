/** What an operator asks of one session: what both speakers said, what holds, and how it came and went. */
import { HEADER_OCTETS } from '../wire/header.ts';
import { capabilityText } from '../wire/capability-text.ts';
import { decodeOpen, type Open } from '../wire/open.ts';
import type { Session } from './session.ts';

/** Times in seconds; what only two can agree on is absent unless the session is Established. */
export interface SessionDetail {
  /** Hold times as the two offered them. */
  readonly holdTimes: { readonly ours: number; readonly theirs?: number };
  readonly keepalive?: number;
  readonly connectRetry: number;
  readonly localPort?: number;
  readonly remotePort: number;
  readonly ttlSecurity?: number;
  readonly capabilitiesSent?: readonly string[];
  readonly capabilitiesReceived?: readonly string[];
  readonly refreshesSent: number;
  readonly refreshesReceived: number;
  /** How the last session ended that was Established. */
  readonly lastReset?: { readonly at: string; readonly because: string };
}

/** Reads it from a session, as of now. */
export function sessionDetail(session: Session): SessionDetail {
  const { config, negotiated, opens, endpoints, counters, lostAt, lastLoss } = session;
  const received = opens && openOf(opens.received);
  return {
    holdTimes: { ours: config.holdTime, ...(received && { theirs: received.holdTime }) },
    ...(negotiated && { keepalive: Math.floor(negotiated.holdTime / 3) }),
    connectRetry: config.connectRetry,
    ...(endpoints && { localPort: endpoints.local.port }),
    remotePort: endpoints?.remote.port ?? config.peer.port ?? 179,
    ...(config.ttlSecurity !== undefined && { ttlSecurity: config.ttlSecurity }),
    ...(opens && { capabilitiesSent: openOf(opens.sent).capabilities.map(capabilityText) }),
    ...(received && { capabilitiesReceived: received.capabilities.map(capabilityText) }),
    refreshesSent: counters.sent.routeRefresh,
    refreshesReceived: counters.received.routeRefresh,
    ...(lastLoss &&
      lostAt !== undefined && {
        lastReset: { at: new Date(lostAt).toISOString(), because: lastLoss.text },
      }),
  };
}

/** @param message a whole one, which was good when the session came up */
function openOf(message: Uint8Array): Open {
  return decodeOpen(message, HEADER_OCTETS, message.length);
}
