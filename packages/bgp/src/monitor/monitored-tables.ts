/** What BMP stations may ask of the tables of whoever owns the sessions. */
import type { FamilyName } from '../families/table.ts';
import type { Session } from '../session/session.ts';

/** A routing instance whose best routes are reported; the global one has no distinguisher. @see RFC 9069 §4.1 */
export interface LocRibInstance {
  readonly name: string;
  /** The same for as long as it is the same instance, and not one made anew under its name. */
  readonly identity: object;
  readonly distinguisher?: Uint8Array;
  readonly families: readonly FamilyName[];
  /** UPDATEs that say what is there. */
  routes(): Iterable<Uint8Array>;
  /** UPDATEs that say what changes, from now on; the function it yields ends that. */
  follow(tell: (update: Uint8Array) => void): () => void;
}

/** The tables of whoever owns the sessions. */
export interface MonitoredTables {
  readonly routerId: number;
  readonly asn: number;
  /** UPDATEs that say what a session has told and not taken back. */
  routesOf(session: Session): Iterable<Uint8Array>;
  countOf(session: Session): number;
  /** Tells somebody what a session has been told, once for each family; undefined when it is not told anything. */
  observe(session: Session, observer: ToldObserver): ToldObservation | undefined;
  locRib(): readonly LocRibInstance[];
}

/** Who hears what a session has been told. */
export interface ToldObserver {
  /** Octets that wait for it: it is told more when there are few. */
  readonly backlog: number;
  /** Whole UPDATE messages, one or more in each buffer. */
  send(buffers: readonly Uint8Array[], sent: () => void): void;
  /** It has heard all that there is of a family. */
  synchronised(family: FamilyName): void;
}

/** An observation that goes on until it is left. */
export interface ToldObservation {
  /** What it will hear of. */
  readonly families: readonly FamilyName[];
  /** Its queue has become shorter. */
  ready(): void;
  leave(): void;
}
