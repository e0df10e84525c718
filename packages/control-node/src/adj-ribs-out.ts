/** What a BGP peer is told, family by family, while its session is up. */
import { type Negotiated, OutgoingFamily, type Session } from '@vaportrail/bgp';
import type { FamilyName } from '@vaportrail/bgp/wire';
import type { Timer } from '@vaportrail/net';
import type { Membership, Source } from '@vaportrail/rib';
import { addPathsSent } from '@vaportrail/show';

import type { BgpPeerOwner } from './bgp-peer.ts';
import type { BgpPeerConfig, PeerFamily } from './config.ts';
import { exportPolicy, peerRole } from './peer-policy.ts';

/** Milliseconds to wait for a peer's route targets before its VPN routes are sent anyway. @see RFC 4684 §6 */
const ROUTE_TARGET_WAIT = 30_000;

/** One for a peer, for all its sessions; between {@link close} and {@link open} nobody is told anything. */
export class AdjRibsOut {
  readonly #config: BgpPeerConfig;
  readonly #session: Session;
  readonly #owner: BgpPeerOwner;
  readonly #memberships = new Map<FamilyName, Membership>();
  #routeTargetTimer: Timer | undefined;

  constructor(config: BgpPeerConfig, session: Session, owner: BgpPeerOwner) {
    this.#config = config;
    this.#session = session;
    this.#owner = owner;
  }

  /** By family, how it is told routes. */
  get memberships(): ReadonlyMap<FamilyName, Membership> {
    return this.#memberships;
  }

  /** The session is up: all families are told, those of VPNs once the peer has said which route targets it wants. */
  open(negotiated: Negotiated, source: Source): void {
    // A peer without the capability sends no End-of-RIB. Its route targets take effect whenever they come.
    const marksEnd = negotiated.capabilities.some(({ type }) => type === 'graceful-restart');
    const constrained = negotiated.families.includes('route-target') && marksEnd;
    for (const family of negotiated.families) {
      if (!constrained || !isVpn(family)) this.#tell(family, negotiated, source);
    }
    if (!constrained) return;
    this.#routeTargetTimer = this.#owner.clock.after(ROUTE_TARGET_WAIT, () =>
      this.tellVpnFamilies(negotiated, source),
    );
  }

  /** Its route targets are known. */
  tellVpnFamilies(negotiated: Negotiated, source: Source): void {
    this.#routeTargetTimer?.cancel();
    for (const family of negotiated.families) if (isVpn(family)) this.#tell(family, negotiated, source);
  }

  /** It has read what was queued for it. */
  ready(): void {
    for (const membership of this.#memberships.values()) membership.ready();
  }

  /** The session is over. */
  close(): void {
    this.#routeTargetTimer?.cancel();
    for (const membership of this.#memberships.values()) membership.leave();
    this.#memberships.clear();
  }

  #tell(family: FamilyName, negotiated: Negotiated, source: Source): void {
    const table = this.#owner.table(family);
    if (this.#memberships.has(family) || table === undefined) return;
    const outgoing = new OutgoingFamily(family, negotiated, source, this.#session, this.#owner.monitor);
    const group = this.#owner.rib.updateGroup({
      ...outgoing.format,
      table,
      localAsn: this.#owner.config.asn,
      aigp: this.#config.aigp,
      longLived: negotiated.longLived !== undefined,
      ...peerRole(this.#config, negotiated),
      exportPolicy: exportPolicy(this.#config, family, !negotiated.internal),
      // A reflector does not give a route back to those who have it. But that a peer wants a target does not tell it that
      // we want it too. @see RFC 4684 §3.2
      sparesSuppliers: this.#owner.config['cluster-id'] !== undefined && family !== 'route-target',
      ...(negotiated.addPath.send.includes(family) && {
        paths: addPathsSent((this.#config['add-path'] ?? {})[family as PeerFamily]),
      }),
    });
    this.#memberships.set(family, group.join(outgoing));
  }
}

/** Families whose routes a peer may constrain by route target. */
function isVpn(family: FamilyName): boolean {
  return family.endsWith('-vpn') || family === 'inet-mvpn';
}
