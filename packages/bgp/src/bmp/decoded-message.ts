/** BMP messages as a monitoring station reads them. @see RFC 7854, RFC 8671, RFC 9069 */
import { Reader, Truncated } from '@vaportrail/net';
import { HEADER_OCTETS, MAX_EXTENDED_MESSAGE, messageLength } from '../wire/header.ts';
import { NotificationError } from '../wire/notification.ts';
import { BMP_VERSION, bmpType, type BmpPeerDownReason, type BmpPeerUp } from './message.ts';
import { readAddress, readPeer, type BmpPeer } from './peer-header.ts';
import { readStatistics, type BmpStatisticOctets, type BmpStatistics } from './statistics.ts';

/** Version, length and type. @see RFC 7854 §4.1 */
export const BMP_HEADER_OCTETS = 6;
/** A router sends an UPDATE with 48 octets in front, or two OPEN messages with some text: a fraction of this. */
export const MAX_BMP_MESSAGE = 1024 * 1024;

/** Octets that are no BMP, or a message that is cut off. `offset` counts from the start of the stream, or of the message. */
export class BmpError extends Error {
  override readonly name = 'BmpError';
  readonly offset: number;

  constructor(offset: number, because: string, options?: ErrorOptions) {
    super(`octet ${offset}: ${because}`, options);
    this.offset = offset;
  }
}

interface OfPeer {
  readonly peer: BmpPeer;
  /** Milliseconds since the epoch, with microseconds behind the point; 0 when the router does not know. */
  readonly at: number;
}

/** What a peer down message says: {@link BmpPeerDownReason}, or a number that nobody has given a meaning. */
export type BmpDecodedReason =
  BmpPeerDownReason | { readonly reason: 'unknown'; readonly number: number; readonly data: Uint8Array };

/** One message; texts are as the router wrote them. All octets are copies, to keep. */
export type BmpMessage =
  | (OfPeer & {
      readonly type: 'route-monitoring';
      /** The whole BGP message. Its AS numbers have four octets if `peer.asn4`. */
      readonly update: Uint8Array;
    })
  | (OfPeer & {
      readonly type: 'statistics-report';
      readonly statistics: BmpStatistics;
      /** Counts that have no name here. */
      readonly others: readonly BmpStatisticOctets[];
    })
  | (OfPeer & { readonly type: 'peer-down'; readonly down: BmpDecodedReason })
  | (OfPeer & { readonly type: 'peer-up'; readonly up: BmpPeerUp })
  | {
      readonly type: 'initiation';
      readonly sysName: string;
      readonly sysDescription: string;
      readonly texts: readonly string[];
    }
  | {
      readonly type: 'termination';
      /** 0 administratively closed, 1 unspecified, 2 out of resources, 3 redundant connection, 4 permanently closed. */
      readonly reason?: number;
      readonly texts: readonly string[];
    }
  | (OfPeer & {
      readonly type: 'route-mirroring';
      /** Whole BGP messages. */
      readonly messages: readonly Uint8Array[];
      /** 0 the message was wrong and treated as withdraw, 1 messages were lost. */
      readonly code?: number;
    })
  | { readonly type: 'unknown'; readonly number: number; readonly body: Uint8Array };

/**
 * Octets of the message whose header is at `at`, which the header itself says.
 * @throws BmpError when that cannot be the header of a message
 */
export function bmpLength(bytes: Uint8Array, at: number, offset: number): number {
  const version = bytes[at]!;
  if (version !== BMP_VERSION) throw new BmpError(offset, `version ${version} instead of ${BMP_VERSION}`);
  const length = new Reader(bytes, at + 1).u32();
  if (length < BMP_HEADER_OCTETS || length > MAX_BMP_MESSAGE) {
    throw new BmpError(offset, `a message of ${length} octets`);
  }
  return length;
}

/**
 * Reads one whole message. `offset` is where it stands in its stream, for errors.
 * @throws BmpError and nothing else, whatever the octets
 */
export function decodeBmp(bytes: Uint8Array, offset = 0): BmpMessage {
  if (bytes.length < BMP_HEADER_OCTETS) throw new BmpError(offset, `cut off after ${bytes.length} octets`);
  const length = bmpLength(bytes, 0, offset);
  if (length !== bytes.length) {
    throw new BmpError(offset, `${bytes.length} octets instead of the ${length} that its header says`);
  }
  try {
    return readMessage(bytes[5]!, new Reader(bytes, BMP_HEADER_OCTETS));
  } catch (error) {
    if (error instanceof Truncated) throw new BmpError(offset + error.at, 'cut off', { cause: error });
    if (error instanceof NotificationError) throw new BmpError(offset, error.message, { cause: error });
    throw error;
  }
}

function readMessage(type: number, reader: Reader): BmpMessage {
  switch (type) {
    case bmpType.routeMonitoring: {
      const about = readPeer(reader);
      return { type: 'route-monitoring', ...about, update: readBgp(reader) };
    }
    case bmpType.statisticsReport: {
      const about = readPeer(reader);
      return { type: 'statistics-report', ...about, ...readStatistics(reader) };
    }
    case bmpType.peerDown: {
      const about = readPeer(reader);
      return { type: 'peer-down', ...about, down: readReason(reader) };
    }
    case bmpType.peerUp: {
      const about = readPeer(reader);
      return { type: 'peer-up', ...about, up: readUp(reader, about.peer) };
    }
    case bmpType.initiation: {
      const told = readInformation(reader);
      const [texts, [sysDescription = ''], [sysName = '']] = [0, 1, 2].map((kind) => textsOf(told, kind)) as [
        string[],
        string[],
        string[],
      ];
      return { type: 'initiation', sysName, sysDescription, texts };
    }
    case bmpType.termination: {
      const told = readInformation(reader);
      const reason = numberOf(told, 1);
      return { type: 'termination', ...(reason !== undefined && { reason }), texts: textsOf(told, 0) };
    }
    case bmpType.routeMirroring: {
      const about = readPeer(reader);
      const told = readInformation(reader);
      const code = numberOf(told, 1);
      const messages = told.filter(({ kind }) => kind === 0).map(({ value }) => value);
      return { type: 'route-mirroring', ...about, messages, ...(code !== undefined && { code }) };
    }
    default:
      return { type: 'unknown', number: type, body: reader.copy(reader.remaining) };
  }
}

/** One whole BGP message. */
function readBgp(reader: Reader): Uint8Array {
  const { bytes, at } = reader;
  if (reader.remaining < HEADER_OCTETS) throw new Truncated(at, HEADER_OCTETS, reader.remaining);
  return reader.copy(messageLength(bytes, at, MAX_EXTENDED_MESSAGE));
}

function readUp(reader: Reader, { address, view }: BmpPeer): BmpPeerUp {
  const localAddress = readAddress(reader, address.length === 16);
  const [localPort, remotePort] = [reader.u16(), reader.u16()];
  const [sentOpen, receivedOpen] = [readBgp(reader), readBgp(reader)];
  const [tableName] = view === 'loc-rib' ? textsOf(readInformation(reader), 3) : [];
  return {
    localAddress,
    localPort,
    remotePort,
    sentOpen,
    receivedOpen,
    ...(tableName !== undefined && { tableName }),
  };
}

function readReason(reader: Reader): BmpDecodedReason {
  const number = reader.u8();
  switch (number) {
    case 1:
      return { reason: 'local-notification', notification: readBgp(reader) };
    case 2:
      return { reason: 'local-event', event: reader.u16() };
    case 3:
      return { reason: 'remote-notification', notification: readBgp(reader) };
    case 4:
      return { reason: 'remote-closed' };
    case 5:
      return { reason: 'de-configured' };
    case 6:
      return { reason: 'loc-rib', tableName: textsOf(readInformation(reader), 3)[0] ?? '' };
    default:
      return { reason: 'unknown', number, data: reader.copy(reader.remaining) };
  }
}

/** An information TLV. @see RFC 7854 §4.4 */
interface Information {
  readonly kind: number;
  readonly value: Uint8Array;
}

function readInformation(reader: Reader): Information[] {
  const told: Information[] = [];
  while (reader.remaining > 0) told.push({ kind: reader.u16(), value: reader.copy(reader.u16()) });
  return told;
}

function textsOf(told: readonly Information[], kind: number): string[] {
  return told.filter((one) => one.kind === kind).map(({ value }) => new TextDecoder().decode(value));
}

function numberOf(told: readonly Information[], kind: number): number | undefined {
  const value = told.find((one) => one.kind === kind)?.value;
  return value === undefined ? undefined : new Reader(value).u16();
}
