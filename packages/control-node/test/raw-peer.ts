import { type Socket, connect } from 'node:net';
import { encodeOpen, frameMessage, messageType, notificationText } from '@vaportrail/bgp/wire';
import { parseIpv4 } from '@vaportrail/net';

/** A BGP peer that says what it is told to say, and keeps what it hears. */
export class RawPeer {
  heard = Buffer.alloc(0);
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(to: { address: string; port: number }, localAddress: string) {
    this.#socket = connect({ host: to.address, port: to.port, localAddress });
    this.#socket.on('data', (chunk) => (this.heard = Buffer.concat([this.heard, chunk])));
    this.#socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  open(asn: number, routerId: string): void {
    const body = encodeOpen({
      type: 'open',
      asn,
      holdTime: 90,
      routerId: parseIpv4(routerId),
      capabilities: [
        { type: 'multiprotocol', afi: 1, safi: 128 },
        { type: 'four-octet-as', asn },
      ],
    });
    this.send(frameMessage(messageType.open, body));
  }

  end(): void {
    this.#socket.destroy();
  }

  /** The NOTIFICATION among what was heard, in words. */
  get notification(): string | undefined {
    for (let at = 0; at + 19 <= this.heard.length; at += this.heard.readUInt16BE(at + 16)) {
      if (this.heard[at + 18] === messageType.notification) {
        return notificationText(this.heard[at + 19]!, this.heard[at + 20]!);
      }
    }
    return undefined;
  }
}
