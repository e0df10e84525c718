/** EVPN: MAC addresses, hosts and prefixes of Ethernet networks. */
import {
  MAX_LABEL,
  type Reader,
  type Writer,
  Truncated,
  labelField,
  labelOf,
  clearHostBits,
  parsePrefix,
  prefixText,
} from '@vaportrail/net';
import {
  readAddress,
  readEsi,
  readMac,
  readRouteDistinguisher,
  readSizedAddress,
  writeAddress,
  writeEsi,
  writeMac,
  writeRouteDistinguisher,
  writeSizedAddress,
} from './address-field.ts';
import {
  type Family,
  type Nlri,
  type NlriOctets,
  fieldFamily,
  numberField,
  numberListField,
  textField,
  typeAndLength,
} from './family.ts';

/** Fields that EVPN routes of some types have. */
interface EvpnFields extends NlriOctets {
  readonly rd?: string;
  readonly esi?: string;
  readonly ethernetTag?: number;
  readonly mac?: string;
  readonly ip?: string;
  readonly originator?: string;
  readonly prefix?: string;
  readonly gateway?: string;
  /** MPLS labels: the upper twenty bits of the fields below. */
  readonly labels?: readonly number[];
  /** The 24-bit fields as they are: VNIs with VXLAN. These get encoded. */
  readonly labelFields?: readonly number[];
}

interface RouteType {
  readonly type: number;
  read(body: Reader): Nlri;
  write(body: Writer, nlri: Nlri): void;
  /** What tells routes of the type apart, behind the route distinguisher. */
  key(nlri: EvpnFields): readonly (string | number | undefined)[];
}

function readLabels(body: Reader, count: number): Pick<Required<EvpnFields>, 'labels' | 'labelFields'> {
  const labelFields = Array.from({ length: count }, () => body.u24());
  return { labels: labelFields.map(labelOf), labelFields };
}

function writeLabels(body: Writer, nlri: Nlri, most: number): void {
  const labels = numberListField(nlri, 'labels', MAX_LABEL) ?? [];
  const fields = numberListField(nlri, 'labelFields', 0xff_ffff) ?? labels.map((label) => labelField(label));
  if (fields.length === 0 || fields.length > most) {
    throw new RangeError(`an EVPN route of this type has at least one label and at most ${most}`);
  }
  for (const field of fields) body.u24(field);
}

/** @see RFC 7432 §7, RFC 9136 §3 */
const routeTypes = {
  'auto-discovery': {
    type: 1,
    read: (body) => ({
      rd: readRouteDistinguisher(body),
      esi: readEsi(body),
      ethernetTag: body.u32(),
      ...readLabels(body, 1),
    }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeEsi(body, nlri);
      body.u32(numberField(nlri, 'ethernetTag'));
      writeLabels(body, nlri, 1);
    },
    key: ({ esi, ethernetTag }) => [esi, ethernetTag],
  },
  'mac-ip': {
    type: 2,
    read(body) {
      const head = { rd: readRouteDistinguisher(body), esi: readEsi(body), ethernetTag: body.u32() };
      if (body.u8() !== 48) throw new Truncated(body.at, 6, 0);
      const mac = readMac(body);
      const ip = readSizedAddress(body);
      return {
        ...head,
        mac,
        ...(ip === undefined ? {} : { ip }),
        ...readLabels(body, body.remaining > 3 ? 2 : 1),
      };
    },
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeEsi(body, nlri);
      body.u32(numberField(nlri, 'ethernetTag')).u8(48);
      writeMac(body, nlri);
      writeSizedAddress(body, nlri['ip']);
      writeLabels(body, nlri, 2);
    },
    key: ({ ethernetTag, mac, ip = '0.0.0.0' }) => [ethernetTag, `${mac},${ip}`],
  },
  'inclusive-multicast': {
    type: 3,
    read: (body) => ({
      rd: readRouteDistinguisher(body),
      ethernetTag: body.u32(),
      originator: readAddress(body, body.u8() / 8),
    }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      body.u32(numberField(nlri, 'ethernetTag'));
      writeSizedAddress(body, textField(nlri, 'originator'));
    },
    key: ({ ethernetTag, originator }) => [ethernetTag, originator],
  },
  'ethernet-segment': {
    type: 4,
    read: (body) => ({
      rd: readRouteDistinguisher(body),
      esi: readEsi(body),
      originator: readAddress(body, body.u8() / 8),
    }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeEsi(body, nlri);
      writeSizedAddress(body, textField(nlri, 'originator'));
    },
    key: ({ esi, originator }) => [esi, originator],
  },
  'ip-prefix': {
    type: 5,
    read(body) {
      const head = { rd: readRouteDistinguisher(body), esi: readEsi(body), ethernetTag: body.u32() };
      const length = body.u8();
      const octets = (body.remaining - 3) / 2;
      if ((octets !== 4 && octets !== 16) || length > octets * 8)
        throw new Truncated(body.at, 11, body.remaining);
      const bytes = body.copy(octets);
      clearHostBits(bytes, length);
      return {
        ...head,
        prefix: prefixText({ bytes, length }),
        gateway: readAddress(body, octets),
        ...readLabels(body, 1),
      };
    },
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeEsi(body, nlri);
      const { bytes, length } = parsePrefix(textField(nlri, 'prefix'));
      body.u32(numberField(nlri, 'ethernetTag')).u8(length).bytes(bytes);
      writeAddress(body, nlri, 'gateway');
      writeLabels(body, nlri, 1);
    },
    key: ({ ethernetTag, prefix }) => [ethernetTag, prefix],
  },
} as const satisfies Record<string, RouteType>;

/** An EVPN route: `routeType` tells which fields it has. One of a type nobody knows has its number, and is carried as octets. */
export type EvpnNlri =
  | {
      [T in keyof typeof routeTypes]: NlriOctets & { readonly routeType: T } & Readonly<
          ReturnType<(typeof routeTypes)[T]['read']>
        >;
    }[keyof typeof routeTypes]
  | (NlriOctets & { readonly routeType?: undefined; readonly type: number });

const byNumber = new Map<number, [keyof typeof routeTypes, RouteType]>();
for (const [name, row] of Object.entries(routeTypes))
  byNumber.set(row.type, [name as keyof typeof routeTypes, row]);

export const evpn: Family<EvpnNlri> = fieldFamily<EvpnNlri>({
  afi: 25,
  safi: 70,
  title: 'EVPN',
  see: 'RFC 7432 §7, RFC 9136',
  nextHopOctets: [4, 16, 32],
  header: typeAndLength,
  read(body, whole) {
    const type = whole.u8();
    const known = byNumber.get(type);
    if (known === undefined) {
      body.skip(body.remaining);
      return { type };
    }
    return { routeType: known[0], ...known[1].read(body) } as EvpnNlri;
  },
  write(writer, nlri) {
    const row = Object.hasOwn(routeTypes, textField(nlri, 'routeType'))
      ? routeTypes[(nlri as EvpnNlri).routeType!]
      : undefined;
    if (row === undefined)
      throw new RangeError(`no EVPN route type is named "${textField(nlri, 'routeType')}"`);
    writer.u8(row.type).length8((body) => row.write(body, nlri));
  },
  /** `2-10.1.1.3:4-0-02:aa:bb:cc:dd:01,10.2.0.4`, as Contrail's control nodes name routes. */
  text(nlri: EvpnNlri) {
    if (nlri.routeType === undefined) return undefined;
    const row: RouteType = routeTypes[nlri.routeType];
    return [row.type, nlri.rd, ...row.key(nlri)].join('-');
  },
});
