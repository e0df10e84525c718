/** What has gone through a session since it was made. */

/** Messages by type and direction. */
export interface MessageCounts {
  open: number;
  update: number;
  notification: number;
  keepalive: number;
  routeRefresh: number;
}

/** Counts over all the times that a session was up. */
export interface SessionCounters {
  readonly received: MessageCounts;
  readonly sent: MessageCounts;
  octetsReceived: number;
  octetsSent: number;
  /** How often the session has become Established, and how often it has left it. */
  established: number;
  flaps: number;
}

/** All at zero. */
export function sessionCounters(): SessionCounters {
  return {
    received: noMessages(),
    sent: noMessages(),
    octetsReceived: 0,
    octetsSent: 0,
    established: 0,
    flaps: 0,
  };
}

function noMessages(): MessageCounts {
  return { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };
}
