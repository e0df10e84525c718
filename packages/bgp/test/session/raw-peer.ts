/** A peer made of bytes: a TCP connection and what came over it, message by message. */
import { connect, type Socket } from 'node:net';
import { MessageStream } from '../../src/session/framing.ts';
import { localOpen } from '../../src/session/negotiate.ts';
import { sessionConfig, type SessionSettings } from '../../src/session/session-config.ts';
import { HEADER_OCTETS, frameMessage, messageType } from '../../src/wire/header.ts';
import { encodeOpen } from '../../src/wire/open.ts';

export const keepalive: Uint8Array = frameMessage(messageType.keepalive, new Uint8Array(0));

/** The OPEN of a speaker with these settings. */
export function openOf(settings: SessionSettings): Uint8Array {
  return frameMessage(messageType.open, encodeOpen(localOpen(sessionConfig(settings))));
}

export class RawPeer {
  readonly socket: Socket;
  /** Messages received, as type or `3 code/subcode`. */
  readonly seen: string[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const stream = new MessageStream((type, bytes, start) => {
      const at = start + HEADER_OCTETS;
      this.seen.push(type === messageType.notification ? `3 ${bytes[at]}/${bytes[at + 1]}` : String(type));
      return true;
    });
    socket.on('data', (chunk) => stream.push(chunk));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => {});
  }

  /** Connects to an address and port. */
  static async connect(to: { host: string; port: number; localAddress?: string }): Promise<RawPeer> {
    const socket = connect(to);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawPeer(socket);
  }

  send(...messages: Uint8Array[]): void {
    for (const message of messages) this.socket.write(message);
  }
}

/** Waits until a condition holds, or fails after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within five seconds: ${what}`);
}
