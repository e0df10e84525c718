/** The generalized TTL security mechanism: packets that have come from farther away than the peer are dropped. @see RFC 5082 */
import { setSocketOption } from './socket-option.ts';

const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MINHOPCOUNT = 73;
const MAX_TTL = 255;

/**
 * Sends with the highest TTL and accepts only packets that have passed fewer than `hops` routers: 1 for a peer on the
 * same link. What the kernel received before counts: on an accepted socket that may be an OPEN, but not more than
 * the peer sends without an answer.
 * @throws SocketOptionError when the kernel refuses
 */
export function setTtlSecurity(fd: number, ipv6: boolean, hops: number): void {
  const level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
  setSocketOption(fd, level, ipv6 ? IPV6_UNICAST_HOPS : IP_TTL, int32(MAX_TTL));
  setSocketOption(fd, level, ipv6 ? IPV6_MINHOPCOUNT : IP_MINTTL, int32(MAX_TTL + 1 - hops));
}

/**
 * Makes a listening socket answer with the highest TTL: a peer that has TTL security drops the SYN-ACK otherwise. Sends
 * both IPv4 and IPv6 so when the socket takes both.
 * @throws SocketOptionError when the kernel refuses
 */
export function answerWithHighestTtl(fd: number, ipv6: boolean): void {
  setSocketOption(fd, IPPROTO_IP, IP_TTL, int32(MAX_TTL));
  if (ipv6) setSocketOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, int32(MAX_TTL));
}

/** An `int` as the C library of this machine has it. */
function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
