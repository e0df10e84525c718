/** What the lab asks of any router it peers with, whoever wrote it. */

import type { Found } from '../daemon-process.ts';

/** One path as a peer itself reports it, in the words all peers share. */
export interface PeerPath {
  /** Route distinguisher the path arrived with; null when the peer cannot tell. */
  readonly rd: string | null;
  readonly prefix: string;
  readonly nextHop: string;
  /** MPLS label of the path; null when the peer does not print labels. */
  readonly label: number | null;
  /** `500:500`, sorted. */
  readonly routeTargets: readonly string[];
  readonly localPref: number | null;
  readonly med: number | null;
  readonly best: boolean;
  /** Whether the peer forwards over this path together with others. */
  readonly multipath: boolean;
  /** Why it is best or not, in the peer's own words; null when it gives none. */
  readonly reason: string | null;
}

/** A command given to the peer and what it printed. */
export interface Shown {
  readonly command: string;
  readonly output: string;
}

export interface Peer {
  readonly kind: 'frr' | 'gobgp' | 'bird' | 'gateway';
  /** Name, version and address in one line. */
  readonly title: string;
  /** Where it listens for BGP. */
  readonly address: string;
  readonly port: number;
  /** A command line to look around with while it runs; undefined when there is none. */
  readonly access: string | undefined;
  /** Paths for one prefix in the table a gateway would forward from. */
  paths(prefix: string): Promise<PeerPath[]>;
  /** Whether the session with a neighbour is Established. */
  established(neighbor: string): Promise<boolean>;
  /** The peer's own words about one prefix, for a person to read. */
  show(prefix: string): Promise<Shown>;
  /** Lets the peer use several paths, or one; yields the command, or undefined when the peer has no such knob. */
  setMultipath(on: boolean): Promise<string | undefined>;
  stop(): Promise<void>;
}

/** The path of a program. @throws PeerMissing when it was not found */
export function installed(found: Found): string {
  if (found.path === undefined) throw new PeerMissing(found.missing);
  return found.path;
}

/** A peer that cannot be had on this machine, and why. */
export class PeerMissing extends Error {
  override name = 'PeerMissing';
}
