/** What is written down of sessions while they live: every UPDATE and every change of state. */
import type { Clock } from '@vaportrail/net';
import type { MrtSession } from '../mrt/bgp4mp.ts';
import { MessageLog, type MessageLogSettings } from '../mrt/message-log.ts';
import type { Session } from '../session/session.ts';

export interface MonitorSettings {
  /** Where messages are logged; absent: nowhere. */
  readonly messages?: MessageLogSettings | undefined;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/** Numbers of states in MRT. @see RFC 6396 §4.4.1 */
const mrtState = { idle: 1, openConfirm: 5, established: 6 } as const;
const LENGTH_AT = 16;

/** Told by whoever owns the sessions; costs next to nothing while nobody wants to know. */
export class SessionMonitor {
  readonly #log: MessageLog | undefined;
  readonly #sessions = new Map<Session, MonitoredSession>();

  constructor({ messages, clock, log }: MonitorSettings) {
    if (messages !== undefined)
      this.#log = new MessageLog(messages, clock, (error) => log(`message log: ${error.message}`));
  }

  start(): void {
    this.#log?.start();
  }

  async stop(): Promise<void> {
    await this.#log?.stop();
  }

  established(session: Session): void {
    const monitored = monitoredSession(session);
    if (monitored === undefined) return;
    this.#sessions.set(session, monitored);
    this.#log?.stateChange(monitored.mrt, mrtState.openConfirm, mrtState.established);
  }

  /** One message from the peer, as in `SessionHandlers.update`. */
  received(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const monitored = this.#sessions.get(session);
    if (monitored === undefined || this.#log === undefined) return;
    const { mrt, asn4, addPathIn } = monitored;
    const message = bytes.subarray(start, end);
    this.#log.message(mrt, message, { asn4, addPath: addPathIn, sent: false });
  }

  /** Whole messages to the peer, one or more in each buffer. */
  sent(session: Session, buffers: readonly Uint8Array[]): void {
    const monitored = this.#sessions.get(session);
    if (monitored === undefined || this.#log === undefined) return;
    const { mrt, asn4, addPathOut } = monitored;
    for (const buffer of buffers) {
      for (let at = 0; at + LENGTH_AT + 2 <= buffer.length;) {
        const end = at + ((buffer[at + LENGTH_AT]! << 8) | buffer[at + LENGTH_AT + 1]!);
        if (end <= at) return;
        this.#log.message(mrt, buffer.subarray(at, end), { asn4, addPath: addPathOut, sent: true });
        at = end;
      }
    }
  }

  down(session: Session): void {
    const monitored = this.#sessions.get(session);
    if (!this.#sessions.delete(session)) return;
    this.#log?.stateChange(monitored!.mrt, mrtState.established, mrtState.idle);
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
