/** TCP MD5 and TTL security where a session asks for them: on its own connections, accepted ones, and listening sockets. */
import { isIPv6, type Server, type Socket } from 'node:net';
import { hostPrefix, type Prefix } from '@vaportrail/net';
import type { SessionSettings } from './session-config.ts';
import { bindEarly, descriptorOf, requireSocketOptions } from './socket-option.ts';
import { setTcpMd5 } from './tcp-md5.ts';
import { answerWithHighestTtl, setTtlSecurity } from './ttl-security.ts';

/** Whether connections of a session must be prepared before they are used. */
export function isSecured({ password, ttlSecurity }: SessionSettings): boolean {
  return password !== undefined || ttlSecurity !== undefined;
}

/** @throws Error naming the peer, or the prefix of peers, and what is missing on this machine */
export function requireTransportSecurity({
  peer,
  password,
  ttlSecurity,
}: Pick<SessionSettings, 'password' | 'ttlSecurity'> & {
  readonly peer: { readonly address: string };
}): void {
  if (password !== undefined) requireSocketOptions(`TCP MD5 with ${peer.address}`);
  if (ttlSecurity !== undefined) requireSocketOptions(`TTL security with ${peer.address}`);
}

/**
 * Prepares a socket for which `connect` has been called in this turn, binding it to the local address.
 * @throws Error when the address is not ours or the kernel refuses
 */
export function secureConnect(socket: Socket, { local, peer, password, ttlSecurity }: SessionSettings): void {
  const v6 = isIPv6(peer.address);
  bindEarly(socket, local.address ?? (v6 ? '::' : '0.0.0.0'));
  const fd = descriptorOf(socket);
  if (password !== undefined) setTcpMd5(fd, hostPrefix(peer.address), password);
  if (ttlSecurity !== undefined) setTtlSecurity(fd, v6, ttlSecurity);
}

/** Prepares a socket a server has accepted; its signature was the business of the server. @throws Error when the kernel refuses */
export function secureAccepted(socket: Socket, { ttlSecurity }: SessionSettings): void {
  if (ttlSecurity === undefined) return;
  setTtlSecurity(descriptorOf(socket), socket.remoteFamily === 'IPv6', ttlSecurity);
}

/**
 * Prepares a server for peers that connect from a prefix, as far as that must be done before they do.
 * @throws Error when the kernel refuses
 */
export function expectPeers(
  server: Server,
  peers: Prefix,
  { password, ttlSecurity }: Pick<SessionSettings, 'password' | 'ttlSecurity'>,
): void {
  if (password !== undefined) expectSignature(server, peers, password);
  if (ttlSecurity !== undefined) answerWithHighestTtl(descriptorOf(server), isOfIpv6(server));
}

function isOfIpv6(server: Server): boolean {
  const bound = server.address();
  return typeof bound === 'object' && bound?.family === 'IPv6';
}

/**
 * Makes a server expect the signature of the peers in a prefix; with `password` undefined no longer.
 * @throws Error when the kernel refuses
 */
export function expectSignature(server: Server, peers: Prefix, password: string | undefined): void {
  const v6 = isOfIpv6(server);
  if (peers.bytes.length === 16 && !v6) return;
  // A socket of both families sees IPv4 peers as mapped addresses; their prefix length stays that of IPv4.
  const bytes = v6 && peers.bytes.length === 4 ? Uint8Array.of(...mappedPrefix, ...peers.bytes) : peers.bytes;
  setTcpMd5(descriptorOf(server), { bytes, length: peers.length }, password ?? '');
}

/** `::ffff:0:0/96` */
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;
