/** Families whose routes are delimited and carried, and looked into no further than their route distinguisher. */
import { hexText } from '@vaportrail/net';
import { readRouteDistinguisher } from './address-field.ts';
import { type Family, type NlriOctets, fieldFamily, typeAndLength } from './family.ts';

/** A route that is encoded from its octets. */
export type OpaqueNlri = NlriOctets & {
  /** Architecture type, of mobile user planes alone. */
  readonly architecture?: number;
  readonly type: number;
  readonly rd: string;
};

/** Mobile user plane: architecture type, route type, length, route. */
function mupFamily(afi: 1 | 2, title: string): Family<OpaqueNlri> {
  return fieldFamily<OpaqueNlri>({
    afi,
    safi: 85,
    title,
    see: 'draft-ietf-bess-mup-safi §3.1',
    nextHopOctets: [4, 16, 32],
    header: (bytes, at, end) => (end - at < 4 ? undefined : { octets: 4, body: bytes[at + 3]! }),
    read(body, whole) {
      const nlri = hexText(whole.bytes, whole.at, whole.end);
      const rd = readRouteDistinguisher(body);
      body.skip(body.remaining);
      return { architecture: whole.u8(), type: whole.u16(), rd, nlri };
    },
    write() {
      throw new RangeError('a MUP route is written from its octets only');
    },
  });
}

export const mup = mupFamily(1, 'IPv4 MUP');
export const mup6 = mupFamily(2, 'IPv6 MUP');

/**
 * Contrail's multicast trees within a network; SAFI 243 is `BgpAf::ErmVpn` of its bgp_af.h, where 241 is what XMPP calls them.
 */
export const ermVpn: Family<OpaqueNlri> = fieldFamily<OpaqueNlri>({
  afi: 1,
  safi: 243,
  title: 'ERM VPN',
  see: 'Contrail',
  nextHopOctets: [4, 16],
  header: typeAndLength,
  read(body, whole) {
    const nlri = hexText(whole.bytes, whole.at, whole.end);
    const rd = readRouteDistinguisher(body);
    body.skip(body.remaining);
    return { type: whole.u8(), rd, nlri };
  },
  write() {
    throw new RangeError('an ERM VPN route is written from its octets only');
  },
});
