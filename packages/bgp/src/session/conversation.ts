/**
 * One attempt to talk to a peer: a state machine with the connection and the timers it asks for. A session has one,
 * and for as long as two connections with the peer exist, two.
 */
import type { Socket } from 'node:net';
import { copyOctets } from '@vaportrail/net';
import { HEADER_OCTETS, frameMessage, messageHeader, messageType } from '../wire/header.ts';
import { NotificationError, decodeNotification, errorCode, openSubcode } from '../wire/notification.ts';
import { decodeOpen } from '../wire/open.ts';
import { Connection } from './connection.ts';
import type { ConversationOwner } from './conversation-owner.ts';
import type { Action, Complaint, TimerName } from './fsm-action.ts';
import type { Event, State } from './fsm-event.ts';
import { idleFsm, step, type Fsm, type FsmOptions } from './fsm.ts';
import { FsmTimers } from './fsm-timers.ts';
import type { Negotiated } from './negotiate.ts';
import { broken, notified, type SessionEnd } from './session-end.ts';

const keepalive = messageHeader(messageType.keepalive, HEADER_OCTETS);

/** Driven by {@link Conversation.feed}; what comes of it is told to its owner. */
export class Conversation {
  /** Whether we connected to the peer, or it to us. */
  initiatedByUs = false;
  /** What both sides agreed on, from the peer's OPEN until the connection is gone. */
  negotiated: Negotiated | undefined;
  connection: Connection | undefined;
  /** The OPEN messages as they went over this connection, headers included; empty until then. */
  sentOpen: Uint8Array = new Uint8Array(0);
  receivedOpen: Uint8Array = new Uint8Array(0);
  /** When the connection came to be, in milliseconds of the clock. */
  connectedAt = 0;
  readonly #owner: ConversationOwner;
  #fsm: Fsm;
  readonly #timers: FsmTimers;
  #socket: Socket | undefined;
  #heard = false;
  #end: SessionEnd | undefined;
  #opened: (() => void) | undefined;
  readonly #events: Event[] = [];
  #stepping = false;

  constructor(owner: ConversationOwner, options: FsmOptions) {
    this.#owner = owner;
    this.#timers = new FsmTimers(owner.clock, (timer) => this.#expired(timer));
    this.#fsm = idleFsm(options);
  }

  /** Of its machine. */
  get state(): State {
    return this.#fsm.state;
  }

  /** Whether it waits in Idle before it tries again. */
  get holdsIdle(): boolean {
    return this.#timers.has('idle-hold');
  }

  /** Whether a connection exists or is being made. */
  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** Takes other options over, for an incoming connection that has become the only one. */
  adopt(options: FsmOptions): void {
    this.#fsm = { ...this.#fsm, options };
  }

  /** Takes a connection that the peer has opened; the machine must be in Active. */
  accept(socket: Socket, opened: () => void): void {
    this.initiatedByUs = false;
    this.#opened = opened;
    this.#attach(socket);
    this.feed({ type: 'TcpConnectionConfirmed' });
  }

  /** Gives the machine an event and does what it asks for. May be called from within a handler. */
  feed(event: Event): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next);
    } finally {
      this.#stepping = false;
    }
  }

  /** Gives the connection up without a word, because it is known to be dead or cannot be made. */
  abandon(text: string): void {
    if (this.#fsm.state === 'Idle') return;
    this.#end = broken(text);
    this.feed({ type: 'TcpConnectionFails' });
  }

  /** Sends a KEEPALIVE if one is due. */
  pulse(now: number): void {
    if (this.#timers.isKeepaliveDue(now)) this.feed({ type: 'KeepaliveTimer_Expires' });
  }

  #step(event: Event): void {
    const from = this.#fsm.state;
    const { fsm, actions } = step(this.#fsm, event);
    this.#fsm = fsm;
    // One attempt follows another without a change of the state.
    if (from === 'Connect' && event.type === 'ConnectRetryTimer_Expires') this.#owner.unanswered();
    for (const action of actions) this.#perform(action);
    if (fsm.state !== from) {
      const end = this.#end;
      if (fsm.state === 'Idle' || fsm.state === 'Active') this.#end = undefined;
      this.#owner.moved(this, from, end, event.type);
    }
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'start-timer':
        return this.#timers.start(
          action.timer,
          action.seconds ?? this.#owner.seconds(action.timer, this.#fsm.state),
        );
      case 'stop-timer':
        return this.#timers.stop(action.timer);
      case 'connect':
        return this.#connect();
      case 'disconnect':
        return this.#disconnect();
      case 'send-open':
        this.sentOpen = this.#owner.openMessage();
        this.connection?.write([this.sentOpen]);
        return this.#owner.sent('open');
      case 'send-keepalive':
        this.connection?.writeFirst(keepalive);
        return this.#owner.sent('keepalive');
      case 'send-notification':
        return this.#complain(action.notification);
      case 'established':
        return this.#owner.established(this);
      case 'released':
        return this.#owner.released(this, this.#end ?? broken('stopped'));
    }
  }

  #expired(timer: TimerName): void {
    switch (timer) {
      case 'connect-retry':
        return this.feed({ type: 'ConnectRetryTimer_Expires' });
      case 'keepalive':
        return this.feed({ type: 'KeepaliveTimer_Expires' });
      case 'delay-open':
        return this.feed({ type: 'DelayOpenTimer_Expires' });
      case 'idle-hold':
        return this.feed({ type: 'IdleHoldTimer_Expires' });
      case 'hold':
        return this.feed({ type: 'HoldTimer_Expires' });
      case 'send-hold':
        return this.#sendHoldExpired();
    }
  }

  /** The peer has taken nothing for the send hold time, although something waited all the time; or it has. */
  #sendHoldExpired(): void {
    const { clock } = this.#owner;
    const { connection } = this;
    const seconds = this.#owner.seconds('send-hold', this.#fsm.state);
    const since = connection === undefined || connection.backlog === 0 ? clock.now() : connection.progressAt;
    const left = since + seconds * 1000 - clock.now();
    if (left <= 0) this.feed({ type: 'SendHoldTimer_Expires' });
    else this.#timers.start('send-hold', left / 1000);
  }

  #connect(): void {
    this.initiatedByUs = true;
    this.#opened = undefined;
    let socket: Socket;
    try {
      socket = this.#owner.dial();
    } catch (error) {
      return this.abandon((error as Error).message);
    }
    this.#socket = socket;
    const onError = (error: Error): void => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      socket.destroy();
      this.abandon(error.message);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      socket.off('error', onError);
      this.#attach(socket);
      this.feed({ type: 'Tcp_CR_Acked' });
    });
  }

  #disconnect(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      socket.on('error', () => {});
      socket.destroy();
    }
    this.connection?.close();
    this.connection = undefined;
    this.negotiated = undefined;
    // It knows the socket, which would be kept until the next connection.
    this.#opened = undefined;
  }

  #attach(socket: Socket): void {
    this.connectedAt = this.#owner.clock.now();
    const connection: Connection = new Connection(socket, this.#owner.clock, {
      message: (type, bytes, start, end) => {
        this.#heard = true;
        this.#message(type, bytes, start, end);
        return this.connection === connection && connection.isOpen;
      },
      batchEnd: () => this.#batchEnd(),
      fault: (error) => this.#fault(error),
      lost: (text) => {
        this.#end = broken(text);
        this.feed({ type: 'TcpConnectionFails' });
      },
      drained: () => {
        try {
          this.#owner.drained(this);
        } catch (error) {
          this.#fault(error);
        }
      },
    });
    this.connection = connection;
  }

  #batchEnd(): void {
    const now = this.#owner.clock.now();
    if (this.#fsm.state === 'Established') {
      if (this.#heard && this.#fsm.holdTime > 0) this.#timers.heard(now, this.#fsm.holdTime);
      this.#heard = false;
      this.#owner.batchEnd(this);
    }
    this.pulse(now);
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#fsm.state === 'Established') this.#owner.heard(bytes, start, end);
    switch (type) {
      case messageType.open:
        return this.#open(bytes, start, end);
      case messageType.keepalive:
        this.#owner.received('keepalive');
        // In Established a KEEPALIVE does no more than restart the hold timer, which the end of the read does.
        if (this.#fsm.state !== 'Established') this.feed({ type: 'KeepAliveMsg' });
        return;
      case messageType.notification:
        return this.#notification(bytes, start, end);
    }
    if (this.#fsm.state === 'Established') this.#owner.message(this, type, bytes, start, end);
    else this.feed({ type: type === messageType.update ? 'UpdateMsg' : 'RouteRefreshMsg' });
  }

  #open(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.received('open');
    const early = this.#fsm.state === 'Connect' || this.#fsm.state === 'Active';
    if (!early && this.#fsm.state !== 'OpenSent') return this.feed({ type: 'BGPOpen', holdTime: 0 });
    this.receivedOpen = copyOctets(bytes, start, end);
    try {
      const negotiated = this.#owner.opened(this, decodeOpen(bytes, start + HEADER_OCTETS, end));
      if (negotiated === undefined) return;
      this.negotiated = negotiated;
      this.#opened?.();
      if (negotiated.extendedMessage) this.connection?.acceptExtendedMessages();
      const type = early ? 'BGPOpen_with_DelayOpenTimer_running' : 'BGPOpen';
      this.feed({ type, holdTime: negotiated.holdTime });
    } catch (error) {
      if (!(error instanceof NotificationError)) throw error;
      this.feed({ type: 'BGPOpenMsgErr', notification: error });
    }
  }

  #notification(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.received('notification');
    const notification = decodeNotification(bytes, start + HEADER_OCTETS, end);
    this.#end = notified('received', notification);
    const wrongVersion =
      notification.code === errorCode.open && notification.subcode === openSubcode.unsupportedVersion;
    this.feed(wrongVersion ? { type: 'NotifMsgVerErr' } : { type: 'NotifMsg', notification });
  }

  #fault(error: unknown): void {
    const notification = error instanceof NotificationError ? error : this.#owner.failed(error);
    this.feed({
      type: notification.code === errorCode.header ? 'BGPHeaderErr' : 'UpdateMsgErr',
      notification,
    });
  }

  #complain(notification: Complaint): void {
    this.#end = notified('sent', notification);
    if (this.connection === undefined) return;
    const { code, subcode, data } = notification;
    this.connection.close(frameMessage(messageType.notification, Uint8Array.of(code, subcode, ...data)));
    this.#owner.sent('notification');
  }
}
