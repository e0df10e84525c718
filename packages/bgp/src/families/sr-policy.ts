/** SR policies: candidate paths for traffic of a colour towards an endpoint. */
import { readAddress, writeAddress } from './address-field.ts';
import { type Family, type NlriOctets, fieldFamily, numberField } from './family.ts';

/** A candidate path, by what tells it from others. */
export type SrPolicyNlri = NlriOctets & {
  readonly distinguisher: number;
  readonly color: number;
  readonly endpoint: string;
};

function srPolicyFamily(afi: 1 | 2, title: string): Family<SrPolicyNlri> {
  const endpointOctets = afi === 1 ? 4 : 16;
  return fieldFamily<SrPolicyNlri>({
    afi,
    safi: 73,
    title,
    see: 'RFC 9830 §2.1',
    nextHopOctets: [4, 16, 32],
    // The length is in bits: 96 or 192.
    header: (bytes, at, end) => {
      if (at >= end || bytes[at] !== (8 + endpointOctets) * 8) return undefined;
      return { octets: 1, body: 8 + endpointOctets };
    },
    read: (body) => ({
      distinguisher: body.u32(),
      color: body.u32(),
      endpoint: readAddress(body, endpointOctets),
    }),
    write(writer, nlri) {
      writer
        .u8((8 + endpointOctets) * 8)
        .u32(numberField(nlri, 'distinguisher'))
        .u32(numberField(nlri, 'color'));
      writeAddress(writer, nlri, 'endpoint');
    },
  });
}

export const srTe = srPolicyFamily(1, 'IPv4 SR policy');
export const srTe6 = srPolicyFamily(2, 'IPv6 SR policy');
