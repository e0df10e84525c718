/** Communities in the words of a Junos router, which knows fewer names than `extendedCommunityText`. */
import type { PathAttributes } from '@vaportrail/bgp/wire';
import { communityText, extendedCommunityName, largeCommunityText } from '@vaportrail/bgp/wire';
import { ipv4At, routeTargetText } from '@vaportrail/net';

/** Tunnel types that the lab's router had a name for. */
const tunnelNames: Readonly<Record<number, string>> = { 8: 'vxlan', 13: 'mpls-in-udp' };

/** All communities of a path in the order of the `Communities:` line: standard, extended, large. */
export function junosCommunities(attributes: PathAttributes): string[] {
  const extended = attributes.extendedCommunities;
  const texts = attributes.communities.map(communityText);
  for (let at = 0; at + 8 <= extended.length; at += 8) texts.push(extendedText(extended, at));
  return [
    ...texts,
    ...attributes.largeCommunities.map((community) => `large:${largeCommunityText(community)}`),
  ];
}

function extendedText(bytes: Uint8Array, at: number): string {
  switch (extendedCommunityName(bytes, at)) {
    case 'target':
      return `target:${routeTargetText(bytes, at)}`;
    case 'origin':
      return `origin:${routeTargetText(bytes, at)}`;
    case 'encapsulation': {
      const type = (bytes[at + 6]! << 8) | bytes[at + 7]!;
      return `encapsulation:${tunnelNames[type] ?? 'unknown'}(0x${type.toString(16)})`;
    }
    default: {
      const hex = (value: number): string => value.toString(16);
      const type = (bytes[at]! << 8) | bytes[at + 1]!;
      const administrator = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      return `unknown type ${hex(type)} value ${hex(administrator)}:${hex(ipv4At(bytes, at + 4))}`;
    }
  }
}
