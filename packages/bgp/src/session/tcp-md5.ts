/** TCP segments signed with a password both sides know. @see RFC 2385 */
import type { Prefix } from '@vaportrail/net';
import { SocketOptionError, setSocketOption } from './socket-option.ts';

const IPPROTO_TCP = 6;
/** Options of `linux/tcp.h`; the second one takes a prefix of peers. */
const TCP_MD5SIG = 14;
const TCP_MD5SIG_EXT = 32;
const FLAG_PREFIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const ENOENT = 2;

/** Longest password, in octets (`TCP_MD5SIG_MAXKEYLEN`). */
export const MAX_PASSWORD = 80;

/**
 * `struct tcp_md5sig`: sockaddr_storage (128 octets), flags (1), prefix length (1), key length (2), interface (4),
 * key (80). An empty key removes the password.
 */
function tcpMd5Sig({ bytes, length }: Prefix, password: string, whole: boolean): Uint8Array {
  const option = Buffer.alloc(216);
  const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  const host16 = (value: number, at: number): unknown =>
    little ? option.writeUInt16LE(value, at) : option.writeUInt16BE(value, at);
  host16(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  // sockaddr_in has the address behind the port, sockaddr_in6 also behind the flow label.
  option.set(bytes, bytes.length === 4 ? 4 : 8);
  if (!whole) {
    option[128] = FLAG_PREFIX;
    option[129] = length;
  }
  const key = Buffer.from(password, 'utf8');
  host16(key.length, 130);
  option.set(key, 136);
  return option;
}

/**
 * Requires (or, with an empty password, no longer requires) that segments to and from the peers in a prefix are
 * signed. On a listening socket this is done once per peer; the kernel then drops what comes unsigned from there.
 * `peers` of 16 octets may be mapped IPv4 addresses, whose length counts the IPv4 part alone.
 * @throws SocketOptionError when the kernel refuses, e.g. because it was built without TCP_MD5SIG
 */
export function setTcpMd5(fd: number, peers: Prefix, password: string): void {
  const whole = peers.length === peers.bytes.length * 8 || peers.length === 32;
  try {
    const option = whole ? TCP_MD5SIG : TCP_MD5SIG_EXT;
    setSocketOption(fd, IPPROTO_TCP, option, tcpMd5Sig(peers, password, whole));
  } catch (error) {
    if (password === '' && error instanceof SocketOptionError && error.errno === ENOENT) return;
    throw error;
  }
}
