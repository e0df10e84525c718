/** A log of BGP messages and of the states of sessions in MRT files that are changed now and then. */
import { Writer, type Clock, type Timer } from '@vaportrail/net';
import { encodeMessageLog, encodeStateChange, type MrtSession } from '../mrt/bgp4mp.ts';
import { DumpFile, dumpFileName } from './dump-file.ts';
import { mrtType } from '../mrt/record.ts';

/** Where messages are written, and when the next file is begun. */
export interface MessageLogSettings {
  /** Path of the files; `%Y %m %d %H %M %S` stand for the time (UTC) at which a file is begun. `.gz` compresses. */
  readonly file: string;
  /** Seconds after which the next file is begun. */
  readonly rotate: number;
}

/** When the disk does not keep up, messages are left out and counted rather than kept in memory. */
const MAX_BACKLOG = 64 * 1024 * 1024;

/** Writes without waiting: a disk that does not keep up costs records, which are counted, and no memory. */
export class MessageLog {
  readonly #settings: MessageLogSettings;
  readonly #clock: Clock;
  readonly #complain: (error: Error) => void;
  #file: DumpFile | undefined;
  #timer: Timer | undefined;
  #closing: Promise<void> = Promise.resolve();
  /** Records written, and records left out because the disk did not take them. */
  written = 0;
  dropped = 0;

  constructor(settings: MessageLogSettings, clock: Clock, complain: (error: Error) => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#complain = complain;
  }

  /** Begins the first file. Until then messages are counted as dropped. */
  start(): void {
    this.#rotate();
  }

  /** Finishes the file. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#finish();
    await this.#closing;
  }

  /** A whole message, copied. */
  message(
    session: MrtSession,
    message: Uint8Array,
    how: { readonly asn4: boolean; readonly addPath: boolean; readonly sent: boolean },
  ): void {
    const { subtype, body } = encodeMessageLog(session, message, how);
    this.#record(subtype, body);
  }

  /** States as in RFC 4271 §8.2.2, from 1 (Idle) to 6 (Established). */
  stateChange(session: MrtSession, from: number, to: number): void {
    this.#record(STATE_CHANGE_AS4, encodeStateChange(session, from, to));
  }

  #record(subtype: number, body: Uint8Array): void {
    const file = this.#file;
    if (file === undefined || file.failure !== undefined || file.backlog > MAX_BACKLOG) {
      this.dropped++;
      return;
    }
    const now = this.#clock.now();
    const record = new Writer(16 + body.length)
      .u32(Math.floor(now / 1000))
      .u16(mrtType.bgp4mpEt)
      .u16(subtype)
      .u32(4 + body.length)
      .u32((now % 1000) * 1000)
      .bytes(body);
    file.push(record.finish());
    this.written++;
  }

  #rotate(): void {
    this.#finish();
    try {
      this.#file = new DumpFile(dumpFileName(this.#settings.file, this.#clock.now()));
    } catch (error) {
      this.#complain(error as Error);
    }
    this.#timer = this.#clock.after(this.#settings.rotate * 1000, () => this.#rotate());
  }

  #finish(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    this.#closing = Promise.all([this.#closing, file.commit().catch(this.#complain)]).then(() => {});
  }
}

const STATE_CHANGE_AS4 = 5;
