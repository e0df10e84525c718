/** BGP-LS: nodes, links and prefixes of an IGP, carried as octets with the fields all of them have. */
import { hexText } from '@vaportrail/net';
import { readRouteDistinguisher } from './address-field.ts';
import { type Family, type NlriOctets, fieldFamily } from './family.ts';
import { readDescriptors } from './link-state-descriptor.ts';

/** NLRI types by number. @see https://www.iana.org/assignments/bgp-ls-parameters */
const nlriTypes: Readonly<Record<number, string>> = {
  1: 'node',
  2: 'link',
  3: 'ipv4-prefix',
  4: 'ipv6-prefix',
  5: 'sr-policy-candidate-path',
  6: 'srv6-sid',
};
const protocols: Readonly<Record<number, string>> = {
  1: 'isis-level-1',
  2: 'isis-level-2',
  3: 'ospfv2',
  4: 'direct',
  5: 'static',
  6: 'ospfv3',
  7: 'bgp',
  8: 'rsvp-te',
  9: 'segment-routing',
};

/** An object of an IGP; it is encoded from its octets. One of a type nobody knows has the number of its type. */
export type LinkStateNlri = NlriOctets & {
  readonly nlriType?: string;
  readonly type?: number;
  readonly rd?: string;
  /** Name of the protocol, or its number. */
  readonly protocol?: string | number;
  /** Identifier of the routing universe, a decimal number of 64 bits. */
  readonly identifier?: string;
  readonly descriptors?: unknown;
};

function linkStateFamily(safi: 71 | 72, title: string): Family<LinkStateNlri> {
  return fieldFamily<LinkStateNlri>({
    afi: 16388,
    safi,
    title,
    see: 'RFC 9552 §5.2',
    nextHopOctets: [4, 12, 16, 24, 32, 48],
    header: (bytes, at, end) =>
      end - at < 4 ? undefined : { octets: 4, body: (bytes[at + 2]! << 8) | bytes[at + 3]! },
    read(body, whole) {
      const nlri = hexText(whole.bytes, whole.at, whole.end);
      const type = whole.u16();
      const rd = safi === 72 ? { rd: readRouteDistinguisher(body) } : {};
      const nlriType = nlriTypes[type];
      if (nlriType === undefined) {
        body.skip(body.remaining);
        return { type, ...rd, nlri };
      }
      const protocol = body.u8();
      const identifier = body.u64();
      const descriptors = readDescriptors(body, type);
      return {
        nlriType,
        ...rd,
        protocol: protocols[protocol] ?? protocol,
        identifier: `${identifier}`,
        descriptors,
        nlri,
      };
    },
    write() {
      throw new RangeError('a link-state NLRI is written from its octets only');
    },
  });
}

export const linkState = linkStateFamily(71, 'BGP-LS');
export const linkStateVpn = linkStateFamily(72, 'BGP-LS VPN');
