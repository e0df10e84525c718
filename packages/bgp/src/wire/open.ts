/** OPEN: who a speaker is and what it can do. @see RFC 4271 §4.2 */
import { Reader, Truncated, Writer } from '@vaportrail/net';
import { type Capability, decodeCapabilities, encodeCapability } from './capability.ts';
import { NotificationError, errorCode, openSubcode } from './notification.ts';

/** The only one spoken. @see RFC 4271 §4.2 */
export const BGP_VERSION = 4;
/** Stands in the two-octet field of a speaker whose AS number needs four. @see RFC 6793 §4.2.1 */
export const AS_TRANS = 23456;
/** Parameter type of a list of capabilities. @see RFC 5492 §4 */
const CAPABILITIES_PARAMETER = 2;
/** Length and type octets that announce the extended format. @see RFC 9072 §2 */
const EXTENDED_FORMAT = 255;

/** An OPEN, decoded. @see RFC 4271 §4.2 */
export interface Open {
  readonly type: 'open';
  /** The AS number, from the four-octet-as capability when there is one. */
  readonly asn: number;
  /** Seconds; 0 means no hold timer. */
  readonly holdTime: number;
  /** BGP identifier as an unsigned number. */
  readonly routerId: number;
  readonly capabilities: readonly Capability[];
}

/**
 * Reads the body of an OPEN. Values are checked as far as they are wrong for anybody; whether the AS number or the
 * identifier is the one expected is for the session to say.
 * @throws NotificationError OPEN Message Error: unsupported version, unsupported optional parameter, unacceptable
 *   hold time, bad identifier, or unspecific for a parameter or capability that cannot be parsed
 * @see RFC 4271 §6.2, RFC 6286 §2.1
 */
export function decodeOpen(bytes: Uint8Array, start: number, end: number): Open {
  const reader = new Reader(bytes, start, end);
  try {
    const version = reader.u8();
    if (version !== BGP_VERSION) {
      throw fail(openSubcode.unsupportedVersion, `version ${version}`, Uint8Array.of(0, BGP_VERSION));
    }
    const shortAsn = reader.u16();
    const holdTime = reader.u16();
    const routerId = reader.u32();
    const capabilities: Capability[] = [];
    decodeParameters(reader, capabilities);
    const fourOctets = capabilities.find((capability) => capability.type === 'four-octet-as');
    const asn = fourOctets?.asn ?? shortAsn;
    if (asn === 0 || shortAsn === 0) throw fail(openSubcode.badPeerAs, 'AS number 0');
    if (holdTime === 1 || holdTime === 2)
      throw fail(openSubcode.unacceptableHoldTime, `a hold time of ${holdTime} s`);
    if (routerId === 0) throw fail(openSubcode.badIdentifier, 'identifier 0.0.0.0');
    return { type: 'open', asn, holdTime, routerId, capabilities };
  } catch (error) {
    if (error instanceof Truncated) throw fail(openSubcode.unspecific, 'the optional parameters are cut off');
    throw error;
  }
}

/** What could be read of an OPEN that is not right: the fields in front, and the capabilities up to the wrong one. */
export interface PartialOpen {
  readonly version?: number;
  readonly asn?: number;
  readonly holdTime?: number;
  readonly routerId?: number;
  readonly capabilities: readonly Capability[];
}

/** Reads the body of an OPEN as far as it goes, for people to look at. Never throws. */
export function readableOpen(bytes: Uint8Array, start: number, end: number): PartialOpen {
  const capabilities: Capability[] = [];
  const open: { -readonly [field in keyof PartialOpen]: PartialOpen[field] } = { capabilities };
  const reader = new Reader(bytes, start, end);
  try {
    open.version = reader.u8();
    open.asn = reader.u16();
    open.holdTime = reader.u16();
    open.routerId = reader.u32();
    decodeParameters(reader, capabilities);
  } catch (error) {
    if (!(error instanceof Truncated || error instanceof NotificationError)) throw error;
  }
  const fourOctets = capabilities.find((capability) => capability.type === 'four-octet-as');
  if (fourOctets !== undefined) open.asn = fourOctets.asn;
  return open;
}

/** Adds the capabilities to a list, which then holds those in front of what made it throw. */
function decodeParameters(reader: Reader, capabilities: Capability[]): void {
  let length = reader.u8();
  const extended = length !== 0 && reader.remaining > 0 && reader.bytes[reader.at] === EXTENDED_FORMAT;
  if (extended) {
    reader.skip(1);
    length = reader.u16();
  }
  if (length !== reader.remaining) {
    throw fail(
      openSubcode.unspecific,
      `${length} octets of optional parameters announced, ${reader.remaining} octets there`,
    );
  }
  while (reader.remaining > 0) {
    const type = reader.u8();
    const value = reader.view(extended ? reader.u16() : reader.u8());
    if (type !== CAPABILITIES_PARAMETER) {
      throw fail(openSubcode.unsupportedOptionalParameter, `optional parameter ${type}`);
    }
    decodeCapabilities(value, capabilities);
  }
}

function fail(subcode: number, because: string, data?: Uint8Array): NotificationError {
  return new NotificationError(errorCode.open, subcode, data, because);
}

/**
 * The body of an OPEN: all capabilities in one parameter, in the extended format only when they need it. The AS
 * number goes into the two-octet field as it is, or as AS_TRANS when it does not fit.
 * @see RFC 5492 §4, RFC 9072 §2
 */
export function encodeOpen(open: Open): Uint8Array {
  const writer = new Writer(64);
  writer.u8(BGP_VERSION).u16(open.asn > 0xffff ? AS_TRANS : open.asn);
  writer.u16(open.holdTime).u32(open.routerId);
  const inner = new Writer(64);
  for (const capability of open.capabilities) encodeCapability(inner, capability);
  const capabilities = inner.finish();
  if (capabilities.length === 0) return writer.u8(0).finish();
  if (capabilities.length + 2 < EXTENDED_FORMAT) {
    writer
      .u8(capabilities.length + 2)
      .u8(CAPABILITIES_PARAMETER)
      .u8(capabilities.length);
    return writer.bytes(capabilities).finish();
  }
  writer
    .u8(EXTENDED_FORMAT)
    .u8(EXTENDED_FORMAT)
    .u16(capabilities.length + 3);
  return writer.u8(CAPABILITIES_PARAMETER).u16(capabilities.length).bytes(capabilities).finish();
}
