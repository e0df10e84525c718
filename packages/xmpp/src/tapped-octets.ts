/** What a channel's peer writes, for a recording: nothing is told of a connection before its session is up. */
import type { ChannelDown, ChannelTap } from './channel-owner.ts';
import type { Channel } from './channel.ts';

/** One for a channel, for all its sessions. */
export class TappedOctets {
  readonly #channel: Channel;
  readonly #tap: ChannelTap | undefined;
  /** What came before the session was up. */
  #early: Uint8Array[] = [];

  /** @param tap undefined: nobody records */
  constructor(channel: Channel, tap: ChannelTap | undefined) {
    this.#channel = channel;
    this.#tap = tap;
  }

  /** Octets of the peer, not looked at yet. */
  received(chunk: Uint8Array): void {
    if (this.#tap === undefined || chunk.length === 0) return;
    if (this.#channel.state === 'established') this.#tap.received(this.#channel, chunk);
    else this.#early.push(chunk);
  }

  /** The stream begins anew, on another connection or inside TLS: what came before is no part of the session. */
  restart(): void {
    this.#early = [];
  }

  /** The session is up. */
  opened(): void {
    this.#tap?.opened(this.#channel, Buffer.concat(this.#early));
    this.#early = [];
  }

  /** The session is over. */
  closed(reason: ChannelDown): void {
    this.#tap?.closed(this.#channel, reason);
  }

  /** An attempt came to nothing. */
  failed(because: string): void {
    this.#tap?.failed?.(this.#channel, because);
  }
}
