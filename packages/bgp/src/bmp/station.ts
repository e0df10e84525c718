/** The connection to a monitoring station: opened again whenever it ends, and never allowed to hold up the router. */
import { connect, type Socket } from 'node:net';
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import { initiation, termination } from './message.ts';

/** A station that does not read loses its connection when so many octets wait for it. */
const MAX_BACKLOG = 64 * 1024 * 1024;
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 60_000;

/** Where a station is, and as whom we speak to it. */
export interface BmpStationOptions {
  readonly address: string;
  readonly port: number;
  readonly sysName: string;
  readonly sysDescription: string;
  readonly clock?: Clock;
  /** Called with each new connection: send what the station must know (peers that are up, then their routes). */
  readonly connected: () => void;
  readonly log?: (text: string) => void;
}

/**
 * What is sent while there is no connection is lost: a station that comes back is told everything anew by who owns
 * this.
 */
export class BmpStation {
  readonly #options: BmpStationOptions;
  readonly #clock: Clock;
  #socket: Socket | undefined;
  #retry: Timer | undefined;
  #attempts = 0;
  #stopped = true;
  /** Messages given to the station since it connected. */
  sent = 0;

  constructor(options: BmpStationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get isConnected(): boolean {
    return this.#socket?.readyState === 'open';
  }

  /** Octets that the station has not taken yet. */
  get backlog(): number {
    return this.isConnected ? this.#socket!.writableLength : 0;
  }

  /** Connects, and goes on trying. Does nothing while it runs. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  /** Says goodbye and closes. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    if (this.isConnected) this.#socket?.end(termination('the router shuts down'));
    else this.#socket?.destroy();
    this.#socket = undefined;
  }

  /** Sends messages if the station is there; without a station nothing is kept. */
  send(...messages: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== 'open') return;
    socket.cork();
    for (const message of messages) socket.write(message);
    socket.uncork();
    this.sent += messages.length;
    if (socket.writableLength > MAX_BACKLOG) {
      this.#options.log?.(`station ${this.#name} does not keep up: connection closed`);
      socket.destroy();
    }
  }

  get #name(): string {
    return `${this.#options.address}:${this.#options.port}`;
  }

  #connect(): void {
    const { address, port, sysName, sysDescription } = this.#options;
    const socket = connect({ host: address, port, noDelay: true });
    this.#socket = socket;
    socket.on('connect', () => {
      this.#attempts = 0;
      this.sent = 0;
      this.send(initiation(sysName, sysDescription));
      this.#options.connected();
    });
    // A station sends nothing (RFC 7854 §3.1): reading is only there to see the end of the connection.
    socket.resume();
    socket.on('error', (error) => this.#options.log?.(`station ${this.#name}: ${error.message}`));
    socket.on('close', () => {
      if (this.#stopped || this.#socket !== socket) return;
      this.#socket = undefined;
      const wait = Math.min(FIRST_RETRY * 2 ** this.#attempts++, LONGEST_RETRY);
      this.#retry = this.#clock.after(wait, () => this.#connect());
    });
  }
}
