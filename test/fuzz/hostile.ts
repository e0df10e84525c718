/** Peers and agents that connect, say something broken, and go: over and over, over real sockets. */
import { CONTROL_NODE_JID, headerBytes } from '@vaportrail/xmpp';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bgpMessages } from './bgp-messages.ts';
import type { Dice } from './mutation.ts';
import { seedsOf, type Target } from './target.ts';
import { prelude, xmppStreams } from './xmpp-streams.ts';

interface Address {
  readonly address: string;
  readonly port: number;
}

/** Longest time that a connection goes on once it was answered, and that it waits for the answer. */
const LONGEST_MILLISECONDS = 60;
const PATIENCE_MILLISECONDS = 1000;
/** The answer to a greeting is not longer. */
const GREETING_OCTETS = 4096;
const HEADER_OCTETS = 19;
const KEEPALIVE = frame(4, []);

/** What a hostile party is: where it comes from, how it greets, and what it breaks. */
export interface Disguise {
  readonly target: Target;
  /** The address to connect from; any when there is none. */
  readonly from?: (dice: Dice) => string;
  /** What comes first, rightly said. */
  readonly greeting: (dice: Dice) => Uint8Array;
  /** Whether the control node has taken the session up. */
  readonly isWelcome: (heard: Buffer) => boolean;
}

/** A BGP peer that comes from addresses the control node knows. */
export function hostilePeer(addresses: readonly string[], asn: number): Disguise {
  const asnOctets = [asn >> 8, asn & 0xff];
  const families = [1, 2].flatMap((afi) => [1, 4, 128].flatMap((safi) => [1, 4, 0, afi, 0, safi]));
  const others = [1, 4, 0, 25, 0, 70, 1, 4, 0, 1, 0, 132, 2, 0, 65, 4, 0, 0, ...asnOctets];
  const capabilities = [...families, ...others];
  const parameters = [2, capabilities.length, ...capabilities];
  return {
    target: bgpMessages,
    from: (dice) => dice.pick(addresses),
    greeting(dice) {
      const routerId = [10, 200, dice.roll(256), 1 + dice.roll(255)];
      const open = [4, ...asnOctets, 0, 180, ...routerId, parameters.length, ...parameters];
      return Buffer.concat([frame(1, open), KEEPALIVE]);
    },
    isWelcome: (heard) => heard.includes(KEEPALIVE),
  };
}

/** An agent with a name of its own that subscribes to networks. */
export function hostileAgent(name: string): Disguise {
  const greeting = Buffer.concat([headerBytes({ from: name, to: CONTROL_NODE_JID, namespace: '' }), prelude]);
  return {
    target: xmppStreams,
    greeting: () => greeting,
    isWelcome: (heard) => heard.includes('<stream:stream'),
  };
}

/** Something hostile that connects until its time is over. */
export class Hostile {
  connections = 0;
  /** Connections in which the control node took the session up. */
  welcomed = 0;
  messages = 0;
  readonly #disguise: Disguise;
  readonly #to: Address;
  readonly #seeds: readonly Uint8Array[];
  readonly #dice: Dice;

  constructor(disguise: Disguise, to: Address, dice: Dice) {
    this.#disguise = disguise;
    this.#to = to;
    this.#seeds = seedsOf(disguise.target);
    this.#dice = dice;
  }

  /** @param end when to stop, as `performance.now()` counts */
  async attack(end: number): Promise<void> {
    while (performance.now() < end) await this.#connection();
  }

  async #connection(): Promise<void> {
    const { from, isWelcome } = this.#disguise;
    const dice = this.#dice;
    const localAddress = from?.(dice);
    const socket = connect({
      host: this.#to.address,
      port: this.#to.port,
      ...(localAddress && { localAddress }),
    });
    const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    this.connections++;
    socket.on('error', () => {});
    const welcome = new Promise<void>((resolve) => {
      let heard = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        if (heard.length > GREETING_OCTETS) return;
        heard = Buffer.concat([heard, chunk]);
        if (!isWelcome(heard)) return;
        this.welcomed++;
        heard = Buffer.alloc(GREETING_OCTETS + 1);
        resolve();
      });
    });
    this.#speak(socket);
    // Some do not wait for an answer.
    if (dice.roll(4) > 0) await Promise.race([closed, welcome, sleep(PATIENCE_MILLISECONDS)]);
    await Promise.race([closed, sleep(1 + dice.roll(LONGEST_MILLISECONDS))]);
    // Some go in peace, most without a word.
    if (dice.roll(4) === 0) socket.end();
    else socket.resetAndDestroy();
    await Promise.race([closed, sleep(LONGEST_MILLISECONDS)]);
    socket.destroy();
  }

  #speak(socket: Socket): void {
    const { target, greeting } = this.#disguise;
    const dice = this.#dice;
    // One in eight does not even greet rightly.
    if (dice.roll(8) > 0) socket.write(greeting(dice));
    for (let left = 1 + dice.roll(12); left > 0; left--) {
      socket.write(target.vary(dice.pick(this.#seeds), dice.pick(this.#seeds), dice));
      this.messages++;
    }
    if (dice.roll(8) === 0) socket.pause();
  }
}

function frame(type: number, body: readonly number[]): Buffer {
  return Buffer.from([...Array<number>(16).fill(255), 0, HEADER_OCTETS + body.length, type, ...body]);
}
