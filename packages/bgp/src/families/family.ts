/** What a row of the family table is, and what an NLRI looks like outside of its octets. */
import { Reader, Truncated, Writer, hexText, parseHex } from '@vaportrail/net';

/** What every NLRI may have. */
export type NlriOctets = {
  /** Its octets (without path identifier) in hexadecimal where the other fields do not say all of them; then they get encoded. */
  readonly nlri?: string;
};

/**
 * One NLRI of any family as plain data, text for addresses. What a family has is a type of its own without further
 * fields: an alias and no interface, so that it is one of these as well.
 */
export interface Nlri extends NlriOctets {
  readonly [field: string]: unknown;
}

/**
 * An address family: a row of {@link families}, and the fields `N` of its NLRI. The path identifier of ADD-PATH is read and
 * written by the caller.
 */
export interface Family<N extends Nlri = Nlri> {
  readonly afi: number;
  readonly safi: number;
  /** As operators write it: `IPv4 VPN unicast`. */
  readonly title: string;
  readonly see: string;
  /** Lengths in octets that the next hop in MP_REACH_NLRI may have. */
  readonly nextHopOctets: readonly number[];
  /**
   * Octets of the NLRI at `at`, its length field included, found without making anything.
   * Negative when it is not syntactically correct: it passes `end`, or its length does not fit the family.
   * `withdrawn` matters where the labels of a withdrawal say nothing. @see RFC 7606 §5.3
   */
  measure(bytes: Uint8Array, at: number, end: number, withdrawn: boolean): number;
  /**
   * The fields of the NLRI in `bytes[at…end)`, which is one that `measure` delimited. They are added to `into`: a
   * route gets the fields of its NLRI without an object between.
   */
  decode<T extends object>(bytes: Uint8Array, at: number, end: number, withdrawn: boolean, into: T): T & N;
  /** Writes an NLRI from its fields. @throws RangeError when a field is missing or out of range */
  encode(writer: Writer, nlri: Nlri, withdrawn: boolean): void;
  /** What names a route among those of its table, in a line; `undefined` where the fields do not say it. */
  text?(nlri: N): string | undefined;
}

/** Answer of `measure` for an NLRI that is not syntactically correct. */
export const MALFORMED = -1;

/** What a family says about its NLRI when it reads them field by field rather than in a hot path. */
interface FieldFamily<N extends Nlri> extends Omit<Family<N>, 'measure' | 'decode' | 'encode'> {
  /** Octets of the NLRI in front of its body, and the body's length in octets, from the octets at hand. */
  header(
    bytes: Uint8Array,
    at: number,
    end: number,
  ): { readonly octets: number; readonly body: number } | undefined;
  /**
   * The fields of an NLRI, `whole` over all its octets and `body` over what follows the header. May throw `Truncated`,
   * or leave octets of the body over: both make the NLRI malformed. `undefined` for a type nobody knows.
   */
  read(body: Reader, whole: Reader): N | undefined;
  /** Writes header and body from the fields. */
  write(writer: Writer, nlri: Nlri): void;
}

/**
 * A family whose NLRI is read in one way only, by fields: what cannot be read is malformed, and an NLRI of an unknown
 * type is carried as octets. @see RFC 7606 §5.4
 */
export function fieldFamily<N extends Nlri = Nlri>({
  header,
  read,
  write,
  ...row
}: FieldFamily<N>): Family<N> {
  const fields = (bytes: Uint8Array, at: number, end: number, octets: number): N | undefined => {
    const body = new Reader(bytes, at + octets, end);
    const nlri = read(body, new Reader(bytes, at, end));
    if (nlri !== undefined && body.remaining > 0) throw new Truncated(body.at, 0, body.remaining);
    return nlri;
  };
  const encode = (writer: Writer, nlri: Nlri): void => {
    if (nlri.nlri === undefined) write(writer, nlri);
    else writer.bytes(parseHex(nlri.nlri));
  };
  return {
    ...row,
    measure(bytes, at, end) {
      const head = header(bytes, at, end);
      if (head === undefined || head.octets + head.body > end - at) return MALFORMED;
      const octets = head.octets + head.body;
      try {
        fields(bytes, at, at + octets, head.octets);
      } catch (error) {
        if (error instanceof Truncated) return MALFORMED;
        throw error;
      }
      return octets;
    },
    decode(bytes, at, end, _withdrawn, into) {
      const octets = header(bytes, at, end)?.octets ?? 0;
      // An NLRI of a type that nobody knows has its octets, and no other field.
      const nlri = fields(bytes, at, end, octets) ?? ({} as N);
      if (isExact(nlri, encode, bytes, at, end)) return Object.assign(into, nlri);
      return Object.assign(into, nlri, { nlri: hexText(bytes, at, end) });
    },
    encode,
  };
}

/** Whether the fields alone give the octets back. */
function isExact(
  nlri: Nlri,
  encode: (writer: Writer, nlri: Nlri) => void,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (nlri.nlri !== undefined) return true;
  const writer = new Writer(64);
  try {
    encode(writer, nlri);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  const again = writer.finish();
  return again.length === end - at && again.every((octet, i) => octet === bytes[at + i]);
}

/** A header of a type and a length in octets, one octet each. */
export function typeAndLength(
  bytes: Uint8Array,
  at: number,
  end: number,
): { octets: 2; body: number } | undefined {
  return end - at < 2 ? undefined : { octets: 2, body: bytes[at + 1]! };
}

/** A field of an NLRI to write. @throws RangeError when it is missing */
export function textField(nlri: Nlri, field: string): string {
  const value = nlri[field];
  if (typeof value !== 'string') throw new RangeError(`the NLRI needs ${field}`);
  return value;
}

/** A number of an NLRI to write. @throws RangeError when it is missing or no unsigned number up to `limit` */
export function numberField(nlri: Nlri, field: string, limit = 0xffff_ffff): number {
  const value = nlri[field];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > limit) {
    throw new RangeError(`the NLRI needs ${field}, a number from 0 to ${limit}`);
  }
  return value;
}

/** A list of numbers of an NLRI to write, `undefined` when it is absent. @throws RangeError when it is anything else */
export function numberListField(nlri: Nlri, field: string, limit: number): readonly number[] | undefined {
  const list = nlri[field];
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) throw new RangeError(`${field} of the NLRI is not a list`);
  for (const value of list as unknown[]) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > limit) {
      throw new RangeError(
        `${field} of the NLRI holds ${JSON.stringify(value)}, not a number from 0 to ${limit}`,
      );
    }
  }
  return list as number[];
}
