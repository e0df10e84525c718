/**
 * One family of an established session as it goes out: what both sides have agreed on for its UPDATEs, and their way to
 * the peer, past the monitor. It is what an update group needs of a member.
 */
import type { FamilyName } from '../families/table.ts';
import { endOfRib } from '../session/end-of-rib.ts';
import type { Negotiated } from '../session/negotiate.ts';
import type { Session } from '../session/session.ts';
import type { SessionMonitor } from './session-monitor.ts';

/** What UPDATEs to a peer may look like; peers with whom it is the same can be sent the same octets. */
export interface AgreedFormat {
  readonly internal: boolean;
  readonly asn4: boolean;
  readonly extendedMessage: boolean;
  /** IPv4 routes of the family may have an IPv6 next hop. @see RFC 8950 */
  readonly extendedNextHop: boolean;
}

/** Lives for as long as the session stays Established. */
export class OutgoingFamily<Source> {
  /** The peer as a source of paths. */
  readonly source: Source;
  /** The peer is sent only the VPN routes whose route targets it asked for. @see RFC 4684 */
  readonly filterByRouteTarget: boolean;
  readonly format: AgreedFormat;
  readonly #family: FamilyName;
  readonly #session: Session;
  readonly #monitor: SessionMonitor;

  constructor(
    family: FamilyName,
    negotiated: Negotiated,
    source: Source,
    session: Session,
    monitor: SessionMonitor,
  ) {
    const { internal, asn4, extendedMessage, extendedNextHop, families } = negotiated;
    this.source = source;
    this.filterByRouteTarget = families.includes('route-target');
    this.format = { internal, asn4, extendedMessage, extendedNextHop: extendedNextHop.includes(family) };
    this.#family = family;
    this.#session = session;
    this.#monitor = monitor;
  }

  /** Octets queued for the peer, of all its families. */
  get backlog(): number {
    return this.#session.backlog;
  }

  /** Sends whole messages. The buffers must not change until `sent` is called. */
  send(buffers: readonly Uint8Array[], sent?: () => void): void {
    this.#monitor.sent(this.#session, buffers);
    this.#session.write(buffers, sent);
  }

  /** The peer has been told all there is of the family: sends the End-of-RIB. @see RFC 4724 §2 */
  synchronised(): void {
    this.send([endOfRib(this.#family)]);
  }
}
