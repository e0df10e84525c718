/** A BGP session with one peer: the driver that owns its connections and timers. */
import type { Socket } from 'node:net';
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import type { FamilyName } from '../families/table.ts';
import { countUpdates, frameMessage, messageType } from '../wire/header.ts';
import { NotificationError, errorCode } from '../wire/notification.ts';
import { encodeOpen, type Open } from '../wire/open.ts';
import type { RefreshSubtype } from '../wire/route-refresh.ts';
import { dial } from './dial.ts';
import { administrativeShutdown, bfdDown, hardened } from './farewell.ts';
import type { Conversation } from './conversation.ts';
import type { ConversationOwner } from './conversation-owner.ts';
import { ConversationPair } from './conversation-pair.ts';
import type { EventName, State } from './fsm-event.ts';
import { localOpen, negotiate, type Negotiated } from './negotiate.ts';
import { PrefixWatch } from './prefix-limit.ts';
import { RouteRefreshes, refreshMessage } from './route-refreshes.ts';
import { sessionConfig, type SessionConfig, type SessionSettings } from './session-config.ts';
import { sessionCounters, type SessionCounters } from './session-counters.ts';
import type { SessionHandlers } from './session-handlers.ts';
import { sessionDown, unanswered, type SessionEnd } from './session-end.ts';
import { SessionTimes } from './session-times.ts';
import { requireTransportSecurity, secureAccepted } from './transport-security.ts';

/** Seconds in which a peer hears that its session is over before it is connected to again. */
const RESTART_PAUSE = 0.1;

/**
 * One for each configured peer: {@link Session.start} it, write UPDATEs while it is Established, and it comes up
 * again by itself after every loss until {@link Session.stop}. What happens is told to its handlers.
 */
export class Session {
  readonly config: SessionConfig;
  readonly counters: SessionCounters = sessionCounters();
  /** How the last session, or the last attempt, ended. */
  lastEnd: SessionEnd | undefined;
  /** When the state last became or ceased to be Established, in milliseconds of the clock. */
  changedAt: number;
  /** The last change of {@link state}. */
  lastChange: StateChange | undefined;
  /** When Established was last left, in milliseconds of the clock, and why. */
  lostAt: number | undefined;
  lastLoss: SessionEnd | undefined;
  #stateBefore: State = 'Idle';
  readonly #clock: Clock;
  readonly #handlers: SessionHandlers;
  readonly #times: SessionTimes;
  #started = false;
  #restarting: boolean;
  readonly #conversations: ConversationPair;
  /** The conversation that is Established. */
  #current: Conversation | undefined;
  #negotiated: Negotiated | undefined;
  readonly #prefixes: PrefixWatch;
  readonly #refreshes: RouteRefreshes;
  /** Starts the session again after {@link restart}. */
  #restart: Timer | undefined;

  /**
   * @throws RangeError when a setting is out of range
   * @throws Error when this machine lacks what TCP MD5 or TTL security need
   */
  constructor(settings: SessionSettings, handlers: SessionHandlers, clock: Clock = systemClock) {
    this.config = sessionConfig(settings);
    requireTransportSecurity(this.config);
    this.#handlers = handlers;
    this.#clock = clock;
    this.changedAt = clock.now();
    this.#restarting = this.config.gracefulRestart?.restarting ?? false;
    this.#prefixes = new PrefixWatch(this.config.prefixLimits);
    this.#refreshes = new RouteRefreshes(handlers, clock, this.config.refreshTime, (error) =>
      this.#fault(error),
    );
    this.#times = new SessionTimes(this.config);
    this.#conversations = new ConversationPair(
      this.#conversationOwner(),
      { passive: this.config.peer.passive ?? false, delayOpen: this.config.delayOpen > 0 },
      this.config.local,
    );
  }

  /** The state of its most advanced connection. */
  get state(): State {
    return this.#conversations.state;
  }

  /** What both sides agreed on; undefined unless Established. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** Octets written that the kernel has not taken yet. */
  get backlog(): number {
    return this.#current?.connection?.backlog ?? 0;
  }

  /** The two ends of the established connection. */
  get endpoints(): { local: Endpoint; remote: Endpoint } | undefined {
    const connection = this.#current?.connection;
    if (connection === undefined) return undefined;
    return {
      local: { address: connection.localAddress, port: connection.localPort },
      remote: { address: connection.remoteAddress, port: connection.remotePort },
    };
  }

  /** The OPEN messages of the established session, headers included. */
  get opens(): { readonly sent: Uint8Array; readonly received: Uint8Array } | undefined {
    const current = this.#current;
    return current === undefined ? undefined : { sent: current.sentOpen, received: current.receivedOpen };
  }

  /** Connects to the peer, or waits for it when it is passive. Does nothing when started already. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#restart?.cancel();
    this.#times.forgetFailures();
    this.#conversations.start();
  }

  /**
   * Ends the session with Cease/Administrative Shutdown and a text for the operator of the peer, or with the
   * NOTIFICATION given, and stays down. Resolves when the connections are gone.
   * @see RFC 9003
   */
  async stop(why: string | NotificationError = ''): Promise<void> {
    this.#started = false;
    this.#restart?.cancel();
    const notification = typeof why === 'string' ? administrativeShutdown(why) : why;
    await this.#conversations.stop(notification, hardened(notification, this.#negotiated));
  }

  /** Ends the session like {@link stop}, also one that does not come up, and starts again after so many seconds. */
  restart(why: NotificationError, pause = RESTART_PAUSE): void {
    void this.stop(why);
    this.#restart = this.#clock.after(pause * 1000, () => this.start());
  }

  /**
   * Closes the connections without a word and stays down: a peer that agreed on graceful restart keeps our routes until
   * we are back, or its patience is over. Resolves when the connections are gone.
   * @see RFC 4724 §4.1
   */
  async abandon(): Promise<void> {
    this.#started = false;
    this.#restart?.cancel();
    await this.#conversations.abandon();
  }

  /** Our graceful restart is over: OPENs no longer say that we are restarting. @see RFC 4724 §3 */
  restarted(): void {
    this.#restarting = false;
  }

  /** Ends the session with a NOTIFICATION; it is tried again after a pause. Does nothing unless Established. */
  reset(notification: NotificationError): void {
    const cease = notification.code === errorCode.cease;
    this.#current?.feed(
      cease
        ? { type: 'AutomaticStop', notification: hardened(notification, this.#negotiated) }
        : { type: 'UpdateMsgErr', notification },
    );
  }

  /**
   * Ends the session because BFD, which the embedding program runs, has lost the path to the peer; it is tried again
   * after a pause. `forwardingLost`: BFD runs apart from the peer's control plane, so its forwarding is gone and nothing
   * of it is worth keeping; otherwise the peer may be restarting gracefully.
   * @see RFC 9384 §3, RFC 5882 §4.3
   */
  bfdDown(forwardingLost = false): void {
    const cease = bfdDown();
    const notification = forwardingLost ? hardened(cease, this.#negotiated) : cease;
    this.#current?.feed({ type: 'AutomaticStop', notification });
  }

  /**
   * Sends whole messages, in order, when Established. The buffers must not change until `written` is called, which
   * happens when the kernel has taken them.
   */
  write(buffers: readonly Uint8Array[], written?: () => void): void {
    const connection = this.#current?.connection;
    if (connection === undefined) return;
    let octets = 0;
    for (const buffer of buffers) {
      octets += buffer.length;
      this.counters.sent.update += countUpdates(buffer);
    }
    this.counters.octetsSent += octets;
    connection.write(buffers, written);
    this.pulse();
  }

  /** Sends a KEEPALIVE if one is due. Computations that keep the process busy for seconds call this between. */
  pulse(): void {
    this.#current?.pulse(this.#clock.now());
  }

  /** Asks the peer to send a family again. Yields false when it cannot. @see RFC 2918 */
  requestRefresh(family: FamilyName): boolean {
    return this.sendRefresh(family, 'request');
  }

  /** Sends a ROUTE-REFRESH; `beginning` and `end` only to a peer that knows them. @see RFC 7313 §4 */
  sendRefresh(family: FamilyName, subtype: RefreshSubtype): boolean {
    const message = refreshMessage(this.#negotiated, family, subtype);
    if (message === undefined) return false;
    this.write([message]);
    this.counters.sent.routeRefresh++;
    return true;
  }

  /** Whether there is a connection with the peer, in whatever state. */
  get isConnected(): boolean {
    return this.#conversations.isConnected;
  }

  /**
   * Takes a connection the peer has opened; `opened` is called when it has brought an acceptable OPEN.
   * Yields false when the connection is not wanted now; the caller then refuses it.
   * @throws Error when the kernel does not secure the connection as configured
   */
  accept(socket: Socket, opened: () => void = () => {}): boolean {
    if (!this.#started) return false;
    secureAccepted(socket, this.config);
    return this.#conversations.accept(socket, opened);
  }

  #conversationOwner(): ConversationOwner {
    const { config } = this;
    return {
      clock: this.#clock,
      openMessage: () => frameMessage(messageType.open, encodeOpen(localOpen(config, this.#restarting))),
      dial: () => dial(config),
      seconds: (timer, state) => this.#times.seconds(timer, state),
      opened: (conversation, open) => this.#opened(conversation, open),
      established: (conversation) => this.#established(conversation),
      released: (conversation, end) => this.#released(conversation, end),
      message: (_, type, bytes, start, end) => this.#message(type, bytes, start, end),
      heard: (bytes, start, end) => this.#handlers.heard?.(bytes, start, end),
      batchEnd: () => {
        this.#handlers.batchEnd?.();
        this.#weighPrefixes();
      },
      drained: (conversation) => {
        if (conversation === this.#current) this.#handlers.drained?.();
      },
      unanswered: () => {
        this.lastEnd = unanswered(config);
        this.#tell(() => this.#handlers.failed?.(this.lastEnd!));
      },
      moved: (conversation, from, end, event) => {
        this.#note(event);
        this.#moved(conversation, from, end);
      },
      sent: (message) => void this.counters.sent[message]++,
      received: (message) => void this.counters.received[message]++,
      failed: (error) => {
        this.#fault(error);
        return new NotificationError(errorCode.cease, 0, undefined, `internal error: ${String(error)}`);
      },
    };
  }

  #opened(conversation: Conversation, open: Open): Negotiated | undefined {
    const negotiated = negotiate(this.config, open);
    const survives = this.#conversations.survives(conversation, negotiated, this.changedAt);
    return survives ? negotiated : undefined;
  }

  #established(conversation: Conversation): void {
    this.#current = conversation;
    this.#negotiated = conversation.negotiated!;
    this.changedAt = this.#clock.now();
    this.counters.established++;
    this.#handlers.established(this.#negotiated);
  }

  #released(conversation: Conversation, end: SessionEnd): void {
    if (conversation !== this.#current) return;
    const negotiated = this.#negotiated!;
    const now = this.#clock.now();
    this.#times.lasted(now - this.changedAt);
    this.#current = undefined;
    this.#negotiated = undefined;
    this.#prefixes.clear();
    this.#refreshes.clear();
    this.changedAt = now;
    this.lostAt = now;
    this.lastLoss = end;
    this.counters.flaps++;
    this.#tell(() => this.#handlers.down(sessionDown(end, negotiated)));
  }

  #weighPrefixes(): void {
    if (this.#current === undefined) return;
    const excess = this.#prefixes.weigh(
      (family) => this.#handlers.prefixes?.(family) ?? 0,
      (family, count, limit) => this.#handlers.manyPrefixes?.(family, count, limit),
    );
    if (excess === undefined) return;
    const { notification, restartAfter } = excess;
    if (restartAfter === undefined) void this.stop(notification);
    else this.restart(notification, restartAfter);
  }

  /** Tells a handler of an end: there is nothing left to reset when it throws. */
  #tell(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    if (this.#handlers.fault === undefined) process.emitWarning(error as Error);
    else this.#handlers.fault(error);
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    this.counters.octetsReceived += end - start;
    if (type === messageType.update) {
      this.counters.received.update++;
      this.#handlers.update(bytes, start, end);
      return;
    }
    this.counters.received.routeRefresh++;
    this.#refreshes.receive(bytes, start, end, this.#negotiated!);
  }

  #note(event: EventName): void {
    const { state } = this;
    if (state === this.#stateBefore) return;
    this.lastChange = { from: this.#stateBefore, event, at: this.#clock.now() };
    this.#stateBefore = state;
  }

  #moved(conversation: Conversation, from: State, end: SessionEnd | undefined): void {
    const { state } = conversation;
    if (state !== 'Idle' && state !== 'Active') return;
    if (from === 'Idle') return;
    if (end !== undefined) {
      this.lastEnd = end;
      if (from !== 'Established') this.#tell(() => this.#handlers.failed?.(end));
    }
    if (this.#conversations.forgetSecond(conversation)) return;
    this.#times.failed();
    if (state === 'Active' || this.#conversations.promoteSecond()) return;
    if (this.#started) this.#tryAgain(conversation);
  }

  /** Tries again: at once by waiting for the peer, and after a pause by connecting, unless the pause is in Idle. */
  #tryAgain(conversation: Conversation): void {
    if (conversation.holdsIdle) return;
    conversation.feed({
      type: 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
    });
  }
}

/** A change of a session's state: what it was before, the event, and when, in milliseconds of the clock. */
export interface StateChange {
  readonly from: State;
  readonly event: EventName;
  readonly at: number;
}

/** One end of a TCP connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}
