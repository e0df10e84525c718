/** A dump or a message log, played to a peer. */
import { EventEmitter, once } from 'node:events';
import { parseAddress, systemClock, type Clock } from '@vaportrail/net';
import type { FamilyName } from '../families/table.ts';
import { endOfRib } from '../session/end-of-rib.ts';
import type { Negotiated } from '../session/negotiate.ts';
import { Session } from '../session/session.ts';
import type { SessionSettings } from '../session/session-config.ts';
import { MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '../wire/header.ts';
import { readMrtStream } from './read-mrt.ts';
import type { MrtFilter } from '../mrt/filter.ts';
import { RecordedRoutes } from '../mrt/recorded-route.ts';
import type { MrtRecord } from '../mrt/record.ts';
import { ReplayedUpdates } from '../mrt/replayed-updates.ts';

/** To whom a file is played, and how. */
export interface ReplaySettings {
  readonly session: SessionSettings;
  /** Only routes that pass it. */
  readonly filter?: MrtFilter | undefined;
  /** `self`, `keep`, or addresses: for each family the first that suits it. By default `self` towards another AS. */
  readonly nextHop?: 'self' | 'keep' | readonly string[] | undefined;
  /** Whether our AS number is put in front of paths on a session with another AS; it is unless this is false. */
  readonly prepend?: boolean | undefined;
  /** How much faster than recorded; undefined takes no notice of the times in the file. */
  readonly speed?: number | undefined;
  /** Routes a second at most. */
  readonly rate?: number | undefined;
  /** Seconds to wait for the session. */
  readonly patience?: number | undefined;
}

/** What was played. */
export interface ReplayReport {
  readonly announced: number;
  readonly withdrawn: number;
  readonly messages: number;
  /** Seconds from the first message to the last one being with the kernel. */
  readonly seconds: number;
  /** Routes of families the session does not carry. */
  readonly notCarried: Readonly<Record<string, number>>;
  readonly furtherPaths: number;
  readonly tooLong: number;
  /** Records that could not be read, with the first reasons. */
  readonly unreadable: number;
  readonly problems: readonly string[];
}

const PATIENCE_SECONDS = 30;
/** Octets that may wait for the peer before the file does. */
const HIGH_WATER = 1024 * 1024;
/** Records that cannot be read are named one by one only so far. */
const MAX_PROBLEMS = 10;
/** Routes between two looks at the clock when there is a rate. */
const RATE_SLICE = 64;

/** One file towards one peer. The session stays up after the file has ended, until {@link stop}: a peer forgets what a closed session told. */
export class MrtReplay {
  readonly session: Session;
  readonly #settings: ReplaySettings;
  readonly #clock: Clock;
  readonly #turns = new EventEmitter<{ up: []; drained: []; over: [] }>();
  /** Why it cannot go on. */
  #over: string | undefined;
  #lastFailure = '';
  #wake: (() => void) | undefined;
  /** Keeps the process alive while there is a session. */
  #alive: NodeJS.Timeout | undefined;

  /** @throws RangeError when a setting of the session is out of range */
  constructor(settings: ReplaySettings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.session = new Session(
      settings.session,
      {
        established: () => void this.#turns.emit('up'),
        update: () => {},
        routeRefresh: () => {},
        drained: () => void this.#turns.emit('drained'),
        failed: ({ text }) => (this.#lastFailure = text),
        down: ({ text }) => this.#end(`the session ended: ${text}`),
      },
      clock,
    );
  }

  /** Resolves with the reason when the session has ended, or when {@link stop} was called. */
  async ended(): Promise<string> {
    if (this.#over === undefined) await once(this.#turns, 'over');
    return this.#over!;
  }

  /** Ends the session. */
  async stop(): Promise<void> {
    this.#end('stopped');
    await this.session.stop();
    clearInterval(this.#alive);
  }

  #end(because: string): void {
    if (this.#over !== undefined) return;
    this.#over = because;
    this.#wake?.();
    for (const event of ['over', 'up', 'drained'] as const) this.#turns.emit(event);
  }

  /** Connects. @throws Error when there is no session in time, with what was in the way */
  async connect(): Promise<Negotiated> {
    const { patience = PATIENCE_SECONDS } = this.#settings;
    const timer = this.#clock.after(patience * 1000, () => {
      const because = this.#lastFailure === '' ? 'nobody answered' : this.#lastFailure;
      this.#end(`no session within ${patience} seconds: ${because}`);
    });
    this.#alive ??= setInterval(() => {}, 0x7fff_ffff);
    this.session.start();
    if (this.session.negotiated === undefined) await once(this.#turns, 'up');
    timer.cancel();
    if (this.#over !== undefined) throw new Error(this.#over);
    return this.session.negotiated!;
  }

  /**
   * Plays the file (`-` is standard input) to the end, with End-of-RIB behind it.
   * @throws MrtError when the file is cut or damaged, Error when the session ends before the file
   */
  async play(path: string): Promise<ReplayReport> {
    const negotiated = this.session.negotiated!;
    const updates = new ReplayedUpdates(this.#updateSettings(negotiated), (message) =>
      this.session.write([message]),
    );
    const routes = new RecordedRoutes(this.#settings.filter);
    const problems: string[] = [];
    let unreadable = 0;
    const start = this.#clock.now();
    let first: number | undefined;
    let slice = 0;
    for await (const stream of readMrtStream(path)) {
      for (let record = stream.next(); record !== undefined; record = stream.next()) {
        const time = timeOf(record);
        first ??= time;
        const due = this.#settings.speed === undefined ? 0 : ((time - first) * 1000) / this.#settings.speed;
        if (due > this.#clock.now() - start) {
          updates.flush();
          await this.#wait(start + due);
        }
        try {
          for (const route of routes.read(record)) {
            updates.add(route);
            if (++slice % RATE_SLICE === 0) await this.#keepPace(updates, start, slice);
          }
        } catch (error) {
          if (this.#over !== undefined || !(error instanceof Error)) throw error;
          unreadable++;
          if (problems.length < MAX_PROBLEMS) problems.push(`octet ${record.offset}: ${error.message}`);
        }
      }
    }
    updates.flush();
    await this.#woken((wake) => {
      this.session.write(negotiated.families.map(endOfRib), wake);
      return () => {};
    });
    if (this.#over !== undefined) throw new Error(this.#over);
    const { announced, withdrawn, messages, notCarried, furtherPaths, tooLong } = updates;
    const seconds = (this.#clock.now() - start) / 1000;
    const left = { notCarried: Object.fromEntries(notCarried), furtherPaths, tooLong };
    return { announced, withdrawn, messages, seconds, ...left, unreadable, problems };
  }

  #updateSettings({
    internal,
    asn4,
    families,
    addPath,
    extendedMessage,
  }: Negotiated): ConstructorParameters<typeof ReplayedUpdates>[0] {
    const { nextHop = internal ? 'keep' : 'self', prepend = true } = this.#settings;
    const ourAddress = parseAddress(this.session.endpoints!.local.address);
    return {
      internal,
      asn4,
      localAsn: this.session.config.local.asn,
      prepend,
      nextHop: nextHop === 'keep' ? undefined : nextHop === 'self' ? [ourAddress] : nextHop.map(parseAddress),
      ourAddress,
      families,
      addPath: addPath.send as readonly FamilyName[],
      longest: extendedMessage ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE,
    };
  }

  /** Waits for a slow peer, and until so many routes are due. */
  async #keepPace(updates: ReplayedUpdates, start: number, count: number): Promise<void> {
    const { rate } = this.#settings;
    if (rate !== undefined) {
      const due = start + (count / rate) * 1000;
      if (due > this.#clock.now()) {
        updates.flush();
        await this.#wait(due);
      }
    }
    if (this.session.backlog > HIGH_WATER) await once(this.#turns, 'drained');
    if (this.#over !== undefined) throw new Error(this.#over);
  }

  async #wait(until: number): Promise<void> {
    await this.#woken((wake) => {
      const timer = this.#clock.after(until - this.#clock.now(), wake);
      return () => timer.cancel();
    });
    if (this.#over !== undefined) throw new Error(this.#over);
  }

  /** Waits until `wake` is called, or it is all over; what `begin` yields tidies up then. */
  async #woken(begin: (wake: () => void) => () => void): Promise<void> {
    if (this.#over !== undefined) return;
    await new Promise<void>((resolve) => {
      const tidy = begin(resolve);
      this.#wake = () => {
        tidy();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function timeOf({ seconds, microseconds }: MrtRecord): number {
  return seconds + microseconds / 1e6;
}
