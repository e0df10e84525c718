/** Names of address families, and what other routers call them. */
import { z } from 'zod';

/** By the names of FRR, GoBGP, BIRD, OpenBGPD and IOS, without case and separators. */
const namesElsewhere: Readonly<Record<string, string>> = {
  ipv4: 'inet',
  ipv4unicast: 'inet',
  ipv6: 'inet6',
  ipv6unicast: 'inet6',
  vpn4: 'inet-vpn',
  vpnv4: 'inet-vpn',
  vpnv4unicast: 'inet-vpn',
  ipv4vpn: 'inet-vpn',
  l3vpnipv4unicast: 'inet-vpn',
  inetvpnunicast: 'inet-vpn',
  vpn6: 'inet6-vpn',
  vpnv6: 'inet6-vpn',
  vpnv6unicast: 'inet6-vpn',
  ipv6vpn: 'inet6-vpn',
  l3vpnipv6unicast: 'inet6-vpn',
  inet6vpnunicast: 'inet6-vpn',
  evpn: 'e-vpn',
  l2vpnevpn: 'e-vpn',
  rtc: 'route-target',
  rtfilter: 'route-target',
  ipv4rtc: 'route-target',
  ipv4labeledunicast: 'inet-labeled',
  ipv4labelledunicast: 'inet-labeled',
};

/** One of these families; the error of another daemon's name for one says what it is called here. */
export function familyName<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, {
    error: ({ input }) => {
      const meant =
        typeof input === 'string' ? namesElsewhere[input.toLowerCase().replace(/[^a-z0-9]/g, '')] : undefined;
      if (meant === undefined || !names.includes(meant)) return undefined;
      return `"${String(input)}" is called ${meant} here, which is one of ${names.join(', ')}`;
    },
  });
}
