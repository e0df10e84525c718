/** BGP sessions in a capture file: messages with their time and endpoints, and what the OPENs say about reading them. */
import { type DecodedDocument, type Open, decodeOpen, describeMessage, messageType } from '../wire/index.ts';
import { agreedContext } from '../wire/decode-context.ts';
import { HEADER_OCTETS } from '../wire/header.ts';
import { MessageStream } from './message-stream.ts';
import { PacketReader } from './packets.ts';
import { type TcpSegment, tcpSegment } from './tcp-segment.ts';

/** The well-known port. */
export const BGP_PORT = 179;
/** Connections followed at a time; the one silent for longest gives way. */
export const MAX_CONNECTIONS = 4096;

/** A decoded message with where it was seen. */
export type CapturedDocument = DecodedDocument & {
  /** ISO 8601 with microseconds. */
  readonly time: string;
  /** `address:port`. */
  readonly source: string;
  readonly destination: string;
};

interface Direction {
  readonly stream: MessageStream;
  open?: Open;
}

/** Reads a capture file given in chunks and yields its BGP messages in order of their completion. */
export class CaptureReader {
  readonly #packets = new PacketReader();
  readonly #ports: ReadonlySet<number>;
  readonly #directions = new Map<string, Direction>();

  constructor(ports: Iterable<number> = [BGP_PORT]) {
    this.#ports = new Set(ports);
  }

  /** Octets of TCP that belong to no message: captures begin and end amid messages, and miss packets. */
  get skipped(): number {
    let octets = 0;
    for (const { stream } of this.#directions.values()) octets += stream.skipped;
    return octets;
  }

  /** Octets at the end of the file that are no whole record. */
  get unfinished(): number {
    return this.#packets.unfinished;
  }

  /** @throws CaptureError when the bytes are no capture file */
  *push(chunk: Uint8Array): Generator<CapturedDocument> {
    for (const { time, linkType, bytes } of this.#packets.push(chunk)) {
      const segment = tcpSegment(linkType, bytes);
      if (segment === undefined) continue;
      if (!this.#ports.has(segment.sourcePort) && !this.#ports.has(segment.destinationPort)) continue;
      yield* this.#follow(segment, time);
    }
  }

  *#follow(segment: TcpSegment, packetTime: number): Generator<CapturedDocument> {
    const { source, destination } = segment;
    const forth = this.#direction(`${source} ${destination}`);
    if (segment.syn) delete forth.open;
    for (const { time, bytes } of forth.stream.push(segment, packetTime)) {
      if (bytes[18] === messageType.open) rememberOpen(forth, bytes);
      const back = this.#directions.get(`${destination} ${source}`);
      const document = describeMessage(bytes, agreedContext(forth.open, back?.open));
      yield { time: timeText(time), source, destination, ...document };
    }
  }

  #direction(key: string): Direction {
    const known = this.#directions.get(key);
    const direction = known ?? { stream: new MessageStream() };
    if (known !== undefined) this.#directions.delete(key);
    this.#directions.set(key, direction);
    if (this.#directions.size > 2 * MAX_CONNECTIONS) {
      const [oldest] = this.#directions.keys();
      this.#directions.delete(oldest!);
    }
    return direction;
  }
}

function rememberOpen(direction: Direction, bytes: Uint8Array): void {
  try {
    direction.open = decodeOpen(bytes, HEADER_OCTETS, bytes.length);
  } catch {
    delete direction.open; // the document of the OPEN says what is wrong with it
  }
}

/** Times beyond what a date can hold are what a broken file says. */
const LAST_MICROSECOND = 8.64e18;

function timeText(time: number): string {
  const microseconds = Math.min(time, LAST_MICROSECOND);
  const seconds = new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1);
  return `${seconds}${String(microseconds % 1000).padStart(3, '0')}Z`;
}
