/** Multicast VPNs: who wants which multicast traffic in a VPN, and over which tunnel. */
import { type Reader, type Writer, addressText, hexText, parseHex } from '@vaportrail/net';
import {
  readAddress,
  readRouteDistinguisher,
  readSizedAddress,
  writeAddress,
  writeRouteDistinguisher,
  writeSizedAddress,
} from './address-field.ts';
import {
  type Family,
  type Nlri,
  type NlriOctets,
  fieldFamily,
  numberField,
  textField,
  typeAndLength,
} from './family.ts';

/** Fields that MVPN routes of some types have. */
interface MvpnFields extends NlriOctets {
  readonly routeType?: string;
  readonly rd?: string;
  readonly sourceAs?: number;
  readonly source?: string;
  readonly group?: string;
  readonly routeKey?: string;
  readonly originator?: string;
}

interface RouteType {
  readonly type: number;
  read(body: Reader): Nlri;
  write(body: Writer, nlri: Nlri): void;
}

/** Source and group; a wildcard has length 0. @see RFC 6514 §4.3, RFC 6625 §3 */
function readFlow(body: Reader): { source: string; group: string } {
  return { source: readSizedAddress(body) ?? '*', group: readSizedAddress(body) ?? '*' };
}

function writeFlow(body: Writer, nlri: Nlri): void {
  for (const field of ['source', 'group']) {
    const address = textField(nlri, field);
    writeSizedAddress(body, address === '*' ? undefined : address);
  }
}

const rd = (body: Reader): { rd: string } => ({ rd: readRouteDistinguisher(body) });

/** @see RFC 6514 §4 */
const routeTypes = {
  'intra-as-i-pmsi': {
    type: 1,
    read: (body) => ({ ...rd(body), originator: readAddress(body, body.remaining) }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeAddress(body, nlri, 'originator');
    },
  },
  'inter-as-i-pmsi': {
    type: 2,
    read: (body) => ({ ...rd(body), sourceAs: body.u32() }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      body.u32(numberField(nlri, 'sourceAs'));
    },
  },
  's-pmsi': {
    type: 3,
    read: (body) => ({ ...rd(body), ...readFlow(body), originator: readAddress(body, body.remaining) }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeFlow(body, nlri);
      writeAddress(body, nlri, 'originator');
    },
  },
  /** The route that asks for it, whole, and who answers. Keys of other forms are not told apart. @see RFC 7524 §6.2.2 */
  leaf: {
    type: 4,
    read(body) {
      const { bytes, at, end } = body;
      const keyEnd = at + 2 + (bytes[at + 1] ?? 0);
      body.skip(body.remaining);
      if (end - at < 2 || (end - keyEnd !== 4 && end - keyEnd !== 16)) return {};
      return { routeKey: hexText(bytes, at, keyEnd), originator: addressText(bytes.subarray(keyEnd, end)) };
    },
    write(body, nlri) {
      body.bytes(parseHex(textField(nlri, 'routeKey')));
      writeAddress(body, nlri, 'originator');
    },
  },
  'source-active': {
    type: 5,
    read: (body) => ({ ...rd(body), ...readFlow(body) }),
    write(body, nlri) {
      writeRouteDistinguisher(body, nlri);
      writeFlow(body, nlri);
    },
  },
  'shared-tree-join': { type: 6, read: readJoin, write: writeJoin },
  'source-tree-join': { type: 7, read: readJoin, write: writeJoin },
} as const satisfies Record<string, RouteType>;

function readJoin(body: Reader): { rd: string; sourceAs: number; source: string; group: string } {
  return { ...rd(body), sourceAs: body.u32(), ...readFlow(body) };
}

function writeJoin(body: Writer, nlri: Nlri): void {
  writeRouteDistinguisher(body, nlri);
  body.u32(numberField(nlri, 'sourceAs'));
  writeFlow(body, nlri);
}

/** An MVPN route: `routeType` tells which fields it has. One of a type nobody knows has its number, and is carried as octets. */
export type MvpnNlri =
  | {
      [T in keyof typeof routeTypes]: NlriOctets & { readonly routeType: T } & Readonly<
          ReturnType<(typeof routeTypes)[T]['read']>
        >;
    }[keyof typeof routeTypes]
  | (NlriOctets & { readonly routeType?: undefined; readonly type: number });

const byNumber = new Map<number, [string, RouteType]>();
for (const [name, row] of Object.entries(routeTypes)) byNumber.set(row.type, [name, row]);

function mvpnFamily(afi: 1 | 2, title: string): Family<MvpnNlri> {
  return fieldFamily<MvpnNlri>({
    afi,
    safi: 5,
    title,
    see: 'RFC 6514 §4',
    nextHopOctets: [4, 16, 32],
    header: typeAndLength,
    read(body, whole) {
      const type = whole.u8();
      const [routeType, row] = byNumber.get(type) ?? [];
      if (row !== undefined) return { routeType, ...row.read(body) } as MvpnNlri;
      body.skip(body.remaining);
      return { type };
    },
    /** `7-10.1.1.3:4,64512,10.2.0.4,225.0.0.1`, as Contrail's control nodes name routes. */
    text(nlri) {
      const { routeType, rd, sourceAs, source, group, routeKey, originator } = nlri as MvpnFields;
      const row = routeTypes[routeType as keyof typeof routeTypes] as RouteType | undefined;
      const key = [rd, sourceAs, source, group, routeKey, originator].filter((field) => field !== undefined);
      return row === undefined || key.length === 0 ? undefined : `${row.type}-${key.join()}`;
    },
    write(writer, nlri) {
      const routeType = textField(nlri, 'routeType');
      const row = Object.hasOwn(routeTypes, routeType)
        ? routeTypes[routeType as keyof typeof routeTypes]
        : undefined;
      if (row === undefined) throw new RangeError(`no MVPN route type is named "${routeType}"`);
      writer.u8(row.type).length8((body) => row.write(body, nlri));
    },
  });
}

export const inetMvpn = mvpnFamily(1, 'IPv4 MVPN');
export const inet6Mvpn = mvpnFamily(2, 'IPv6 MVPN');
