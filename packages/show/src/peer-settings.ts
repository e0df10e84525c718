/** What the file of a control node and that of a gateway may say of a BGP peer alike, and what a session makes of it. */
import { z } from 'zod';
import { type AddPathSetting, addPathModes } from './add-path.ts';
import { bgpRole, bgpRoles } from './bgp-role.ts';
import { holdTime, ipAddress, name, wholeNumber } from './settings.ts';

/** Fields of a peer that have the same words and the same default in both daemons. */
export const peerSettings = {
  /** For people; the address when left out. */
  name: name.optional(),
  address: ipAddress,
  'local-address': ipAddress.optional(),
  /** Wait for the peer to connect. */
  passive: z.boolean().default(false),
  'hold-time': holdTime.default(90),
  /** TCP MD5; needs Linux and the optional package koffi. @see RFC 2385 */
  password: z.string().min(1).max(80).optional(),
  /** Accept only packets that have passed fewer than so many routers: 1 on the same link. @see RFC 5082 */
  'ttl-security': wholeNumber(1, 254).optional(),
  /** Our role towards this peer: a peer whose role does not fit is refused. @see RFC 9234 §4 */
  role: bgpRole.optional(),
  /** The accumulated IGP metric is taken from the peer and told to it; in our own AS unless said otherwise. @see RFC 7311 */
  aigp: z.boolean().optional(),
};

interface TransportAddress {
  readonly address: string;
  readonly port: number;
}

/** A problem of one of several peers, at a field of it. */
type RefusePeer = (index: number, field: keyof typeof peerSettings, message: string) => void;

/**
 * Refuses peers that contradict themselves, share a name, by which operators ask for them, or are this daemon itself.
 * @param listen where peers connect to this daemon
 */
export function checkPeers(
  peers: readonly (z.output<z.ZodObject<typeof peerSettings>> & TransportAddress)[],
  listen: readonly TransportAddress[],
  refuse: RefusePeer,
): void {
  const names = new Map<string, number>();
  peers.forEach(({ name, address, port, passive, 'local-address': local }, index) => {
    const own = listen.findIndex((one) => one.address === address && one.port === port);
    if (own !== -1 && !passive)
      refuse(index, 'address', `is our own: bgp.listen[${own}] has it, with this port`);
    if (local !== undefined && local.includes(':') !== address.includes(':'))
      refuse(index, 'local-address', `${local} cannot reach ${address}: one is IPv4, the other IPv6`);
    if (name === undefined) return;
    const first = names.get(name);
    if (first === undefined) names.set(name, index);
    else refuse(index, 'name', `is already the name of bgp.peers[${first}]`);
  });
}

type PeerSettings<Family extends string> = z.output<z.ZodObject<typeof peerSettings>> & {
  readonly families: readonly Family[];
  readonly 'connect-retry': number;
  readonly 'add-path'?: Partial<Record<Family, AddPathSetting>> | undefined;
};

/** The settings of the session with a configured peer, as `@vaportrail/bgp` calls them; who the two speakers are is not among them. */
export function peerSessionSettings<Family extends string>(config: PeerSettings<Family>) {
  const { families, password, role, 'ttl-security': ttlSecurity, 'add-path': addPath } = config;
  return {
    families,
    holdTime: config['hold-time'],
    connectRetry: config['connect-retry'],
    ...(password !== undefined && { password }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(role !== undefined && { role: bgpRoles[role] }),
    ...(addPath !== undefined && { addPath: addPathModes(addPath) }),
  };
}
