/** What a session is configured with, and what is assumed where nothing is said. */
import { isFamilyName, type FamilyName } from '../families/table.ts';
import { addPathMode } from '../wire/capability.ts';
import type { PrefixLimits } from './prefix-limit.ts';
import { MAX_PASSWORD } from './tcp-md5.ts';
import type { AddPathMode, LongLivedFamily, Role } from './negotiate.ts';

/** Our end of a session. */
export interface LocalSpeaker {
  readonly asn: number;
  /** BGP Identifier as an unsigned 32-bit number. */
  readonly routerId: number;
  /** Address to connect from; the kernel chooses one otherwise. */
  readonly address?: string;
}

/** The other end of a session. */
export interface PeerSpeaker {
  readonly address: string;
  /** Port to connect to, 179 unless given. */
  readonly port?: number;
  /** The AS the peer must be in. */
  readonly asn: number | 'any';
  /** Wait for the peer to connect. */
  readonly passive?: boolean;
}

/** What a speaker says when it can restart without its forwarding being disturbed. @see RFC 4724 */
export interface LocalGracefulRestart {
  /** Seconds after which the peer may give up, 1–4095. */
  readonly restartTime: number;
  readonly families: readonly { readonly family: FamilyName; readonly forwarding: boolean }[];
  /** We have just restarted and ask for the routes before we announce ours. */
  readonly restarting?: boolean;
}

/** Waiting times after failures, in seconds; each failure doubles `initial` up to `longest`. */
export interface IdleHold {
  readonly initial: number;
  readonly longest: number;
}

/** What a program says of a session; all but who speaks, and about what, has a default. */
export interface SessionSettings {
  readonly local: LocalSpeaker;
  readonly peer: PeerSpeaker;
  /** In the order of announcement; at least one. */
  readonly families: readonly FamilyName[];
  /** Seconds: 0, or 3–65535. */
  readonly holdTime?: number;
  /** Seconds a connection attempt may take; pauses between two grow to as much, but not beyond eight seconds. */
  readonly connectRetry?: number;
  /** Wait up to so many seconds for the peer's OPEN before sending ours; 0 sends at once. */
  readonly delayOpen?: number;
  readonly idleHold?: IdleHold;
  /** Seconds without the peer taking anything from a full connection until it is given up; 0 never. @see RFC 9687 */
  readonly sendHoldTime?: number;
  readonly routeRefresh?: boolean;
  /** Seconds a peer may take to send a family again until its old routes are given up; 0 for ever. @see RFC 7313 §4.2 */
  readonly refreshTime?: number;
  readonly extendedMessages?: boolean;
  /** IPv4 families for which IPv6 next hops are understood. @see RFC 8950 */
  readonly extendedNextHop?: readonly FamilyName[];
  readonly addPath?: Partial<Record<FamilyName, AddPathMode>>;
  readonly gracefulRestart?: LocalGracefulRestart;
  readonly longLived?: readonly LongLivedFamily[];
  /** Our role towards this peer. @see RFC 9234 */
  readonly role?: Role;
  /** Refuse a peer that tells no role. */
  readonly strictRole?: boolean;
  /** How many prefixes the peer may announce; {@link SessionHandlers.prefixes} counts them. */
  readonly prefixLimits?: PrefixLimits;
  /** Sign all segments with this password. @see RFC 2385 */
  readonly password?: string;
  /** Accept only packets that have passed fewer than so many routers, 1–254. @see RFC 5082 */
  readonly ttlSecurity?: number;
}

type Defaulted =
  | 'holdTime'
  | 'connectRetry'
  | 'delayOpen'
  | 'idleHold'
  | 'sendHoldTime'
  | 'routeRefresh'
  | 'refreshTime'
  | 'extendedMessages'
  | 'extendedNextHop'
  | 'addPath'
  | 'prefixLimits'
  | 'strictRole';

/** Settings with nothing left open. */
export type SessionConfig = SessionSettings & Required<Pick<SessionSettings, Defaulted>>;

/** Times as the Contrail control node has them (hold 90 s, idle hold growing to 100 s), and RFC 9687 §4 for the send hold time. */
const defaults = {
  holdTime: 90,
  connectRetry: 30,
  delayOpen: 0,
  idleHold: { initial: 1, longest: 100 },
  routeRefresh: true,
  refreshTime: 600,
  extendedMessages: true,
  extendedNextHop: [],
  addPath: {},
  prefixLimits: {},
  strictRole: false,
} as const;

const MIN_SEND_HOLD_TIME = 480;

/**
 * Settings with the defaults filled in.
 * @throws RangeError naming the setting that no session can have
 */
export function sessionConfig(settings: SessionSettings): SessionConfig {
  const holdTime = settings.holdTime ?? defaults.holdTime;
  const config = { ...defaults, sendHoldTime: Math.max(MIN_SEND_HOLD_TIME, 2 * holdTime), ...settings };
  const wrong = (what: string): RangeError =>
    new RangeError(`session with ${settings.peer.address}: ${what}`);
  if (config.families.length === 0) throw wrong('no families');
  for (const family of [...config.families, ...Object.keys(config.addPath)])
    if (!isFamilyName(family)) throw wrong(`no address family is named ${JSON.stringify(family)}`);
  for (const mode of Object.values<AddPathMode>(config.addPath))
    if (!Object.hasOwn(addPathMode, mode))
      throw wrong(`ADD-PATH is send, receive or both, not ${JSON.stringify(mode)}`);
  if (!Number.isInteger(holdTime) || holdTime < 0 || holdTime > 0xffff || holdTime === 1 || holdTime === 2)
    throw wrong(`hold time ${holdTime} is not 0 or 3–65535 seconds`);
  for (const asn of [config.local.asn, config.peer.asn]) {
    if (asn !== 'any' && !(Number.isInteger(asn) && asn > 0 && asn <= 0xffff_ffff))
      throw wrong(`AS number ${JSON.stringify(asn)} is not 1–4294967295`);
  }
  const { routerId } = config.local;
  if (!(Number.isInteger(routerId) && routerId > 0 && routerId <= 0xffff_ffff))
    throw wrong(`router id ${routerId} is not an unsigned 32-bit number above 0`);
  const octets = Buffer.byteLength(config.password ?? '-');
  if (octets === 0 || octets > MAX_PASSWORD) throw wrong(`a password of ${octets} octets is not one of 1–80`);
  const { ttlSecurity: hops = 1 } = config;
  if (!(Number.isInteger(hops) && hops >= 1 && hops <= 254))
    throw wrong(`TTL security of ${hops} hops is not 1–254`);
  return config;
}
