/** What a speaker tells a program. */
import type { FamilyName } from '../families/table.ts';
import type { Negotiated } from '../session/negotiate.ts';
import type { SessionDown, SessionEnd } from '../session/session-end.ts';
import type { UpdateProblem } from '../wire/update-problem.ts';
import type { Peer } from './peer.ts';
import type { LearnedRoute, Route } from './route.ts';

/** Events by name, each with one object. */
export interface SpeakerEvents {
  /** A session is up; the routes announced so far are on their way. */
  established: [{ readonly peer: Peer; readonly negotiated: Negotiated }];
  /** A peer has announced a route, or announced it anew. */
  route: [{ readonly peer: Peer; readonly route: LearnedRoute }];
  /** A peer has withdrawn a route, which is given as it was learned; also for each one when a session ends. */
  withdraw: [{ readonly peer: Peer; readonly route: LearnedRoute }];
  /** A peer has sent all its routes of a family. */
  endOfRib: [{ readonly peer: Peer; readonly family: FamilyName }];
  /** An UPDATE was wrong in a way that did not end the session. @see RFC 7606 */
  problem: [{ readonly peer: Peer; readonly problem: UpdateProblem }];
  /**
   * A route cannot be told to a peer, and has been withdrawn there: it does not fit into the messages agreed on (RFC 8654 §4), or
   * names no next hop where the address of the session is of another family.
   */
  unsent: [{ readonly peer: Peer; readonly route: Route; readonly because: string }];
  /** A peer has announced nearly as many prefixes of a family as it may. */
  manyPrefixes: [
    { readonly peer: Peer; readonly family: FamilyName; readonly count: number; readonly limit: number },
  ];
  /** Somebody who is no peer, or a peer at the wrong time, has connected and was refused. */
  refused: [{ readonly address: string; readonly because: string }];
  /** A session has ended. It is tried again unless it was stopped. */
  down: [{ readonly peer: Peer; readonly end: SessionDown }];
  /** An attempt at a session has failed. */
  failed: [{ readonly peer: Peer; readonly end: SessionEnd }];
}
