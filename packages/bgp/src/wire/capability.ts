/** Capabilities a speaker lists in its OPEN: one row per capability. @see RFC 5492 */
import { type Reader, Truncated, Writer, copyOctets } from '@vaportrail/net';
import { NotificationError, errorCode, openSubcode } from './notification.ts';

/** An address family as the two numbers on the wire. */
export interface AfiSafi {
  readonly afi: number;
  readonly safi: number;
}

/** What one side offers for ADD-PATH: bit 0 receive, bit 1 send. @see RFC 7911 §4 */
export const addPathMode = { receive: 1, send: 2, both: 3 } as const;

/** BGP roles. @see RFC 9234 §4.1 */
export const bgpRole = { provider: 0, routeServer: 1, routeServerClient: 2, customer: 3, peer: 4 } as const;

/** A capability, decoded, told apart by `type`. */
export type Capability =
  | ({ readonly type: 'multiprotocol' } & AfiSafi)
  | { readonly type: 'route-refresh' }
  | {
      readonly type: 'outbound-route-filtering';
      readonly entries: readonly (AfiSafi & {
        readonly filters: readonly { readonly type: number; readonly mode: number }[];
      })[];
    }
  | {
      readonly type: 'extended-next-hop';
      readonly entries: readonly (AfiSafi & { readonly nextHopAfi: number })[];
    }
  | { readonly type: 'extended-message' }
  | { readonly type: 'bgpsec'; readonly version: number; readonly direction: number; readonly afi: number }
  | { readonly type: 'multiple-labels'; readonly entries: readonly (AfiSafi & { readonly count: number })[] }
  | { readonly type: 'role'; readonly role: number }
  | {
      readonly type: 'graceful-restart';
      /** The sender has restarted. */
      readonly restarting: boolean;
      /** NOTIFICATION and hold timer expiry keep the routes too. @see RFC 8538 §2 */
      readonly notification: boolean;
      /** Seconds, 0–4095. */
      readonly restartTime: number;
      readonly families: readonly (AfiSafi & { readonly forwarding: boolean })[];
    }
  | { readonly type: 'four-octet-as'; readonly asn: number }
  | { readonly type: 'dynamic-capability'; readonly codes: readonly number[] }
  | { readonly type: 'multisession'; readonly flags: number; readonly codes: readonly number[] }
  | { readonly type: 'add-path'; readonly entries: readonly (AfiSafi & { readonly mode: number })[] }
  | { readonly type: 'enhanced-route-refresh' }
  | {
      readonly type: 'long-lived-graceful-restart';
      /** `staleTime` in seconds, 0–16777215. */
      readonly families: readonly (AfiSafi & { readonly forwarding: boolean; readonly staleTime: number })[];
    }
  | { readonly type: 'fqdn'; readonly hostname: string; readonly domain: string }
  | { readonly type: 'software-version'; readonly version: string }
  | { readonly type: 'paths-limit'; readonly entries: readonly (AfiSafi & { readonly limit: number })[] }
  | { readonly type: 'link-local-next-hop' }
  | { readonly type: 'route-refresh-cisco' }
  /** A capability this code does not know; a session ignores it and may show it. */
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array };

type KnownType = Exclude<Capability['type'], 'unknown'>;
type Of<T extends Capability['type']> = Extract<Capability, { type: T }>;

/** How one capability is written. `decode` must consume its value; what is left over makes it malformed. */
interface CapabilityRow<T extends KnownType> {
  readonly code: number;
  readonly see: string;
  /** Octets behind a value are let pass: peers pad these, and nothing can be mistaken. */
  readonly padded?: true;
  decode(reader: Reader): Of<T>;
  encode(writer: Writer, capability: Of<T>): void;
}

const flag = <T extends KnownType>(code: number, see: string, type: T): CapabilityRow<T> => ({
  code,
  see,
  padded: true,
  decode: () => ({ type }) as Of<T>,
  encode: () => {},
});

/** Reads entries until the value is used up. */
function entries<E>(reader: Reader, read: () => E): E[] {
  const list: E[] = [];
  while (reader.remaining > 0) list.push(read());
  return list;
}

const text = (reader: Reader, length: number): string => new TextDecoder().decode(reader.slice(length));
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value).slice(0, 255);

/** Every capability known, by type. @see https://www.iana.org/assignments/capability-codes */
export const capabilities = {
  multiprotocol: {
    code: 1,
    see: 'RFC 4760 §8',
    padded: true,
    decode(reader) {
      const afi = reader.u16();
      reader.skip(1);
      return { type: 'multiprotocol', afi, safi: reader.u8() };
    },
    encode: (writer, { afi, safi }) => void writer.u16(afi).u8(0).u8(safi),
  },
  'route-refresh': flag(2, 'RFC 2918', 'route-refresh'),
  'outbound-route-filtering': {
    code: 3,
    see: 'RFC 5291 §5',
    padded: true,
    decode(reader) {
      const entry = (): AfiSafi & { filters: { type: number; mode: number }[] } => {
        const afi = reader.u16();
        reader.skip(1);
        const safi = reader.u8();
        const filters = Array.from({ length: reader.u8() }, () => ({ type: reader.u8(), mode: reader.u8() }));
        return { afi, safi, filters };
      };
      const list = [entry()];
      // Peers count the filters of later entries wrong; what cannot be read is not offered, and that is all.
      while (reader.remaining >= 5 && reader.remaining >= 5 + 2 * reader.bytes[reader.at + 4]!)
        list.push(entry());
      return { type: 'outbound-route-filtering', entries: list };
    },
    encode(writer, capability) {
      for (const { afi, safi, filters } of capability.entries) {
        writer.u16(afi).u8(0).u8(safi).u8(filters.length);
        for (const filter of filters) writer.u8(filter.type).u8(filter.mode);
      }
    },
  },
  'extended-next-hop': {
    code: 5,
    see: 'RFC 8950 §4',
    decode: (reader) => ({
      type: 'extended-next-hop',
      entries: entries(reader, () => ({
        afi: reader.u16(),
        safi: reader.u16(),
        nextHopAfi: reader.u16(),
      })),
    }),
    encode(writer, capability) {
      for (const { afi, safi, nextHopAfi } of capability.entries) writer.u16(afi).u16(safi).u16(nextHopAfi);
    },
  },
  'extended-message': flag(6, 'RFC 8654 §3', 'extended-message'),
  bgpsec: {
    code: 7,
    see: 'RFC 8205 §2.1',
    decode(reader) {
      const first = reader.u8();
      return { type: 'bgpsec', version: first >>> 4, direction: (first >>> 3) & 1, afi: reader.u16() };
    },
    encode: (writer, { version, direction, afi }) =>
      void writer.u8((version << 4) | (direction << 3)).u16(afi),
  },
  'multiple-labels': {
    code: 8,
    see: 'RFC 8277 §2.1',
    decode: (reader) => ({
      type: 'multiple-labels',
      entries: entries(reader, () => ({ afi: reader.u16(), safi: reader.u8(), count: reader.u8() })),
    }),
    encode(writer, capability) {
      for (const { afi, safi, count } of capability.entries) writer.u16(afi).u8(safi).u8(count);
    },
  },
  role: {
    code: 9,
    see: 'RFC 9234 §4.1',
    decode: (reader) => ({ type: 'role', role: reader.u8() }),
    encode: (writer, { role }) => void writer.u8(role),
  },
  'graceful-restart': {
    code: 64,
    see: 'RFC 4724 §3',
    decode(reader) {
      const head = reader.u16();
      return {
        type: 'graceful-restart',
        restarting: (head & 0x8000) !== 0,
        notification: (head & 0x4000) !== 0,
        restartTime: head & 0xfff,
        families: entries(reader, () => ({
          afi: reader.u16(),
          safi: reader.u8(),
          forwarding: (reader.u8() & 0x80) !== 0,
        })),
      };
    },
    encode(writer, { restarting, notification, restartTime, families }) {
      writer.u16((restarting ? 0x8000 : 0) | (notification ? 0x4000 : 0) | restartTime);
      for (const { afi, safi, forwarding } of families)
        writer
          .u16(afi)
          .u8(safi)
          .u8(forwarding ? 0x80 : 0);
    },
  },
  'four-octet-as': {
    code: 65,
    see: 'RFC 6793 §3',
    decode: (reader) => ({ type: 'four-octet-as', asn: reader.u32() }),
    encode: (writer, { asn }) => void writer.u32(asn),
  },
  'dynamic-capability': {
    code: 67,
    see: 'draft-ietf-idr-dynamic-cap',
    decode: (reader) => ({ type: 'dynamic-capability', codes: entries(reader, () => reader.u8()) }),
    encode: (writer, { codes }) => void writer.bytes(Uint8Array.from(codes)),
  },
  multisession: {
    code: 68,
    see: 'draft-ietf-idr-bgp-multisession',
    decode: (reader) => ({
      type: 'multisession',
      flags: reader.u8(),
      codes: entries(reader, () => reader.u8()),
    }),
    encode: (writer, { flags, codes }) => void writer.u8(flags).bytes(Uint8Array.from(codes)),
  },
  'add-path': {
    code: 69,
    see: 'RFC 7911 §4',
    decode: (reader) => ({
      type: 'add-path',
      entries: entries(reader, () => ({ afi: reader.u16(), safi: reader.u8(), mode: reader.u8() })),
    }),
    encode(writer, capability) {
      for (const { afi, safi, mode } of capability.entries) writer.u16(afi).u8(safi).u8(mode);
    },
  },
  'enhanced-route-refresh': flag(70, 'RFC 7313 §3.1', 'enhanced-route-refresh'),
  'long-lived-graceful-restart': {
    code: 71,
    see: 'RFC 9494 §3',
    decode: (reader) => ({
      type: 'long-lived-graceful-restart',
      families: entries(reader, () => ({
        afi: reader.u16(),
        safi: reader.u8(),
        forwarding: (reader.u8() & 0x80) !== 0,
        staleTime: reader.u24(),
      })),
    }),
    encode(writer, { families }) {
      for (const { afi, safi, forwarding, staleTime } of families) {
        writer
          .u16(afi)
          .u8(safi)
          .u8(forwarding ? 0x80 : 0)
          .u24(staleTime);
      }
    },
  },
  fqdn: {
    code: 73,
    see: 'draft-walton-bgp-hostname-capability',
    decode: (reader) => ({
      type: 'fqdn',
      hostname: text(reader, reader.u8()),
      domain: text(reader, reader.u8()),
    }),
    encode(writer, { hostname, domain }) {
      writer.length8((inner) => inner.bytes(utf8(hostname).slice(0, 64)));
      writer.length8((inner) => inner.bytes(utf8(domain).slice(0, 64)));
    },
  },
  'software-version': {
    code: 75,
    see: 'draft-ietf-idr-bgp-software-version',
    decode: (reader) => ({ type: 'software-version', version: text(reader, reader.u8()) }),
    encode: (writer, { version }) => void writer.length8((inner) => inner.bytes(utf8(version).slice(0, 64))),
  },
  'paths-limit': {
    code: 76,
    see: 'draft-abraitis-idr-addpath-paths-limit',
    decode: (reader) => ({
      type: 'paths-limit',
      entries: entries(reader, () => ({ afi: reader.u16(), safi: reader.u8(), limit: reader.u16() })),
    }),
    encode(writer, capability) {
      for (const { afi, safi, limit } of capability.entries) writer.u16(afi).u8(safi).u16(limit);
    },
  },
  'link-local-next-hop': flag(77, 'draft-ietf-idr-linklocal-capability', 'link-local-next-hop'),
  'route-refresh-cisco': flag(128, 'pre-standard route refresh', 'route-refresh-cisco'),
} as const satisfies { [T in KnownType]: CapabilityRow<T> };

const byCode = new Map<number, KnownType>();
for (const [type, row] of Object.entries(capabilities)) byCode.set(row.code, type as KnownType);

/**
 * One capability from its code and value.
 * @throws NotificationError OPEN Message Error, unspecific, with the capability as data, when the value of a known
 *   capability is too short or too long
 */
export function decodeCapability(code: number, value: Reader): Capability {
  const { bytes, at, end } = value;
  const type = byCode.get(code);
  if (type === undefined) return { type: 'unknown', code, value: value.copy(value.remaining) };
  const malformed = (): NotificationError => {
    const data = Uint8Array.of(code, (end - at) & 0xff, ...bytes.subarray(at, end));
    return new NotificationError(
      errorCode.open,
      openSubcode.unspecific,
      data,
      `the ${type} capability is malformed`,
    );
  };
  let capability: Capability;
  try {
    capability = capabilities[type].decode(value);
  } catch (error) {
    if (error instanceof Truncated) throw malformed();
    throw error;
  }
  const row = capabilities[type];
  if (value.remaining > 0 && !('padded' in row && row.padded === true)) throw malformed();
  return capability;
}

/** Writes code, length and value of one capability. */
export function encodeCapability(writer: Writer, capability: Capability): void {
  if (capability.type === 'unknown') {
    writer.u8(capability.code).length8((inner) => inner.bytes(capability.value));
    return;
  }
  const row: { code: number; encode(writer: Writer, capability: Capability): void } =
    capabilities[capability.type];
  writer.u8(row.code).length8((inner) => row.encode(inner, capability));
}

/**
 * Reads capabilities (code, length, value) until the reader is used up, and adds them to `list`.
 * @throws NotificationError when one passes the end
 */
export function decodeCapabilities(reader: Reader, list: Capability[] = []): Capability[] {
  while (reader.remaining > 0) {
    const { bytes, at, end } = reader;
    if (reader.remaining < 2 || bytes[at + 1]! > reader.remaining - 2) {
      throw new NotificationError(
        errorCode.open,
        openSubcode.unspecific,
        copyOctets(bytes, at, end),
        'a capability passes the end of its parameter',
      );
    }
    const code = reader.u8();
    list.push(decodeCapability(code, reader.view(reader.u8())));
  }
  return list;
}

/** The octets of a list of capabilities, each with code and length. */
export function encodeCapabilities(list: readonly Capability[]): Uint8Array {
  const writer = new Writer();
  for (const capability of list) encodeCapability(writer, capability);
  return writer.finish();
}
