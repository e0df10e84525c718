/** COMMUNITIES and LARGE_COMMUNITY: marks on a route that policies read. */
import { type Attribute, multipleOf, optionalTransitive } from './attribute.ts';
import { plainItems, plainText } from './plain.ts';

/** Well-known communities by name. @see https://www.iana.org/assignments/bgp-well-known-communities */
export const wellKnownCommunity = {
  'graceful-shutdown': 0xffff_0000,
  'accept-own': 0xffff_0001,
  'llgr-stale': 0xffff_0006,
  'no-llgr': 0xffff_0007,
  'accept-own-nexthop': 0xffff_0008,
  blackhole: 0xffff_029a,
  'no-export': 0xffff_ff01,
  'no-advertise': 0xffff_ff02,
  'no-export-subconfed': 0xffff_ff03,
  'no-peer': 0xffff_ff04,
  /** Contrail: do not originate the route again in another routing instance. */
  'no-reoriginate': 0xffff_f000,
} as const;

const names = new Map<number, string>(
  Object.entries(wellKnownCommunity).map(([name, value]) => [value, name]),
);

export const communities: Attribute<readonly number[], readonly string[]> = {
  code: 8,
  title: 'COMMUNITIES',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 1997, RFC 7606 §7.8',
  check: multipleOf(4),
  decode(reader) {
    const values: number[] = [];
    while (reader.remaining > 0) values.push(reader.u32());
    return values;
  },
  encode(writer, value) {
    for (const community of value) writer.u32(community);
  },
  plain: plainItems(communityText, (plain) => parseCommunity(plainText(plain))),
};

/** `64512:100`, or the name of a well-known community. */
export function communityText(community: number): string {
  return names.get(community) ?? `${community >>> 16}:${community & 0xffff}`;
}

/** @throws RangeError when the text is neither a name nor `ASN:NUMBER` with both up to 65535 */
export function parseCommunity(text: string): number {
  if (Object.hasOwn(wellKnownCommunity, text))
    return wellKnownCommunity[text as keyof typeof wellKnownCommunity];
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  const [high, low] = [Number(match?.[1]), Number(match?.[2])];
  if (!(high <= 0xffff && low <= 0xffff)) {
    throw new RangeError(`"${text}" is not a community: expected ASN:NUMBER, e.g. 64512:100`);
  }
  return high * 0x1_0000 + low;
}

/** Global administrator, and two numbers of its choice. */
export type LargeCommunity = readonly [administrator: number, data1: number, data2: number];

export const largeCommunities: Attribute<readonly LargeCommunity[], readonly string[]> = {
  code: 32,
  title: 'LARGE_COMMUNITY',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 8092 §3, §5',
  check: multipleOf(12),
  decode: (reader) =>
    Array.from({ length: reader.remaining / 12 }, () => [reader.u32(), reader.u32(), reader.u32()] as const),
  encode(writer, value) {
    for (const [administrator, data1, data2] of value) writer.u32(administrator).u32(data1).u32(data2);
  },
  plain: plainItems(largeCommunityText, (plain) => parseLargeCommunity(plainText(plain))),
};

/** `64512:1:2`. */
export function largeCommunityText(community: LargeCommunity): string {
  return community.join(':');
}

/** @throws RangeError when the text is not three numbers up to 4294967295 joined by `:` */
export function parseLargeCommunity(text: string): LargeCommunity {
  const parts = /^\d+:\d+:\d+$/.test(text) ? text.split(':').map(Number) : [];
  const [administrator = Number.NaN, data1 = Number.NaN, data2 = Number.NaN] = parts;
  if (!(administrator <= 0xffff_ffff && data1 <= 0xffff_ffff && data2 <= 0xffff_ffff)) {
    throw new RangeError(`"${text}" is not a large community: expected NUMBER:NUMBER:NUMBER`);
  }
  return [administrator, data1, data2];
}
