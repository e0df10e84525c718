/** VPLS with BGP signalling and with BGP auto-discovery. */
import { labelOf } from '@vaportrail/net';
import {
  readAddress,
  readRouteDistinguisher,
  writeAddress,
  writeRouteDistinguisher,
} from './address-field.ts';
import { type Family, type NlriOctets, fieldFamily, numberField } from './family.ts';

/** Octets of a label block of RFC 4761, and of an endpoint of RFC 6074, behind the length. */
const LABEL_BLOCK = 17;
const ENDPOINT = 12;

/** A label block or an endpoint of auto-discovery; anything else is carried as octets. */
export type L2vpnNlri = NlriOctets & {
  readonly rd?: string;
  /** Of auto-discovery alone: the address of the endpoint. @see RFC 6074 §3.2.2 */
  readonly endpoint?: string;
  readonly veId?: number;
  readonly blockOffset?: number;
  readonly blockSize?: number;
  readonly labelBase?: number;
  /** The 24-bit field as it is; this gets encoded. */
  readonly labelField?: number;
};

export const l2vpn: Family<L2vpnNlri> = fieldFamily<L2vpnNlri>({
  afi: 25,
  safi: 65,
  title: 'VPLS',
  see: 'RFC 4761 §3.2.2, RFC 6074 §3.2.2',
  nextHopOctets: [4, 16, 32],
  header: (bytes, at, end) =>
    end - at < 2 ? undefined : { octets: 2, body: (bytes[at]! << 8) | bytes[at + 1]! },
  read(body) {
    const octets = body.remaining;
    const rd = readRouteDistinguisher(body);
    if (octets === ENDPOINT) return { rd, endpoint: readAddress(body, 4) };
    if (octets !== LABEL_BLOCK) {
      body.skip(body.remaining);
      return undefined;
    }
    const block = { veId: body.u16(), blockOffset: body.u16(), blockSize: body.u16() };
    const field = body.u24();
    return { rd, ...block, labelBase: labelOf(field), labelField: field };
  },
  write(writer, nlri) {
    writer.length16((body) => {
      writeRouteDistinguisher(body, nlri);
      if (nlri['endpoint'] !== undefined) {
        writeAddress(body, nlri, 'endpoint');
        return;
      }
      for (const field of ['veId', 'blockOffset', 'blockSize']) body.u16(numberField(nlri, field, 0xffff));
      body.u24(
        nlri['labelField'] === undefined
          ? numberField(nlri, 'labelBase', 0xf_ffff) << 4
          : numberField(nlri, 'labelField', 0xff_ffff),
      );
    });
  },
});
