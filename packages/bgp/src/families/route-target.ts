/** Route target membership: which VPN routes a speaker wants to hear about. */
import { clearHostBits, copyOctets, hexText, ipv4At, parseHex } from '@vaportrail/net';
import { extendedCommunityText, parseExtendedCommunity } from '../attributes/extended-communities.ts';
import { type Family, type NlriOctets, MALFORMED, numberField, textField } from './family.ts';

const ORIGIN_AS_BITS = 32;
const WHOLE_BITS = 96;

/** `routeTarget` is absent in the default, which wants everything; a shorter one than 64 bits stands in `nlri` only. */
export type RouteTargetNlri = NlriOctets & {
  readonly originAs?: number;
  readonly routeTarget?: string;
  /** `default`, or origin AS and route target with the length in bits. */
  readonly prefix: string;
};

export const routeTarget: Family<RouteTargetNlri> = {
  afi: 1,
  safi: 132,
  title: 'route target membership',
  see: 'RFC 4684 §4',
  nextHopOctets: [4, 16, 32],
  measure(bytes, at, end) {
    if (at >= end) return MALFORMED;
    const bits = bytes[at]!;
    const octets = 1 + ((bits + 7) >>> 3);
    if (octets > end - at || bits > WHOLE_BITS || (bits !== 0 && bits < ORIGIN_AS_BITS)) return MALFORMED;
    return octets;
  },
  decode(bytes, at, end, _withdrawn, into) {
    const bits = bytes[at]!;
    if (bits === 0) return Object.assign(into, { prefix: 'default' });
    const originAs = ipv4At(bytes, at + 1);
    if (bits === WHOLE_BITS) {
      const target = extendedCommunityText(bytes, at + 5);
      return Object.assign(into, {
        originAs,
        routeTarget: target,
        prefix: `${originAs}:${target}/${WHOLE_BITS}`,
      });
    }
    const start = copyOctets(bytes, at + 5, end);
    clearHostBits(start, bits - ORIGIN_AS_BITS);
    return Object.assign(into, {
      originAs,
      prefix: `${originAs}:0x${hexText(start)}/${bits}`,
      nlri: hexText(bytes, at, end),
    });
  },
  encode(writer, nlri) {
    if (nlri.nlri !== undefined) {
      writer.bytes(parseHex(nlri.nlri));
      return;
    }
    if (nlri['originAs'] === undefined && nlri['routeTarget'] === undefined) {
      writer.u8(0);
      return;
    }
    const originAs = numberField(nlri, 'originAs');
    if (nlri['routeTarget'] === undefined) writer.u8(ORIGIN_AS_BITS).u32(originAs);
    else
      writer
        .u8(WHOLE_BITS)
        .u32(originAs)
        .bytes(parseExtendedCommunity(textField(nlri, 'routeTarget')));
  },
};
