/** The families of plain, labeled and VPN prefixes. */
import { prefixFamily } from './prefix.ts';

const plain = { labeled: false, distinguished: false, see: 'RFC 4760, RFC 2545, RFC 8950' } as const;
const labeled = { labeled: true, distinguished: false, see: 'RFC 8277, RFC 4798' } as const;
const vpn = { labeled: true, distinguished: true, see: 'RFC 4364, RFC 4659, RFC 8950' } as const;
const vpnMulticast = { labeled: false, distinguished: true, see: 'RFC 6514 §4.3' } as const;

/** IPv4 routes may have an IPv6 next hop, alone or with a link-local one. @see RFC 8950 §3 */
const ipv4NextHop = [4, 16, 32];
const ipv6NextHop = [16, 32];
/**
 * The same behind a route distinguisher of zero. The document before it had IPv6 next hops bare, and some still send
 * them so. @see RFC 4364 §4.3.2, RFC 8950 §3, RFC 5549 §3
 */
const vpnNextHop = [12, 16, 24, 32, 48];
/** Over IPv4, VPN-IPv6 routes have IPv4-mapped next hops. @see RFC 4659 §3.2.1.2 */
const vpn6NextHop = [24, 48];

export const inet = prefixFamily({
  ...plain,
  afi: 1,
  safi: 1,
  title: 'IPv4 unicast',
  nextHopOctets: ipv4NextHop,
});
export const inet6 = prefixFamily({
  ...plain,
  afi: 2,
  safi: 1,
  title: 'IPv6 unicast',
  nextHopOctets: ipv6NextHop,
});
export const inetMulticast = prefixFamily({
  ...plain,
  afi: 1,
  safi: 2,
  title: 'IPv4 multicast',
  nextHopOctets: ipv4NextHop,
});
export const inet6Multicast = prefixFamily({
  ...plain,
  afi: 2,
  safi: 2,
  title: 'IPv6 multicast',
  nextHopOctets: ipv6NextHop,
});
export const inetLabeled = prefixFamily({
  ...labeled,
  afi: 1,
  safi: 4,
  title: 'IPv4 labeled unicast',
  nextHopOctets: ipv4NextHop,
});
export const inet6Labeled = prefixFamily({
  ...labeled,
  afi: 2,
  safi: 4,
  title: 'IPv6 labeled unicast',
  nextHopOctets: ipv6NextHop,
});
export const inetVpn = prefixFamily({
  ...vpn,
  afi: 1,
  safi: 128,
  title: 'IPv4 VPN unicast',
  nextHopOctets: vpnNextHop,
});
export const inet6Vpn = prefixFamily({
  ...vpn,
  afi: 2,
  safi: 128,
  title: 'IPv6 VPN unicast',
  nextHopOctets: vpn6NextHop,
});
export const inetVpnMulticast = prefixFamily({
  ...vpnMulticast,
  afi: 1,
  safi: 129,
  title: 'IPv4 VPN multicast',
  nextHopOctets: vpnNextHop,
});
export const inet6VpnMulticast = prefixFamily({
  ...vpnMulticast,
  afi: 2,
  safi: 129,
  title: 'IPv6 VPN multicast',
  nextHopOctets: vpn6NextHop,
});
