/** D_PATH: the domains of EVPNs and IP VPNs that a route came through. */
import { type Attribute, optionalTransitive, wrongLength } from './attribute.ts';
import { plainList, plainNumber, plainText } from './plain.ts';

/** A domain, and the SAFI the route had in it; 0 for one that began there. */
export interface Domain {
  readonly asn: number;
  readonly id: number;
  readonly safi: number;
}

const DOMAIN_OCTETS = 7;
const form = /^(\d{1,10}):(\d{1,5}):(\d{1,3})$/;

/** Segments of domains, the last one added first. */
export const domainPath: Attribute<readonly (readonly Domain[])[], readonly (readonly string[])[]> = {
  code: 36,
  title: 'D_PATH',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'draft-ietf-bess-evpn-ipvpn-interworking §4',
  check(bytes, at, end) {
    if (at === end) return wrongLength('empty');
    while (at < end) {
      const count = bytes[at]!;
      if (count === 0) return wrongLength('a segment holds no domain');
      at += 1 + count * DOMAIN_OCTETS;
    }
    return at === end ? undefined : wrongLength('a segment passes the end');
  },
  decode(reader) {
    const segments: Domain[][] = [];
    while (reader.remaining > 0) {
      const segment: Domain[] = [];
      for (let left = reader.u8(); left > 0; left--)
        segment.push({ asn: reader.u32(), id: reader.u16(), safi: reader.u8() });
      segments.push(segment);
    }
    return segments;
  },
  encode(writer, value) {
    for (const segment of value) {
      if (segment.length === 0 || segment.length > 255)
        throw new RangeError('a segment has 1 to 255 domains');
      writer.u8(segment.length);
      for (const { asn, id, safi } of segment) writer.u32(asn).u16(id).u8(safi);
    }
  },
  plain: {
    of: (value) => value.map((segment) => segment.map(({ asn, id, safi }) => `${asn}:${id}:${safi}`)),
    parse: (plain) =>
      plainList(plain).map((segment) =>
        plainList(segment).map((item) => {
          const [, asn, id, safi] = form.exec(plainText(item)) ?? [];
          if (safi === undefined) throw new RangeError(`${JSON.stringify(item)} is not ASN:DOMAIN:SAFI`);
          return {
            asn: plainNumber(Number(asn)),
            id: plainNumber(Number(id), 0xffff),
            safi: plainNumber(Number(safi), 0xff),
          };
        }),
      ),
  },
};
