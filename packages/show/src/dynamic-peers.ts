/**
 * Peers that are not configured one by one: whoever connects from a prefix. FRR calls it a listen range, GoBGP dynamic
 * neighbors, BIRD a neighbor range.
 */
import { type Prefix, covers, hostPrefix, parsePrefix, prefixText } from '@vaportrail/net';
import { prefix, wholeNumber } from './settings.ts';

/** Beside what such peers have like any other. */
export const dynamicPeerSettings = {
  /** Where they connect from; the longest one counts, and a peer of `bgp.peers` is none of them. Yields the text. */
  prefix: prefix.transform(prefixText),
  /** How many of them may be there, or be expected back, at a time. */
  limit: wholeNumber(1, 65535).default(100),
};

/** What only a peer with an address of its own can be told. */
export const ofOnePeer = {
  name: true,
  address: true,
  'local-address': true,
  port: true,
  passive: true,
  'connect-retry': true,
} as const;

interface DynamicPeers {
  readonly prefix: string;
  readonly limit: number;
}

/** What a peer has that came by prefix: the settings of all that come so, and its address. */
export function dynamicPeer<Settings extends DynamicPeers>(settings: Settings, address: string) {
  const { prefix: dynamic, limit: _limit, ...others } = settings;
  return { ...others, address, port: 179, passive: true, 'connect-retry': 30, dynamic };
}

/** What a listener needs to know of such peers before one of them connects. */
export function dynamicRange({
  prefix: text,
  limit,
  password,
  'ttl-security': ttlSecurity,
}: DynamicPeers & { readonly password?: string | undefined; readonly 'ttl-security'?: number | undefined }) {
  return {
    prefix: parsePrefix(text),
    limit,
    ...(password !== undefined && { password }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
  };
}

/** The settings for whoever connects from an address, which are those of the longest prefix; a scope is not part of it. */
export function dynamicPeersOf<Settings extends DynamicPeers>(
  all: readonly Settings[],
  address: string,
): Settings | undefined {
  const host = hostPrefix(address);
  return all
    .filter((one) => covers(parsePrefix(one.prefix), host))
    .toSorted((a, b) => parsePrefix(b.prefix).length - parsePrefix(a.prefix).length)[0];
}

interface DynamicConfig {
  readonly listen: readonly { readonly address: string }[];
  readonly peers: readonly { readonly address: string; readonly password?: string | undefined }[];
  readonly 'dynamic-peers': readonly (DynamicPeers & { readonly password?: string | undefined })[];
}

/**
 * Refuses prefixes that stand there twice or that nobody can connect from, and what a password of all peers in a prefix
 * would keep out: the kernel asks for it whoever the peer is.
 * @param refuse is told the place below `bgp`, and what is wrong
 */
export function checkDynamicPeers(
  { listen, peers, 'dynamic-peers': all }: DynamicConfig,
  refuse: (path: readonly (string | number)[], message: string) => void,
): void {
  const ranges = all.map(({ prefix: text }) => parsePrefix(text));
  const signed = (inner: Prefix): number =>
    ranges.findIndex((outer, at) => all[at]!.password !== undefined && covers(outer, inner));
  all.forEach(({ prefix: text, password }, index) => {
    const range = ranges[index]!;
    const path = ['dynamic-peers', index, 'prefix'];
    const first = all.findIndex((one) => one.prefix === text);
    if (first !== index) refuse(path, `is already the prefix of bgp.dynamic-peers[${first}]`);
    const v6 = range.bytes.length === 16;
    const reachable = listen.some(({ address }) => address === '::' || address.includes(':') === v6);
    if (!reachable)
      refuse(path, `bgp.listen has no ${v6 ? 'IPv6' : 'IPv4'} address that they could connect to`);
    const outer = signed(range);
    if (password === undefined && outer !== -1)
      refuse(path, `lies in bgp.dynamic-peers[${outer}], which has a password: it needs one as well`);
  });
  peers.forEach(({ address, password }, index) => {
    const outer = password === undefined ? signed(hostPrefix(address)) : -1;
    if (outer !== -1)
      refuse(
        ['peers', index, 'address'],
        `lies in bgp.dynamic-peers[${outer}], which has a password: it needs one as well`,
      );
  });
}
