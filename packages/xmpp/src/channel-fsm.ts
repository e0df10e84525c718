/**
 * The channel's state machine, for both ends: `step` takes a state and an event, and yields the next state and what
 * is to be done. It owns no socket and no clock. Every event has an answer in every state.
 */
import {
  idle,
  type ChannelAction,
  type ChannelEvent,
  type ChannelSettings,
  type ChannelState,
  type ChannelStep,
  type ChannelTimer,
} from './channel-event.ts';
import { StreamError } from './stream-error.ts';

/** Seconds without a stanza or keepalive until a peer is given up. Not negotiated: each end uses its own. */
export const DEFAULT_HOLD_TIME = 90;
/** Milliseconds a server waits for the header (and, with TLS, for the whole negotiation). */
export const OPEN_TIME = 15_000;
/**
 * Milliseconds of a session after which a client forgets its failed attempts. Deployed agents wait for three keepalives,
 * one and a half minutes: a control node that is restarted twice within them is missed for half a minute.
 */
const STABLE_TIME = 10_000;
/** Failed attempts after which a client says that its server does not answer. */
const ATTEMPTS_OF_A_DEAD_SERVER = 4;
const FIRST_BACK_OFF = 50;
/** Deployed agents go up to 30 s. */
const LONGEST_BACK_OFF = 8000;
/** Back-off times vary by a tenth, so that agents do not return all at once. */
export const BACK_OFF_JITTER = 0.1;

/** Milliseconds before the attempt that follows `attempts` earlier ones. */
export function backOff(attempts: number): number {
  return attempts === 0 ? FIRST_BACK_OFF : Math.min(1000 * 2 ** (attempts - 1), LONGEST_BACK_OFF);
}

/** What a channel in `state` does upon `event`. */
export function step(settings: ChannelSettings, state: ChannelState, event: ChannelEvent): ChannelStep {
  const client = settings.role === 'client';
  switch (event.type) {
    case 'start':
      return client && state.name === 'idle' ? retry(state) : stay(state);

    case 'accepted':
      if (client || state.name !== 'idle') return stay(state);
      return { state: { ...state, name: 'active' }, actions: [setTimer('open', OPEN_TIME)] };

    case 'back-off-timer-expires':
      if (state.name !== 'active' || !client) return stay(state);
      return {
        state: { ...state, name: 'connect', attempts: state.attempts + 1 },
        actions: [{ do: 'connect' }],
      };

    case 'connected':
      if (state.name !== 'connect') return stay(state);
      return { state: { ...state, name: 'open-sent' }, actions: [{ do: 'send-header' }, guard(settings)] };

    case 'connection-lost':
      if (state.name === 'idle' || (client && state.name === 'active')) return stay(state);
      return end(settings, state, event.because, []);

    case 'stop':
      if (state.name === 'idle') return stay(state);
      return halt(state, event.error);

    case 'header':
      return header(settings, state, event.refusal);

    case 'features':
      if (state.name === 'open-confirm' && client && state.security === 'plain' && event.starttls) {
        return { state: { ...state, security: 'awaiting-proceed' }, actions: [{ do: 'send-starttls' }] };
      }
      return unexpected(settings, state, 'stream features: both ends must agree on TLS');

    case 'starttls':
      if (state.security !== 'awaiting-starttls') return unexpected(settings, state, 'starttls');
      return {
        state: { ...state, security: 'handshake' },
        actions: [{ do: 'send-proceed' }, { do: 'begin-tls' }],
      };

    case 'proceed':
      if (state.security !== 'awaiting-proceed') return unexpected(settings, state, 'proceed');
      return { state: { ...state, security: 'handshake' }, actions: [{ do: 'begin-tls' }] };

    case 'secured': {
      if (state.security !== 'handshake') return stay(state);
      const actions: ChannelAction[] = client ? [{ do: 'send-header' }] : [];
      return { state: { ...state, security: 'secure' }, actions };
    }

    case 'stanza':
      if (state.name === 'established') return stay(state);
      return unexpected(settings, state, 'a stanza');

    case 'stream-failed':
      return fail(settings, state, event.error);

    case 'stream-closed':
      return isOpen(state) ? end(settings, state, event.because, [{ do: 'close-connection' }]) : stay(state);

    case 'open-timer-expires':
      if (!isOpen(state) || state.name === 'established') return stay(state);
      if (client) {
        return fail(settings, state, new StreamError('connection-timeout', 'no answer to the stream header'));
      }
      return end(settings, state, 'no stream header in time', [
        { do: 'send-closing-tag' },
        { do: 'close-connection' },
      ]);

    case 'hold-timer-expires': {
      if (!isOpen(state) || settings.holdTime === 0) return stay(state);
      const left = settings.holdTime * 1000 - event.silence;
      if (left > 0) return { state, actions: [setTimer('hold', left)] };
      if (event.unread) return { state, actions: [setTimer('hold', settings.holdTime * 1000)] };
      return fail(
        settings,
        state,
        new StreamError('connection-timeout', `silent for ${settings.holdTime} seconds`),
      );
    }

    case 'stable-timer-expires':
      return state.name === 'established' ? stay({ ...state, attempts: 0 }) : stay(state);

    case 'keepalive-timer-expires':
      if (state.name !== 'established') return stay(state);
      if (event.stalled >= settings.holdTime * 1000) {
        return fail(
          settings,
          state,
          new StreamError('connection-timeout', `nothing was read for ${settings.holdTime} seconds`),
        );
      }
      return { state, actions: [{ do: 'send-keepalive' }, ...keepalive(settings)] };
  }
}

function header(
  settings: ChannelSettings,
  state: ChannelState,
  refusal: StreamError | undefined,
): ChannelStep {
  const expected =
    settings.role === 'client'
      ? state.name === 'open-sent' || (state.name === 'open-confirm' && state.security === 'secure')
      : state.name === 'active' || (state.name === 'open-confirm' && state.security === 'secure');
  if (!expected) return stay(state);
  if (refusal !== undefined) return fail(settings, state, refusal);
  const answer: ChannelAction[] = settings.role === 'server' ? [{ do: 'send-header' }] : [];
  if (settings.tls && state.security === 'plain') {
    if (settings.role === 'client') return { state: { ...state, name: 'open-confirm' }, actions: [] };
    return {
      state: { ...state, name: 'open-confirm', security: 'awaiting-starttls' },
      actions: [...answer, { do: 'send-features' }],
    };
  }
  // The client says at once that it lives; the server only starts its timer.
  const client = settings.role === 'client';
  if (client) answer.push({ do: 'send-keepalive' });
  const proof = client ? [setTimer('stable', STABLE_TIME)] : [];
  return {
    state: { ...state, name: 'established' },
    actions: [
      ...answer,
      { do: 'cancel-timers' },
      ...hold(settings),
      ...keepalive(settings),
      ...proof,
      { do: 'up' },
    ],
  };
}

function isOpen({ name }: ChannelState): boolean {
  return name === 'active' || name === 'open-sent' || name === 'open-confirm' || name === 'established';
}

function stay(state: ChannelState): ChannelStep {
  return { state, actions: [] };
}

function setTimer(timer: ChannelTimer, milliseconds: number): ChannelAction {
  return { do: 'set-timer', timer, milliseconds };
}

function hold({ holdTime }: ChannelSettings): ChannelAction[] {
  return holdTime === 0 ? [] : [setTimer('hold', holdTime * 1000)];
}

/** A client waits for the answer to its header as long as the hold time, even where that is switched off. */
function guard({ holdTime }: ChannelSettings): ChannelAction {
  return setTimer('open', (holdTime || DEFAULT_HOLD_TIME) * 1000);
}

function keepalive({ holdTime }: ChannelSettings): ChannelAction[] {
  return holdTime === 0 ? [] : [setTimer('keepalive', (holdTime * 1000) / 3)];
}

/** Before the next attempt of a client. */
function retry(state: ChannelState): ChannelStep {
  const { attempts } = state;
  const actions: ChannelAction[] = [setTimer('back-off', backOff(attempts))];
  if (attempts >= ATTEMPTS_OF_A_DEAD_SERVER) actions.unshift({ do: 'timed-out', attempts });
  return { state: { ...idle, name: 'active', attempts }, actions };
}

/** The connection is over: a server is done, a client tries again. */
function end(
  settings: ChannelSettings,
  state: ChannelState,
  because: string,
  parting: readonly ChannelAction[],
  error?: StreamError,
): ChannelStep {
  const actions: ChannelAction[] = [{ do: 'cancel-timers' }, ...parting, down(because, error)];
  if (settings.role === 'server') return { state: idle, actions };
  const next = retry(state);
  return { state: next.state, actions: [...actions, ...next.actions] };
}

function down(because: string, error: StreamError | undefined): ChannelAction {
  return error === undefined ? { do: 'down', because } : { do: 'down', because, error };
}

function fail(settings: ChannelSettings, state: ChannelState, error: StreamError): ChannelStep {
  if (!isOpen(state) || (state.name === 'active' && settings.role === 'client')) return stay(state);
  return end(
    settings,
    state,
    error.message,
    [{ do: 'send-error', error }, { do: 'close-connection' }],
    error,
  );
}

function unexpected(settings: ChannelSettings, state: ChannelState, what: string): ChannelStep {
  return fail(settings, state, new StreamError('policy-violation', `unexpected here: ${what}`));
}

/** Stopped from this side, for good. */
function halt(state: ChannelState, error: StreamError | undefined): ChannelStep {
  const parting: ChannelAction[] = [];
  if (isOpen(state) && error !== undefined) parting.push({ do: 'send-error', error });
  return {
    state: idle,
    actions: [
      { do: 'cancel-timers' },
      ...parting,
      { do: 'close-connection' },
      down(error?.message ?? 'closed by this side', error),
    ],
  };
}
