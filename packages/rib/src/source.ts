/** Where paths come from: a BGP session, an agent, this router itself. */
import type { FamilyName, UpdateProblem } from '@vaportrail/bgp/wire';
import type { ImportPolicy } from './policy.ts';
import type { Role } from './route-leak.ts';
import type { Table } from './table.ts';

/** What kind of speaker a path comes from. */
export type SourceProtocol = 'bgp' | 'xmpp' | 'local' | 'static' | 'aggregate' | 'service-chain';

/** Who it is, and what is to become of what it sends. */
export interface SourceOptions {
  /** For people; need not be unique. */
  readonly name: string;
  readonly protocol: SourceProtocol;
  /** Address of the peer, four or sixteen octets; the last tie-breaker. Empty for this router. */
  readonly address?: Uint8Array;
  /** BGP identifier as an unsigned number; the address of an agent. */
  readonly routerId?: number;
  /** AS of the peer, 0 for agents. */
  readonly asn?: number;
  /** The peer is in our AS. */
  readonly internal?: boolean;
  /** We are its route reflector. @see RFC 4456 §6 */
  readonly client?: boolean;
  /** Route preference of its paths where the rule set compares one; that of the protocol unless stated. */
  readonly preference?: number;
  /** AS_PATH on this session has four-octet AS numbers; true unless stated. */
  readonly asn4?: boolean;
  /** Families in which the peer sends path identifiers. @see RFC 7911 §3 */
  readonly addPath?: readonly FamilyName[];
  /** Tables its NLRI go to, where not the main tables of the `Rib`: the VRF of a customer edge. */
  readonly tables?: { readonly [N in FamilyName]?: Table };
  readonly importPolicy?: ImportPolicy;
  /** AIGP is taken from it; from peers in our AS unless stated. @see RFC 7311 §3.3 */
  readonly aigp?: boolean;
  /** What the peer is to us; guards unicast routes against leaks. @see RFC 9234 */
  readonly peerRole?: Role;
  /** Called when an UPDATE turns out to be an End-of-RIB, after what came before it is in the tables. */
  readonly endOfRib?: (family: FamilyName) => void;
}

/** What a `Rib` does on behalf of its sources. */
export interface SourceActions {
  receiveUpdate(source: Source, bytes: Uint8Array, start: number, end: number): readonly UpdateProblem[];
  markStale(source: Source, family: FamilyName | undefined): void;
  markLongLived(source: Source): void;
  sweep(source: Source, family: FamilyName | undefined): void;
  flush(source: Source, family: FamilyName | undefined): void;
}

/** Made by `Rib.addSource`. */
export class Source {
  readonly name: string;
  readonly protocol: SourceProtocol;
  readonly address: Uint8Array;
  readonly routerId: number;
  readonly asn: number;
  readonly internal: boolean;
  readonly client: boolean;
  readonly preference: number | undefined;
  readonly asn4: boolean;
  readonly addPath: readonly FamilyName[];
  readonly tables: { readonly [N in FamilyName]?: Table };
  readonly importPolicy: ImportPolicy | undefined;
  readonly aigp: boolean;
  readonly peerRole: Role | undefined;
  readonly endOfRib: ((family: FamilyName) => void) | undefined;
  /** @internal Number in the packed records. */
  readonly number: number;
  readonly #actions: SourceActions;

  /** @internal */
  constructor(options: SourceOptions, number: number, actions: SourceActions) {
    this.name = options.name;
    this.protocol = options.protocol;
    this.address = options.address ?? new Uint8Array(0);
    this.routerId = options.routerId ?? 0;
    this.asn = options.asn ?? 0;
    this.internal = options.internal ?? false;
    this.client = options.client ?? false;
    this.preference = options.preference;
    this.asn4 = options.asn4 ?? true;
    this.addPath = options.addPath ?? [];
    this.tables = options.tables ?? {};
    this.importPolicy = options.importPolicy;
    this.aigp = options.aigp ?? this.internal;
    this.peerRole = options.peerRole;
    this.endOfRib = options.endOfRib;
    this.number = number;
    this.#actions = actions;
  }

  /**
   * Takes one whole UPDATE, header included, from `bytes[start…end)`; nothing of it is kept by reference.
   *
   * The routes are in the tables after the next drain. Routes to be treated as withdrawn are, attributes to be discarded
   * are: the caller acts on problems of approach `session-reset` and `afi-safi-disable` and logs the others.
   * @returns what is wrong with the message, most often nothing
   */
  receiveUpdate(bytes: Uint8Array, start: number, end: number): readonly UpdateProblem[] {
    return this.#actions.receiveUpdate(this, bytes, start, end);
  }

  /**
   * Marks its paths stale, or those of one family: the session is gone but may come back, or the peer begins to send the
   * family again. @see RFC 4724 §4.2, RFC 7313 §4.2
   */
  markStale(family?: FamilyName): void {
    this.#actions.markStale(this, family);
  }

  /** Makes its stale paths long-lived stale, the least preferred, and removes those with NO_LLGR. @see RFC 9494 §4.3 */
  markLongLived(): void {
    this.#actions.markLongLived(this);
  }

  /** Removes the paths that are still stale, of one family or of all. */
  sweep(family?: FamilyName): void {
    this.#actions.sweep(this, family);
  }

  /** Removes its paths, of one family or of all. */
  flush(family?: FamilyName): void {
    this.#actions.flush(this, family);
  }
}
