/** What this end writes on one connection: its header and the negotiation of TLS, keepalives, stanzas, a last error. */
import type { ChannelAction } from './channel-event.ts';
import type { ChannelCounters } from './channel-owner.ts';
import { messageHeader } from './item-message.ts';
import { CLOSING_TAG, FEATURES, KEEPALIVE, PROCEED, STARTTLS } from './negotiation.ts';
import type { StreamConnection } from './stream-connection.ts';
import { streamErrorBytes } from './stream-error.ts';

/** What the state machine says is to be written. */
export type SendAction = Extract<ChannelAction, { readonly do: `send-${string}` }>;

/** One for each connection. */
export class OutgoingStream {
  readonly #connection: StreamConnection;
  readonly #counters: ChannelCounters;
  readonly #header: () => Buffer;
  #hasHeader = false;
  #messageHeader: Buffer = Buffer.alloc(0);

  /** @param header this end's header, to whoever the peer is by then */
  constructor(connection: StreamConnection, counters: ChannelCounters, header: () => Buffer) {
    this.#connection = connection;
    this.#counters = counters;
    this.#header = header;
  }

  /** The peer's name is known: messages are to it. */
  set peer(name: string) {
    this.#messageHeader = messageHeader(name);
  }

  /** TLS begins: inside it is another stream, with a header of its own. */
  restart(): void {
    this.#hasHeader = false;
  }

  /** Writes what the state machine says, and counts it. */
  do(action: SendAction): void {
    switch (action.do) {
      case 'send-header':
        this.#writeHeader();
        break;
      case 'send-features':
        this.#write(FEATURES);
        break;
      case 'send-starttls':
        this.#write(STARTTLS);
        break;
      case 'send-proceed':
        this.#write(PROCEED);
        break;
      case 'send-keepalive':
        this.#counters.sentKeepalives++;
        this.#write(KEEPALIVE);
        break;
      case 'send-closing-tag':
        this.#write(CLOSING_TAG);
        break;
      case 'send-error':
        // An error needs a stream to be in, so the header goes first when it has not gone yet.
        if (!this.#hasHeader) this.#writeHeader();
        this.#write(streamErrorBytes(action.error));
        break;
    }
  }

  /** Queues octets of whole stanzas. */
  stanzas(buffers: readonly Uint8Array[]): void {
    this.#queue([...buffers]);
  }

  /** Queues messages: before each body goes the header with the peer's name. */
  messages(bodies: readonly Uint8Array[]): void {
    const header = this.#messageHeader;
    this.#counters.sentMessages += bodies.length;
    this.#queue(bodies.length === 1 ? [header, bodies[0]!] : bodies.flatMap((body) => [header, body]));
  }

  #queue(buffers: Uint8Array[]): void {
    for (const buffer of buffers) this.#counters.sentOctets += buffer.length;
    this.#connection.writeAll(buffers);
  }

  #writeHeader(): void {
    this.#hasHeader = true;
    this.#write(this.#header());
  }

  #write(bytes: Buffer): void {
    this.#counters.sentOctets += bytes.length;
    this.#connection.write(bytes);
  }
}
