/** Routes announced and withdrawn, and End-of-RIB markers. */
interface RouteCounters {
  reach: number;
  unreach: number;
  endsOfRib: number;
}

/** What an agent said and was told in all its sessions. */
export class AgentCounters {
  readonly received: RouteCounters = { reach: 0, unreach: 0, endsOfRib: 0 };
  readonly sent: RouteCounters = { reach: 0, unreach: 0, endsOfRib: 0 };
  /** What it said or asked for and was dropped. */
  itemsDropped = 0;
  /** Of these, the ones of IPv6 by what was wrong. */
  readonly inet6Errors = { token: 0, family: 0, prefix: 0, 'next-hop': 0 };
}
