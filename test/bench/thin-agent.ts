/**
 * An agent as thin as agents can be: a socket, octets made before the clock runs, and a count of the items that arrive.
 */
import { type Socket, connect } from 'node:net';
import { parseAddress, parsePrefix } from '@vaportrail/net';
import {
  CONTROL_NODE_JID,
  type UnicastItem,
  announceStanzas,
  headerBytes,
  subscribeStanza,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';

/** All labels have six digits, so that they can be written in place. The first says in which phase it was published. */
export const LABEL_OF_PHASE = { connect: 100_000, sustained: 200_000, paced: 300_000 } as const;

const LABEL_DIGITS = 6;
const KEEPALIVE = Buffer.from([0xc8, 0x80]);
const LABEL = Buffer.from('<label>');
/** One buffer for all sockets: what was read is looked at before the next read. */
const received = Buffer.alloc(256 * 1024);

/** First address of the prefixes: 20.0.0.0. */
export const FIRST_PREFIX = 20 << 24;

export interface ThinAgentEvents {
  open(): void;
  lost(): void;
  /** So many items with a label of the phase have arrived. */
  items(count: number): void;
}

export class ThinAgent {
  readonly name: string;
  readonly #subscription: Buffer;
  /** The publishes of its routes, one behind the other, and where their labels stand. */
  readonly #publishes: Buffer;
  readonly #labels: number[] = [];
  readonly #ends: number[] = [];
  readonly #events: ThinAgentEvents;
  #socket: Socket | undefined;
  /** `<label>` and the first digit of the phase. */
  #marker: Buffer = Buffer.from('<label>1');
  /** The last octets read, in which a marker may begin. */
  readonly #tail = Buffer.alloc(2 * (LABEL.length + 1));
  #tailLength = 0;
  octets = 0;

  /** @param first number of its first route */
  constructor(number: number, instance: string, first: number, routes: number, events: ThinAgentEvents) {
    this.name = `compute-${number}`;
    this.#events = events;
    this.#subscription = Buffer.concat([KEEPALIVE, subscribeStanza(this.name, instance, 1)]);
    const stanzas: Buffer[] = [];
    let at = 0;
    for (let route = first; route < first + routes; route++) {
      const stanza = announceStanzas(this.name, instance, itemOf(number, route), route);
      this.#labels.push(at + stanza.indexOf(LABEL) + LABEL.length);
      at += stanza.length;
      this.#ends.push(at);
      stanzas.push(stanza);
    }
    this.#publishes = Buffer.concat(stanzas);
  }

  /** Connects, subscribes and publishes everything. */
  open(to: { readonly address: string; readonly port: number }): void {
    this.#tailLength = 0;
    let opened = false;
    const socket = connect({
      host: to.address,
      port: to.port,
      noDelay: true,
      onread: {
        buffer: received,
        callback: (length) => {
          this.octets += length;
          if (!opened) {
            opened = true;
            socket.write(this.#subscription);
            this.#label(LABEL_OF_PHASE.connect);
            if (this.#ends.length > 0) socket.write(this.#publishes);
            this.#events.open();
          } else this.#read(length);
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.write(headerBytes({ from: this.name, to: CONTROL_NODE_JID, namespace: '' }));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#events.lost();
    });
  }

  /** Counts items with labels of another phase from now on. */
  expect(phase: keyof typeof LABEL_OF_PHASE): void {
    this.#marker = Buffer.from(`<label>${String(LABEL_OF_PHASE[phase])[0]}`);
    this.#tailLength = 0;
  }

  /** Publishes all routes with another label. All before must have been read. */
  publishAll(label: number): void {
    this.#label(label);
    this.#socket?.write(this.#publishes);
  }

  /** Publishes one route with another label. */
  publish(route: number, label: number): void {
    this.#publishes.write(String(label), this.#labels[route]!, LABEL_DIGITS, 'latin1');
    this.#socket?.write(this.#publishes.subarray(this.#ends[route - 1] ?? 0, this.#ends[route]!));
  }

  keepalive(): void {
    this.#socket?.write(KEEPALIVE);
  }

  /** Stops reading, or goes on. */
  pause(isPaused: boolean): void {
    if (isPaused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** Goes without a word. */
  kill(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.resetAndDestroy();
  }

  #label(label: number): void {
    const digits = Buffer.from(String(label));
    for (const at of this.#labels) digits.copy(this.#publishes, at);
  }

  #read(length: number): void {
    const marker = this.#marker;
    const keep = marker.length - 1;
    let count = 0;
    // A marker that began in the read before.
    const joined = this.#tailLength + received.copy(this.#tail, this.#tailLength, 0, Math.min(keep, length));
    if (this.#tailLength > 0 && this.#tail.subarray(0, joined).includes(marker)) count++;
    const bytes = received.subarray(0, length);
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + marker.length)) count++;
    if (length >= keep) {
      this.#tailLength = received.copy(this.#tail, 0, length - keep, length);
    } else {
      const from = Math.max(0, joined - keep);
      this.#tail.copyWithin(0, from, joined);
      this.#tailLength = joined - from;
    }
    if (count > 0) this.#events.items(count);
  }
}

function itemOf(agent: number, route: number): UnicastItem {
  const address = FIRST_PREFIX + route;
  return {
    family: 'inet',
    prefix: parsePrefix(
      `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}/32`,
    ),
    attributes: itemAttributes({
      nextHops: [
        nextHop({
          address: parseAddress(`10.${64 + (agent >> 16)}.${(agent >> 8) & 0xff}.${agent & 0xff}`),
          label: LABEL_OF_PHASE.connect,
          encapsulations: ['gre', 'udp'],
        }),
      ],
      securityGroups: [8000002],
      localPref: 200,
    }),
  };
}
