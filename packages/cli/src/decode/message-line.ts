/** One line of input to `vaportrail decode bgp`: a message in hexadecimal, or JSON with its context. */
import {
  type DecodeContext,
  type DecodedDocument,
  decodeCapabilities,
  describeMessage,
} from '@vaportrail/bgp/wire';
import { Reader, parseHex } from '@vaportrail/net';

/** The JSON form. `kind` says what `hex` is when it is no whole message. */
interface MessageRecord {
  readonly hex: string;
  readonly context?: DecodeContext;
  readonly kind?: string;
}

/** Why a line cannot be read at all. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/**
 * The document of a line.
 * @throws LineError when the line is neither hexadecimal nor JSON with `hex`, or absent because it was too long
 */
export function decodeLine(line: string | undefined): DecodedDocument | { readonly type: 'capabilities' } {
  if (line === undefined) throw new LineError('the line is too long');
  if (!line.startsWith('{')) return describeMessage(octets(line));
  const record = parseRecord(line);
  const bytes = octets(record.hex);
  return record.kind === 'capability' ? describeCapabilities(bytes) : describeMessage(bytes, record.context);
}

function octets(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length * 2 === hex.length) return bytes;
  try {
    return parseHex(hex.replace(/^0x/i, '')); // with blanks or colons in between
  } catch (error) {
    throw new LineError((error as Error).message, { cause: error });
  }
}

function parseRecord(line: string): MessageRecord {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (error) {
    throw new LineError(`not JSON: ${(error as Error).message}`, { cause: error });
  }
  const { hex, context: given, kind } = record as { hex?: unknown; context?: unknown; kind?: string };
  if (typeof hex !== 'string') throw new LineError('"hex" is missing');
  const context = given ?? {};
  const wrong = wrongContext(context);
  if (wrong !== undefined) throw new LineError(wrong);
  return { hex, context: context as DecodeContext, ...(kind === undefined ? {} : { kind }) };
}

/** What is wrong with a context; other fields than the three known ones are somebody else's. */
function wrongContext(context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null) return '"context" is not an object';
  const { asn4, addpath, ibgp } = context as { asn4?: unknown; addpath?: unknown; ibgp?: unknown };
  if (!isFlag(asn4)) return '"context.asn4" is not true, false or null';
  if (!isFlag(ibgp)) return '"context.ibgp" is not true, false or null';
  if (isFlag(addpath) || (Array.isArray(addpath) && addpath.every(isFamily))) return undefined;
  return '"context.addpath" is not true, false, null or a list of [afi, safi]';
}

function isFlag(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean';
}

function isFamily(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((number) => typeof number === 'number');
}

/** Capabilities that stand alone, without their OPEN. */
function describeCapabilities(bytes: Uint8Array): { type: 'capabilities' } & Record<string, unknown> {
  try {
    return { type: 'capabilities', capabilities: decodeCapabilities(new Reader(bytes)), problems: [] };
  } catch (error) {
    const { code, subcode, because } = error as { code: number; subcode: number; because: string };
    return { type: 'capabilities', problems: [{ approach: 'session-reset', code, subcode, because }] };
  }
}
