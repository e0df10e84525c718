/** What two OPENs agree on: pure functions over the capabilities of both sides. */
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { addPathMode, bgpRole, encodeCapabilities, type Capability } from '../wire/capability.ts';
import { NotificationError, errorCode, openSubcode } from '../wire/notification.ts';
import type { Open } from '../wire/open.ts';
import type { SessionConfig } from './session-config.ts';

/** What holds for a session once both OPENs are there. */
export interface Negotiated {
  /** Families both sides announced, in our order. */
  readonly families: readonly FamilyName[];
  /** Families whose NLRI carry a path identifier, by direction as seen from us. @see RFC 7911 §4 */
  readonly addPath: { readonly send: readonly FamilyName[]; readonly receive: readonly FamilyName[] };
  /** AS numbers in AS_PATH and AGGREGATOR have four octets. @see RFC 6793 */
  readonly asn4: boolean;
  /** Messages may have up to 65,535 octets. @see RFC 8654 */
  readonly extendedMessage: boolean;
  readonly routeRefresh: boolean;
  readonly enhancedRefresh: boolean;
  /** IPv4 families whose next hop may be IPv6. @see RFC 8950 */
  readonly extendedNextHop: readonly FamilyName[];
  /** Seconds; 0 means that neither side sends KEEPALIVEs. */
  readonly holdTime: number;
  readonly gracefulRestart?: GracefulRestart;
  readonly longLived?: readonly LongLivedFamily[];
  /** Role of the peer, when it told one. @see RFC 9234 */
  readonly peerRole?: Role;
  readonly peerAsn: number;
  /** BGP Identifier of the peer. */
  readonly peerRouterId: number;
  /** The peer is in our AS. */
  readonly internal: boolean;
  /** Everything the peer announced, also what nobody knows. */
  readonly capabilities: readonly Capability[];
}

/** Graceful restart as the peer announced it, reduced to the families of the session. @see RFC 4724 §3 */
export interface GracefulRestart {
  /** The peer has restarted and waits for our End-of-RIB. */
  readonly restarting: boolean;
  /** Both sides keep routes also when a NOTIFICATION ended the session. @see RFC 8538 */
  readonly notification: boolean;
  /** Seconds within which the peer expects to be back. */
  readonly restartTime: number;
  /** `forwarding`: the peer still forwards along the routes it sent before. */
  readonly families: readonly { readonly family: FamilyName; readonly forwarding: boolean }[];
}

/** A family of long-lived graceful restart, as one side announces it. @see RFC 9494 §3 */
export interface LongLivedFamily {
  readonly family: FamilyName;
  readonly forwarding: boolean;
  /** Seconds for which stale routes may be kept beyond the restart time. */
  readonly staleTime: number;
}

/** What a speaker is to its peer. @see RFC 9234 §4.1 */
export type Role = keyof typeof bgpRole;

/** Pairs of roles that may face each other, ours first. @see RFC 9234 §4.2, Table 2 */
export const counterpart: Readonly<Record<Role, Role>> = {
  provider: 'customer',
  customer: 'provider',
  routeServer: 'routeServerClient',
  routeServerClient: 'routeServer',
  peer: 'peer',
};

/** The OPEN a speaker sends with this configuration; `restarting` when it has just come back. */
export function localOpen(
  config: SessionConfig,
  restarting: boolean = config.gracefulRestart?.restarting ?? false,
): Open {
  return {
    type: 'open',
    asn: config.local.asn,
    routerId: config.local.routerId,
    holdTime: config.holdTime,
    capabilities: localCapabilities(config, restarting),
  };
}

function localCapabilities(config: SessionConfig, restarting: boolean): Capability[] {
  const list: Capability[] = config.families.map((name) => ({ type: 'multiprotocol', ...afiSafi(name) }));
  if (config.routeRefresh) list.push({ type: 'route-refresh' });
  if (config.extendedNextHop.length > 0) {
    const entries = config.extendedNextHop.map((name) => ({ ...afiSafi(name), nextHopAfi: 2 }));
    list.push({ type: 'extended-next-hop', entries });
  }
  if (config.extendedMessages) list.push({ type: 'extended-message' });
  if (config.role !== undefined) list.push({ type: 'role', role: bgpRole[config.role] });
  const { restartTime = 0, families: kept = [] } = config.gracefulRestart ?? {};
  // Always sent: without families and with a restart time of 0 it says only that End-of-RIB is understood (RFC 4724 §4).
  list.push({
    type: 'graceful-restart',
    restarting,
    notification: kept.length > 0,
    restartTime,
    families: kept.map(({ family, forwarding }) => ({ ...afiSafi(family), forwarding })),
  });
  list.push({ type: 'four-octet-as', asn: config.local.asn });
  const addPath = config.families.flatMap((name) => {
    const mode = config.addPath[name];
    return mode === undefined ? [] : [{ ...afiSafi(name), mode: addPathMode[mode] }];
  });
  if (addPath.length > 0) list.push({ type: 'add-path', entries: addPath });
  if (config.routeRefresh) list.push({ type: 'enhanced-route-refresh' });
  if (config.longLived !== undefined) {
    const entries = config.longLived.map(({ family, ...rest }) => ({ ...afiSafi(family), ...rest }));
    list.push({ type: 'long-lived-graceful-restart', families: entries });
  }
  return list;
}

/**
 * What holds between us and a peer that sent `open`.
 * @throws NotificationError OPEN Message Error: bad peer AS, bad identifier, unsupported capability (with the
 *   capabilities that were missing as data), role mismatch. @see RFC 4271 §6.2, RFC 6286, RFC 5492 §3, RFC 9234 §4.2
 */
export function negotiate(config: SessionConfig, open: Open): Negotiated {
  const { local, peer } = config;
  const internal = open.asn === local.asn;
  if (peer.asn !== 'any' && open.asn !== peer.asn)
    throw refuse(openSubcode.badPeerAs, `the peer is in AS ${open.asn}, AS ${peer.asn} is configured`);
  // Between ASes equal identifiers are allowed (RFC 6286 §2.2).
  if (internal && open.routerId === local.routerId)
    throw refuse(openSubcode.badIdentifier, 'the peer has our own identifier');

  const offered = new Offer(open);
  const common = config.families.filter((name) => offered.has(name));
  if (common.length === 0) {
    const wanted: Capability[] = config.families.map((name) => ({ type: 'multiprotocol', ...afiSafi(name) }));
    throw refuse(openSubcode.unsupportedCapability, 'no family in common', encodeCapabilities(wanted));
  }
  const peerRole = checkRole(config, offered, internal);
  const gracefulRestart = offered.gracefulRestart(common, (config.gracefulRestart?.families.length ?? 0) > 0);
  const longLived = config.longLived === undefined ? undefined : offered.longLived(common);
  const addPath = offered.addPath();
  const { addPath: ours } = config;
  return {
    families: common,
    addPath: {
      send: common.filter((name) => mayReceive(addPath.get(name)) && maySend(ours[name])),
      receive: common.filter((name) => maySend(addPath.get(name)) && mayReceive(ours[name])),
    },
    asn4: offered.find('four-octet-as') !== undefined,
    extendedMessage: config.extendedMessages && offered.find('extended-message') !== undefined,
    routeRefresh: config.routeRefresh && offered.find('route-refresh') !== undefined,
    enhancedRefresh: config.routeRefresh && offered.find('enhanced-route-refresh') !== undefined,
    extendedNextHop: config.extendedNextHop.filter((name) => offered.extendedNextHop(name)),
    holdTime: Math.min(config.holdTime, open.holdTime),
    peerAsn: open.asn,
    peerRouterId: open.routerId,
    internal,
    capabilities: open.capabilities,
    ...(gracefulRestart === undefined ? {} : { gracefulRestart }),
    ...(longLived === undefined ? {} : { longLived }),
    ...(peerRole === undefined ? {} : { peerRole }),
  };
}

/** Looks things up in the capabilities of an OPEN. */
class Offer {
  readonly #capabilities: readonly Capability[];
  readonly #families: ReadonlySet<FamilyName>;

  constructor(open: Open) {
    this.#capabilities = open.capabilities;
    const names = open.capabilities.flatMap((capability) => {
      const name =
        capability.type === 'multiprotocol' ? familyOf(capability.afi, capability.safi) : undefined;
      return name === undefined ? [] : [name];
    });
    // A speaker without the multiprotocol capability speaks IPv4 unicast (RFC 4760 §8).
    const multiprotocol = open.capabilities.some((capability) => capability.type === 'multiprotocol');
    this.#families = new Set(multiprotocol ? names : ['inet']);
  }

  has(name: FamilyName): boolean {
    return this.#families.has(name);
  }

  find<T extends Capability['type']>(type: T): Extract<Capability, { type: T }> | undefined {
    // When a capability that has one instance comes twice, the last one counts (RFC 4724 §3, RFC 5492 §4 leave it open).
    return this.#capabilities.findLast(
      (capability): capability is Extract<Capability, { type: T }> => capability.type === type,
    );
  }

  /** ADD-PATH modes by family; a second entry for one family replaces the first. Values other than 1–3 are ignored. */
  addPath(): Map<FamilyName, AddPathMode> {
    const modes = new Map<FamilyName, AddPathMode>();
    for (const { afi, safi, mode } of this.find('add-path')?.entries ?? []) {
      const name = familyOf(afi, safi);
      const text = (['receive', 'send', 'both'] as const)[mode - 1];
      if (name !== undefined && text !== undefined) modes.set(name, text);
    }
    return modes;
  }

  extendedNextHop(name: FamilyName): boolean {
    const { afi, safi } = families[name];
    return (this.find('extended-next-hop')?.entries ?? []).some(
      (entry) => entry.afi === afi && entry.safi === safi && entry.nextHopAfi === 2,
    );
  }

  /** `ours`: we announced families, and with them that a NOTIFICATION need not lose routes. */
  gracefulRestart(common: readonly FamilyName[], ours: boolean): GracefulRestart | undefined {
    const capability = this.find('graceful-restart');
    if (capability === undefined) return undefined;
    return {
      restarting: capability.restarting,
      notification: ours && capability.notification,
      restartTime: capability.restartTime,
      families: capability.families.flatMap(({ afi, safi, forwarding }) => {
        const family = familyOf(afi, safi);
        return family !== undefined && common.includes(family) ? [{ family, forwarding }] : [];
      }),
    };
  }

  /** RFC 9494 §4.2: to be ignored without the graceful restart capability. */
  longLived(common: readonly FamilyName[]): LongLivedFamily[] | undefined {
    const capability = this.find('long-lived-graceful-restart');
    if (capability === undefined || this.find('graceful-restart') === undefined) return undefined;
    return capability.families.flatMap(({ afi, safi, forwarding, staleTime }) => {
      const family = familyOf(afi, safi);
      return family !== undefined && common.includes(family) ? [{ family, forwarding, staleTime }] : [];
    });
  }

  roles(): Set<number> {
    return new Set(
      this.#capabilities.flatMap((capability) => (capability.type === 'role' ? [capability.role] : [])),
    );
  }
}

/** `send`: several paths to the peer, `receive`: from it. @see RFC 7911 §4 */
export type AddPathMode = keyof typeof addPathMode;

function maySend(mode: AddPathMode | undefined): boolean {
  return mode === 'send' || mode === 'both';
}

function mayReceive(mode: AddPathMode | undefined): boolean {
  return mode === 'receive' || mode === 'both';
}

/** The role of the peer, if roles are in use. @see RFC 9234 §4.2 */
function checkRole(config: SessionConfig, offered: Offer, internal: boolean): Role | undefined {
  const { role, strictRole } = config;
  const told = offered.roles();
  if (role === undefined || internal) return undefined;
  if (told.size === 0) {
    if (strictRole) throw refuse(openSubcode.roleMismatch, 'the peer tells no role');
    return undefined;
  }
  const expected = counterpart[role];
  if (told.size > 1 || !told.has(bgpRole[expected]))
    throw refuse(openSubcode.roleMismatch, `we are its ${role}, the peer is not our ${expected}`);
  return expected;
}

function afiSafi(name: FamilyName): { afi: number; safi: number } {
  const { afi, safi } = families[name];
  return { afi, safi };
}

function refuse(subcode: number, because: string, data?: Uint8Array): NotificationError {
  return new NotificationError(errorCode.open, subcode, data, because);
}
