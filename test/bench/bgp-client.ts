/**
 * One end of the load generator: a BGP session that sends prebuilt bytes and counts what comes back. It knows just
 * enough BGP for that, and shares no code with the product it measures.
 */
import { connect, type Socket } from 'node:net';
import { LOAD_ASN, NLRI_BITS, NLRI_OCTETS, nlriHash } from './route-load.ts';

const HEADER = 19;
/** Octets of a VPNv4 NLRI of 32 bits. */
const HOST_NLRI_OCTETS = 16;
const RECEIVE_BUFFER = 256 * 1024;
const KEEPALIVE = Uint8Array.from([...Array<number>(16).fill(255), 0, HEADER, 4]);
const KEEPALIVE_MILLISECONDS = 20_000;

/** What a receiver has counted since the last {@link BgpClient.expect}. */
export class Tally {
  announced = 0;
  announcedSum = 0;
  withdrawn = 0;
  withdrawnSum = 0;
  updates = 0;
  octets = 0;
  /** NLRI that no load has: of somebody else, and not counted otherwise. Noticed by those that verify. */
  foreign = 0;
  /** UPDATEs with routes but without ORIGINATOR_ID or CLUSTER_LIST: not reflected as RFC 4456 says. */
  notReflected = 0;
  /** UPDATEs whose LOCAL_PREF is not the one sent. */
  wrongLocalPref = 0;
}

export interface BgpClientOptions {
  readonly address: string;
  readonly peer: { readonly address: string; readonly port: number };
  readonly asn: number;
  /** Whether to hash every NLRI and check attributes, or only count. */
  readonly verify: boolean;
}

export class BgpClient {
  tally = new Tally();
  expectedLocalPref = 0;
  /** Called after every read once established. */
  onProgress: (() => void) | undefined;
  /** Called with the prefix of each announced NLRI, when set (latency runs). */
  onRoute: ((prefix: number) => void) | undefined;
  /** Called with the address of each announced VPN route of 32 bits, when set; then nothing else is counted. */
  onHostRoute: ((address: number) => void) | undefined;
  onClose: ((why: string) => void) | undefined;
  readonly #options: BgpClientOptions;
  #socket: Socket | undefined;
  #held = Buffer.alloc(RECEIVE_BUFFER + 65_536);
  #heldLength = 0;
  #established: (() => void) | undefined;
  #opened = false;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: BgpClientOptions) {
    this.#options = options;
  }

  /** Connects, and connects again while the peer is not ready, until the session is established. */
  async establish(milliseconds = 30_000): Promise<void> {
    const until = performance.now() + milliseconds;
    for (;;) {
      try {
        await this.#attempt(Math.min(8000, until - performance.now()));
        return;
      } catch (error) {
        this.#socket?.destroy();
        if (performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #attempt(milliseconds: number): Promise<void> {
    this.#heldLength = 0;
    this.#opened = false;
    return new Promise((resolve, reject) => {
      const { peer, address } = this.#options;
      const timer = setTimeout(() => reject(new Error(`${address}: no session in time`)), milliseconds);
      this.#established = () => {
        clearTimeout(timer);
        resolve();
      };
      const socket = connect({
        host: peer.address,
        port: peer.port,
        localAddress: address,
        noDelay: true,
        onread: {
          buffer: Buffer.alloc(RECEIVE_BUFFER),
          callback: (length, buffer) => {
            this.#receive(buffer as Buffer, length);
            return true;
          },
        },
      });
      this.#socket = socket;
      const fail = (why: string): void => {
        clearTimeout(timer);
        clearInterval(this.#timer);
        reject(new Error(`${address}: ${why}`));
        if (!this.#closing) this.onClose?.(why);
      };
      socket.on('connect', () => socket.write(openMessage(this.#options)));
      socket.on('error', (error) => fail(error.message));
      socket.on('close', () => fail('closed by the peer'));
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  keepalive(): void {
    this.send(KEEPALIVE);
  }

  /** Starts a new count. */
  expect(localPref: number): void {
    this.tally = new Tally();
    this.expectedLocalPref = localPref;
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
    this.#socket?.destroy();
  }

  #receive(chunk: Buffer, length: number): void {
    chunk.copy(this.#held, this.#heldLength, 0, length);
    const held = this.#held;
    const end = this.#heldLength + length;
    let at = 0;
    while (end - at >= HEADER) {
      const size = (held[at + 16]! << 8) | held[at + 17]!;
      if (size < HEADER || end - at < size) break;
      this.#message(held, at, size);
      at += size;
    }
    held.copyWithin(0, at, end);
    this.#heldLength = end - at;
    this.tally.octets += length;
    this.onProgress?.();
  }

  #message(bytes: Buffer, at: number, size: number): void {
    switch (bytes[at + 18]) {
      case 1:
        this.#opened = true;
        this.send(KEEPALIVE);
        return;
      case 2:
        this.#update(bytes, at + HEADER, at + size);
        return;
      case 3:
        this.onClose?.(`NOTIFICATION ${bytes[at + HEADER]}/${bytes[at + HEADER + 1]}`);
        return;
      case 4:
        if (this.#opened && this.#established !== undefined) {
          this.#established();
          this.#established = undefined;
          this.#timer = setInterval(() => this.keepalive(), KEEPALIVE_MILLISECONDS);
          this.#timer.unref();
        }
    }
  }

  #update(bytes: Buffer, start: number, end: number): void {
    const tally = this.tally;
    tally.updates++;
    let at = start + 2 + ((bytes[start]! << 8) | bytes[start + 1]!);
    const attributesEnd = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    at += 2;
    let reflected = 0;
    let localPref = -1;
    let routes = 0;
    while (at < attributesEnd && attributesEnd <= end) {
      const extended = (bytes[at]! & 0x10) !== 0;
      const code = bytes[at + 1]!;
      const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
      const value = at + (extended ? 4 : 3);
      at = value + length;
      if (code === 9 || code === 10) reflected++;
      else if (code === 5) localPref = bytes.readUInt32BE(value);
      else if (code === 14) routes += this.#reach(bytes, value + 5 + bytes[value + 3]!, at);
      else if (code === 15) this.#unreach(bytes, value + 3, at);
    }
    if (routes === 0) return;
    if (reflected !== 2) tally.notReflected++;
    if (localPref !== this.expectedLocalPref) tally.wrongLocalPref++;
  }

  #reach(bytes: Buffer, start: number, end: number): number {
    if (this.onHostRoute !== undefined) {
      for (let at = start; at < end; at += HOST_NLRI_OCTETS) this.onHostRoute(bytes.readInt32BE(at + 12));
      return 0;
    }
    const tally = this.tally;
    let count = Math.trunc((end - start) / NLRI_OCTETS);
    if (this.#options.verify) {
      const { announcedSum, foreign } = tally;
      count = 0;
      let sum = announcedSum;
      let others = foreign;
      for (let at = start; at < end; at += octetsAt(bytes, at)) {
        if (isOfLoad(bytes, at)) {
          sum += nlriHash(distinguisherAt(bytes, at), prefixAt(bytes, at), labelAt(bytes, at));
          count++;
        } else others++;
      }
      tally.announcedSum = sum | 0;
      tally.foreign = others;
    }
    tally.announced += count;
    if (this.onRoute !== undefined) {
      for (let at = start; at < end; at += NLRI_OCTETS) this.onRoute(prefixAt(bytes, at));
    }
    return count;
  }

  #unreach(bytes: Buffer, start: number, end: number): void {
    const tally = this.tally;
    if (!this.#options.verify) {
      tally.withdrawn += Math.trunc((end - start) / NLRI_OCTETS);
      return;
    }
    let sum = tally.withdrawnSum;
    for (let at = start; at < end; at += octetsAt(bytes, at)) {
      if (isOfLoad(bytes, at)) {
        sum += nlriHash(distinguisherAt(bytes, at), prefixAt(bytes, at), 0);
        tally.withdrawn++;
      } else tally.foreign++;
    }
    tally.withdrawnSum = sum | 0;
  }
}

/** Octets of the NLRI at `at`. */
function octetsAt(bytes: Buffer, at: number): number {
  return 1 + ((bytes[at]! + 7) >>> 3);
}

/** Whether an NLRI is as a {@link RouteLoad} has them: as long, and with the route distinguisher 65000:N. */
function isOfLoad(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === NLRI_BITS && bytes.readUInt16BE(at + 4) === 0 && bytes.readUInt16BE(at + 6) === LOAD_ASN
  );
}

function distinguisherAt(bytes: Buffer, at: number): number {
  return (bytes[at + 8]! << 24) | (bytes[at + 9]! << 16) | (bytes[at + 10]! << 8) | bytes[at + 11]!;
}

function prefixAt(bytes: Buffer, at: number): number {
  return (bytes[at + 12]! << 16) | (bytes[at + 13]! << 8) | bytes[at + 14]!;
}

/** Twenty bits of label: FRR sets a bit of the traffic class on the way. */
function labelAt(bytes: Buffer, at: number): number {
  return (bytes[at + 1]! << 12) | (bytes[at + 2]! << 4) | (bytes[at + 3]! >> 4);
}

/** OPEN with hold time 180, VPNv4, route refresh and four-octet AS numbers. */
function openMessage({ address, asn }: BgpClientOptions): Buffer {
  const routerId = address.split('.').map(Number);
  const capabilities = [1, 4, 0, 1, 0, 128, 2, 0, 65, 4, 0, 0, asn >> 8, asn & 0xff];
  const body = [4, asn >> 8, asn & 0xff, 0, 180, ...routerId];
  body.push(capabilities.length + 2, 2, capabilities.length, ...capabilities);
  return Buffer.from([...Array<number>(16).fill(255), 0, HEADER + body.length, 1, ...body]);
}
