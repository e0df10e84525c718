import fc from 'fast-check';
import t from 'tap';
import {
  backOff,
  channelStep,
  idleChannel,
  OPEN_TIME,
  StreamError,
  type ChannelAction,
  type ChannelEvent,
  type ChannelSettings,
  type ChannelState,
} from '../src/index.ts';

const server: ChannelSettings = { role: 'server', tls: false, holdTime: 90 };
const client: ChannelSettings = { role: 'client', tls: false, holdTime: 90 };

/** Runs events from idle and gives what was done for each, in words, and the last state. */
function run(
  settings: ChannelSettings,
  events: readonly (ChannelEvent | ChannelEvent['type'])[],
): [string[], ChannelState] {
  let state = idleChannel;
  const done: string[] = [];
  for (const event of events) {
    const result = channelStep(
      settings,
      state,
      (typeof event === 'string' ? { type: event } : event) as ChannelEvent,
    );
    state = result.state;
    done.push(result.actions.map(inWords).join(', '));
  }
  return [done, state];
}

function inWords(action: ChannelAction): string {
  switch (action.do) {
    case 'set-timer':
      return `${action.timer} ${action.milliseconds}`;
    case 'send-error':
      return `send ${action.error.condition}`;
    case 'down':
      return `down: ${action.because}`;
    case 'timed-out':
      return `timed out ${action.attempts}`;
    default:
      return action.do;
  }
}

t.test('a server answers a header and is up', async (t) => {
  const [done, state] = run(server, ['accepted', 'header', { type: 'keepalive-timer-expires', stalled: 0 }]);
  t.same(done, [
    `open ${OPEN_TIME}`,
    'send-header, cancel-timers, hold 90000, keepalive 30000, up',
    'send-keepalive, keepalive 30000',
  ]);
  t.equal(state.name, 'established');
});

t.test('a client connects, sends its header, and says that it lives when it is answered', async (t) => {
  const [done, state] = run(client, ['start', 'back-off-timer-expires', 'connected', 'header']);
  t.same(done, [
    'back-off 50',
    'connect',
    'send-header, open 90000',
    'send-keepalive, cancel-timers, hold 90000, keepalive 30000, stable 10000, up',
  ]);
  t.equal(state.name, 'established');
});

t.test('TLS comes between two headers', async (t) => {
  const [done] = run({ ...server, tls: true }, ['accepted', 'header', 'starttls', 'secured', 'header']);
  t.same(done, [
    `open ${OPEN_TIME}`,
    'send-header, send-features',
    'send-proceed, begin-tls',
    '',
    'send-header, cancel-timers, hold 90000, keepalive 30000, up',
  ]);
  const [asked, state] = run({ ...client, tls: true }, [
    'start',
    'back-off-timer-expires',
    'connected',
    'header',
    { type: 'features', starttls: true },
    'proceed',
    'secured',
    'header',
  ]);
  t.same(asked.slice(3), [
    '',
    'send-starttls',
    'begin-tls',
    'send-header',
    'send-keepalive, cancel-timers, hold 90000, keepalive 30000, stable 10000, up',
  ]);
  t.match(state, { name: 'established', security: 'secure' });
});

t.test('both ends must agree on TLS', async (t) => {
  const [, refused] = run({ ...server, tls: true }, ['accepted', 'header', 'stanza']);
  t.equal(refused.name, 'idle');
  const [asked] = run(client, [
    'start',
    'back-off-timer-expires',
    'connected',
    'header',
    { type: 'features', starttls: true },
  ]);
  t.match(asked[4], 'send policy-violation, close-connection, down: unexpected here: stream features');
  const [early] = run({ ...server, tls: true }, ['accepted', 'header', 'header']);
  t.equal(early[2], '', 'a second header before TLS is none');
  const [unasked] = run(server, ['accepted', 'header', 'starttls']);
  t.match(unasked[2], 'send policy-violation');
});

t.test('a server waits fifteen seconds for a header, and closes the stream', async (t) => {
  const [done, state] = run(server, ['accepted', 'open-timer-expires']);
  t.equal(done[1], 'cancel-timers, send-closing-tag, close-connection, down: no stream header in time');
  t.equal(state.name, 'idle');
});

t.test('a refused header is answered with the reason', async (t) => {
  const refusal = new StreamError('conflict', 'compute-1 has a session');
  const [done] = run(server, ['accepted', { type: 'header', refusal }]);
  t.equal(done[1], 'cancel-timers, send conflict, close-connection, down: compute-1 has a session');
});

t.test('the hold timer starts anew while the peer speaks, and waits for what is unread', async (t) => {
  const expiry = (silence: number, unread = false): ChannelEvent => ({
    type: 'hold-timer-expires',
    silence,
    unread,
  });
  const [done, state] = run(server, [
    'accepted',
    'header',
    expiry(30_000),
    expiry(90_000, true),
    expiry(90_000),
  ]);
  t.same(done.slice(2), [
    'hold 60000',
    'hold 90000',
    'cancel-timers, send connection-timeout, close-connection, down: silent for 90 seconds',
  ]);
  t.equal(state.name, 'idle');
});

t.test('a peer that takes nothing of what waits for it is given up after the hold time', async (t) => {
  const tick = (stalled: number): ChannelEvent => ({ type: 'keepalive-timer-expires', stalled });
  const [done, state] = run(server, ['accepted', 'header', tick(89_999), tick(90_000)]);
  t.same(done.slice(2), [
    'send-keepalive, keepalive 30000',
    'cancel-timers, send connection-timeout, close-connection, down: nothing was read for 90 seconds',
  ]);
  t.equal(state.name, 'idle');
});

t.test('hold time 0 sets no timer', async (t) => {
  const [done] = run({ ...server, holdTime: 0 }, ['accepted', 'header']);
  t.equal(done[1], 'send-header, cancel-timers, up');
});

t.test('a client backs off by attempts, and says when a server seems dead', async (t) => {
  t.same([0, 1, 2, 3, 4, 5, 6, 7, 50].map(backOff), [50, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000]);
  const failure: ChannelEvent = { type: 'connection-lost', because: 'refused' };
  const attempts = Array.from({ length: 5 }, () => ['back-off-timer-expires', failure] as const).flat();
  const [done] = run(client, ['start', ...attempts]);
  t.same(
    done.filter((_, i) => i > 0 && i % 2 === 0),
    [
      'cancel-timers, down: refused, back-off 1000',
      'cancel-timers, down: refused, back-off 2000',
      'cancel-timers, down: refused, back-off 4000',
      'cancel-timers, down: refused, timed out 4, back-off 8000',
      'cancel-timers, down: refused, timed out 5, back-off 8000',
    ],
  );
});

t.test('a session of ten seconds clears the attempts of a client', async (t) => {
  const up = ['start', 'back-off-timer-expires', 'connected', 'header'] as const;
  const lost: ChannelEvent = { type: 'connection-lost', because: 'reset' };
  const [short] = run(client, [...up, lost]);
  t.match(short[3], 'stable 10000');
  t.match(short.at(-1), 'back-off 1000');
  const [proven] = run(client, [...up, 'stable-timer-expires', lost]);
  t.match(proven.at(-1), 'back-off 50');
});

t.test('stop is for good', async (t) => {
  const [done, state] = run(client, [
    'start',
    'back-off-timer-expires',
    'connected',
    'header',
    'stop',
    'back-off-timer-expires',
  ]);
  t.equal(done[4], 'cancel-timers, close-connection, down: closed by this side');
  t.equal(done[5], '');
  t.equal(state.name, 'idle');
  const error = new StreamError('system-shutdown', 'going down');
  const [told] = run(server, ['accepted', 'header', { type: 'stop', error }]);
  t.equal(told[2], 'cancel-timers, send system-shutdown, close-connection, down: going down');
});

const anyEvent: fc.Arbitrary<ChannelEvent> = fc.oneof(
  fc.constantFrom<ChannelEvent>(
    { type: 'start' },
    { type: 'stop' },
    { type: 'stop', error: new StreamError('system-shutdown', 'x') },
    { type: 'accepted' },
    { type: 'connected' },
    { type: 'connection-lost', because: 'x' },
    { type: 'header' },
    { type: 'header', refusal: new StreamError('conflict', 'x') },
    { type: 'features', starttls: true },
    { type: 'features', starttls: false },
    { type: 'starttls' },
    { type: 'proceed' },
    { type: 'secured' },
    { type: 'stanza' },
    { type: 'stable-timer-expires' },
    { type: 'stream-failed', error: new StreamError('not-well-formed', 'x') },
    { type: 'stream-closed', because: 'x' },
    { type: 'open-timer-expires' },
    { type: 'keepalive-timer-expires', stalled: 0 },
    { type: 'keepalive-timer-expires', stalled: 90_000 },
    { type: 'back-off-timer-expires' },
  ),
  fc.record({
    type: fc.constant('hold-timer-expires' as const),
    silence: fc.nat(200_000),
    unread: fc.boolean(),
  }),
);

/** The event that takes a channel towards its session, so that random events find sessions to disturb. */
function onward({ role }: ChannelSettings, { name, security }: ChannelState): ChannelEvent {
  if (name === 'idle') return { type: role === 'server' ? 'accepted' : 'start' };
  if (name === 'connect') return { type: 'connected' };
  if (name === 'active' && role === 'client') return { type: 'back-off-timer-expires' };
  if (security === 'awaiting-starttls') return { type: 'starttls' };
  if (security === 'awaiting-proceed') return { type: 'proceed' };
  if (security === 'handshake') return { type: 'secured' };
  if (name === 'open-confirm' && security === 'plain') return { type: 'features', starttls: true };
  return { type: name === 'established' ? 'stable-timer-expires' : 'header' };
}

t.test(
  'whatever happens in whatever order, sessions go up and down in turn and timers belong to a state',
  async (t) => {
    let sessions = 0;
    fc.assert(
      fc.property(
        fc.constantFrom<ChannelSettings>(
          server,
          client,
          { ...server, tls: true },
          { ...client, tls: true, holdTime: 0 },
        ),
        fc.array(fc.option(anyEvent, { nil: undefined, freq: 2 }), { maxLength: 60 }),
        (settings, events) => {
          let state = idleChannel;
          let up = false;
          const timers = new Set<string>();
          for (const event of events) {
            const result = channelStep(settings, state, event ?? onward(settings, state));
            state = result.state;
            for (const action of result.actions) {
              if (action.do === 'up') {
                if (up) return false;
                up = true;
                sessions++;
              }
              if (action.do === 'down') up = false;
              if (action.do === 'set-timer') timers.add(action.timer);
              if (action.do === 'cancel-timers') timers.clear();
            }
            if (up !== (state.name === 'established')) return false;
            if (up && settings.tls && state.security !== 'secure') return false;
            // Nothing fires in a channel that is idle, and a client that waits has a timer to wake it.
            if (state.name === 'idle' && timers.size > 0) return false;
            if (state.name === 'active' && settings.role === 'client' && !timers.has('back-off'))
              return false;
          }
          return true;
        },
      ),
      { numRuns: 3000 },
    );
    t.ok(sessions > 100, `${sessions} sessions`);
  },
);
