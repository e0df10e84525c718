/** The attributes of a path as the last fields of a line of `bgpdump -m`, whatever they hold. */
import { ipv4Text } from '@vaportrail/net';
import { asPathText } from '../attributes/as-path.ts';
import type { PathAttributes } from '../attributes/path-attributes.ts';
import { lineAddress } from './line-address.ts';
import { nextHopOf } from './next-hop.ts';

/** What an absent next hop looks like in bgpdump's output. */
const NO_NEXT_HOP = '255.255.255.255';
/** An aggregator of this address is none for bgpdump. */
const NO_ADDRESS = 0xffff_ffff;
const originNames = { igp: 'IGP', egp: 'EGP', incomplete: 'INCOMPLETE' } as const;
/** The names bgpdump gives to three communities; it prints all others as numbers. */
const communityNames: Record<number, string> = {
  0xffff_ff01: 'no-export',
  0xffff_ff02: 'no-advertise',
  0xffff_ff03: 'local-AS',
};

/** The fields from the AS path on, and the newline. */
export function attributesText(attributes: PathAttributes): string {
  const { origin, aggregator, med = 0, localPref = 0 } = attributes;
  return [
    asPathText(attributes.asPath),
    originNames[origin ?? 'incomplete'],
    nextHopText(attributes),
    localPref,
    med,
    communitiesText(attributes),
    attributes.atomicAggregate ? 'AG' : 'NAG',
    aggregator === undefined || aggregator.address === NO_ADDRESS
      ? ''
      : `${aggregator.asn} ${ipv4Text(aggregator.address)}`,
    '\n',
  ].join('|');
}

/** bgpdump leaves large communities out of its lines. */
function communitiesText({ communities }: PathAttributes): string {
  return communities
    .map((community) => communityNames[community] ?? `${community >>> 16}:${community & 0xffff}`)
    .join(' ');
}

/** What bgpdump prints in that field. */
function nextHopText(attributes: PathAttributes): string {
  const octets = nextHopOf(attributes);
  return octets === undefined ? NO_NEXT_HOP : lineAddress(octets);
}
