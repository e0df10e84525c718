/** What a row of the family table is, and the shapes an NLRI can have. */
import type { Writer } from '@vaportrail/net';

/**
 * One NLRI as plain data, text for addresses: the fields of its family. `nlri` holds its octets (without path
 * identifier) in hexadecimal where the other fields do not say all of them, and then is what gets encoded.
 */
export interface Nlri {
  readonly [field: string]: unknown;
  readonly nlri?: string;
}

/** An address family: a row of {@link families}. The path identifier of ADD-PATH is read and written by the caller. */
export interface Family {
  readonly afi: number;
  readonly safi: number;
  /** As operators write it: `IPv4 VPN unicast`. */
  readonly title: string;
  readonly see: string;
  /** Lengths in octets that a next hop may have; with 0, MP_REACH_NLRI may carry none. */
  readonly nextHopOctets: readonly number[];
  /**
   * Octets of the NLRI at `at`, its length field included, found without making anything.
   * Negative when it is not syntactically correct: it passes `end`, or its length does not fit the family.
   * `withdrawn` matters where a label stack of a withdrawal says nothing. @see RFC 7606 §5.3
   */
  measure(bytes: Uint8Array, at: number, end: number, withdrawn: boolean): number;
  /** The fields of the NLRI in `bytes[at…end)`, which is one that `measure` delimited. */
  decode(bytes: Uint8Array, at: number, end: number, withdrawn: boolean): Nlri;
  /** Writes an NLRI from its fields. @throws RangeError when a field is missing or out of range */
  encode(writer: Writer, nlri: Nlri, withdrawn: boolean): void;
}

/** Answer of `measure` for an NLRI that is not syntactically correct. */
export const MALFORMED = -1;
