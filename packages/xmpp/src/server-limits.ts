/** How many agents and connections one server takes, in all and from one source, and what they hold together. */

/** What one server takes; each limit names its unit. */
export interface ServerLimits {
  /** Agents with a session; beyond it newcomers are refused. */
  readonly agents: number;
  /** Of one source, an IPv4 address or an IPv6 /64: without TLS anybody can be as many agents as he likes. */
  readonly agentsPerAddress: number;
  /** Connections that have not finished their header (and TLS). */
  readonly pending: number;
  /** Of one source. Agents behind one address speak at once, and those that had to make room come again. */
  readonly pendingPerAddress: number;
  /** Octets held of stanzas that have not come to an end, of all connections. */
  readonly unfinishedBytes: number;
}

/** The limits where nothing else is said. */
export const serverLimits: ServerLimits = {
  agents: 16_384,
  agentsPerAddress: 8192,
  pending: 4096,
  pendingPerAddress: 1024,
  unfinishedBytes: 64 * 1024 * 1024,
};
