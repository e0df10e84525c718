/** What is written down of sessions while they live: every UPDATE and every change of state. */
import type { Clock } from '@vaportrail/net';
import type { MrtSession } from '../mrt/bgp4mp.ts';
import { BmpReporter } from './bmp-reporter.ts';
import type { MonitoredTables } from './monitored-tables.ts';
import { MessageLog, type MessageLogSettings } from '../mrt-file/message-log.ts';
import type { SessionEnd } from '../session/session-end.ts';
import type { Session } from '../session/session.ts';
import { messagesIn } from '../wire/header.ts';

/** Who watches the sessions of a daemon. */
export interface MonitorSettings {
  /** Where messages are logged; absent: nowhere. */
  readonly messages?: MessageLogSettings | undefined;
  /** BMP stations, what they may ask for, and who we are to them. */
  readonly stations?:
    | readonly { readonly address: string; readonly port: number; readonly 'adj-rib-out'?: boolean }[]
    | undefined;
  readonly statistics?: number | undefined;
  readonly tables?: MonitoredTables | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/** Numbers of states in MRT. @see RFC 6396 §4.4.1 */
const mrtState = { idle: 1, openConfirm: 5, established: 6 } as const;

/** Told by whoever owns the sessions; costs next to nothing while nobody wants to know. */
export class SessionMonitor {
  readonly #log: MessageLog | undefined;
  readonly #reporters: readonly BmpReporter[] = [];
  readonly #sessions = new Map<Session, MonitoredSession>();

  constructor(settings: MonitorSettings) {
    const { messages, clock, log, tables, stations = [], statistics = 60 } = settings;
    const { name = '', description = '' } = settings;
    if (tables !== undefined)
      this.#reporters = stations.map(
        (station) =>
          new BmpReporter(
            {
              ...station,
              adjRibOut: station['adj-rib-out'] ?? true,
              statistics,
              sysName: name,
              sysDescription: description,
              clock,
              log,
            },
            tables,
          ),
      );
    if (messages !== undefined)
      this.#log = new MessageLog(messages, clock, (error) => log(`message log: ${error.message}`));
  }

  /** Begins the log and connects to the stations. */
  start(): void {
    this.#log?.start();
    for (const reporter of this.#reporters) reporter.start();
  }

  /** Takes leave of the stations; resolves when the log is whole. */
  async stop(): Promise<void> {
    for (const reporter of this.#reporters) reporter.stop();
    await this.#log?.stop();
  }

  /** A session has become Established; of others nothing is written down. */
  established(session: Session): void {
    const monitored = monitoredSession(session);
    if (monitored === undefined) return;
    this.#sessions.set(session, monitored);
    this.#log?.stateChange(monitored.mrt, mrtState.openConfirm, mrtState.established);
    for (const reporter of this.#reporters) reporter.established(session);
  }

  /** One message from the peer, as in `SessionHandlers.update`. */
  received(session: Session, bytes: Uint8Array, start: number, end: number): void {
    if (this.#log === undefined && this.#reporters.length === 0) return;
    const monitored = this.#sessions.get(session);
    if (monitored === undefined) return;
    const { mrt, asn4, addPathIn } = monitored;
    const message = bytes.subarray(start, end);
    for (const reporter of this.#reporters) reporter.received(session, message);
    if (this.#log === undefined) return;
    this.#log.message(mrt, message, { asn4, addPath: addPathIn, sent: false });
  }

  /** Whole messages to the peer, one or more in each buffer. */
  sent(session: Session, buffers: readonly Uint8Array[]): void {
    if (this.#log === undefined && this.#reporters.every((reporter) => !reporter.wantsSent)) return;
    const monitored = this.#sessions.get(session);
    if (monitored === undefined) return;
    const { mrt, asn4, addPathOut } = monitored;
    for (const buffer of buffers) {
      for (const message of messagesIn(buffer)) {
        this.#log?.message(mrt, message, { asn4, addPath: addPathOut, sent: true });
        for (const reporter of this.#reporters) reporter.sent(session, message);
      }
    }
  }

  /** Routing instances came or went. */
  instancesChanged(): void {
    for (const reporter of this.#reporters) reporter.instancesChanged();
  }

  /** An Established session has ended. */
  down(session: Session, end: SessionEnd): void {
    const monitored = this.#sessions.get(session);
    if (!this.#sessions.delete(session)) return;
    this.#log?.stateChange(monitored!.mrt, mrtState.established, mrtState.idle);
    for (const reporter of this.#reporters) reporter.down(session, end);
  }
}

/** What stays of a session for as long as it is established. */
interface MonitoredSession {
  readonly mrt: MrtSession;
  readonly asn4: boolean;
  readonly addPathIn: boolean;
  readonly addPathOut: boolean;
}

function monitoredSession({ config, negotiated, endpoints }: Session): MonitoredSession | undefined {
  if (negotiated === undefined || endpoints === undefined) return undefined;
  return {
    mrt: {
      peerAsn: negotiated.peerAsn,
      localAsn: config.local.asn,
      peer: endpoints.remote.address,
      local: endpoints.local.address,
      interfaceIndex: 0,
    },
    asn4: negotiated.asn4,
    addPathIn: negotiated.addPath.receive.length > 0,
    addPathOut: negotiated.addPath.send.length > 0,
  };
}
