import fc from 'fast-check';
import t from 'tap';
import type { Action } from '../../src/session/fsm-action.ts';
import { eventNumbers, states, type Event, type EventName, type State } from '../../src/session/fsm-event.ts';
import { idleFsm, step, type Fsm } from '../../src/session/fsm.ts';

const active = { passive: false, delayOpen: false };
const passive = { passive: true, delayOpen: false };
const delayed = { passive: false, delayOpen: true };
const complaint = { code: 3, subcode: 1, data: Uint8Array.of(1, 2) };

const needsComplaint = new Set<EventName>(['BGPHeaderErr', 'BGPOpenMsgErr', 'UpdateMsgErr', 'NotifMsg']);

/** An event by its name alone. */
function event(type: EventName, holdTime = 90): Event {
  if (type === 'BGPOpen' || type === 'BGPOpen_with_DelayOpenTimer_running') return { type, holdTime };
  if (needsComplaint.has(type)) return { type, notification: complaint } as Event;
  return { type } as Event;
}

/** The machine after some events, and all actions on the way. */
function after(
  fsm: Fsm,
  ...names: EventName[]
): { fsm: Fsm; actions: readonly Action[]; last: readonly Action[] } {
  const actions: Action[] = [];
  let last: readonly Action[] = [];
  for (const name of names) {
    const result = step(fsm, event(name));
    fsm = result.fsm;
    last = result.actions;
    actions.push(...last);
  }
  return { fsm, actions, last };
}

/** The shortest way into each state. */
const into: Record<State, readonly EventName[]> = {
  Idle: [],
  Connect: ['ManualStart'],
  Active: ['ManualStart_with_PassiveTcpEstablishment'],
  OpenSent: ['ManualStart', 'Tcp_CR_Acked'],
  OpenConfirm: ['ManualStart', 'Tcp_CR_Acked', 'BGPOpen'],
  Established: ['ManualStart', 'Tcp_CR_Acked', 'BGPOpen', 'KeepAliveMsg'],
};
const inState = (state: State, options = active): Fsm => after(idleFsm(options), ...into[state]).fsm;

const sent = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) => {
    if (action.type === 'send-open') return ['OPEN'];
    if (action.type === 'send-keepalive') return ['KEEPALIVE'];
    if (action.type === 'send-notification')
      return [`NOTIFICATION ${action.notification.code}/${action.notification.subcode}`];
    return [];
  });

t.test('an active speaker connects, sends OPEN, confirms and is established', async (t) => {
  const { fsm, actions } = after(idleFsm(active), ...into.Established);
  t.equal(fsm.state, 'Established');
  t.same(sent(actions), ['OPEN', 'KEEPALIVE']);
  t.ok(actions.some(({ type }) => type === 'connect'));
  t.match(actions.at(-1), { type: 'established' });
});

t.test('a passive speaker never connects', async (t) => {
  const { fsm, actions } = after(idleFsm(passive), 'ManualStart', 'ConnectRetryTimer_Expires');
  t.equal(fsm.state, 'Active');
  t.notOk(actions.some(({ type }) => type === 'connect' || type === 'start-timer'));
  t.equal(after(fsm, 'TcpConnectionConfirmed').fsm.state, 'OpenSent');
});

t.test('a speaker that delays its OPEN lets the peer go first', async (t) => {
  const waiting = after(idleFsm(delayed), 'ManualStart', 'Tcp_CR_Acked');
  t.equal(waiting.fsm.state, 'Connect');
  t.same(sent(waiting.actions), []);
  const answered = after(waiting.fsm, 'BGPOpen_with_DelayOpenTimer_running');
  t.equal(answered.fsm.state, 'OpenConfirm');
  t.same(sent(answered.actions), ['OPEN', 'KEEPALIVE']);
  const impatient = after(waiting.fsm, 'DelayOpenTimer_Expires');
  t.equal(impatient.fsm.state, 'OpenSent');
  t.same(sent(impatient.actions), ['OPEN']);
});

t.test('a hold time of zero sets neither hold nor keepalive timer', async (t) => {
  const confirmed = step(inState('OpenSent'), event('BGPOpen', 0));
  t.equal(confirmed.fsm.holdTime, 0);
  const { actions } = after(confirmed.fsm, 'KeepAliveMsg', 'KeepaliveTimer_Expires', 'UpdateMsg');
  const started = [...confirmed.actions, ...actions].flatMap((action) =>
    action.type === 'start-timer' ? [action.timer] : [],
  );
  t.same(started, ['send-hold']);
});

t.test('each error is answered with its own NOTIFICATION', async (t) => {
  const expected: [State, EventName, string[]][] = [
    ['OpenSent', 'HoldTimer_Expires', ['NOTIFICATION 4/0']],
    ['OpenSent', 'UpdateMsg', ['NOTIFICATION 5/1']],
    ['OpenSent', 'KeepAliveMsg', ['NOTIFICATION 5/1']],
    ['OpenConfirm', 'BGPOpen', ['NOTIFICATION 5/2']],
    ['OpenConfirm', 'RouteRefreshMsg', ['NOTIFICATION 5/2']],
    ['OpenConfirm', 'OpenCollisionDump', ['NOTIFICATION 6/7']],
    ['Established', 'BGPOpen', ['NOTIFICATION 5/3']],
    ['Established', 'ManualStop', ['NOTIFICATION 6/2']],
    ['Established', 'AutomaticStop', ['NOTIFICATION 6/0']],
    ['Established', 'UpdateMsgErr', ['NOTIFICATION 3/1']],
    ['Established', 'BGPHeaderErr', ['NOTIFICATION 3/1']],
    ['Established', 'SendHoldTimer_Expires', ['NOTIFICATION 8/0']],
    ['Established', 'HoldTimer_Expires', ['NOTIFICATION 4/0']],
    ['Established', 'DelayOpenTimer_Expires', ['NOTIFICATION 5/0']],
    ['Established', 'NotifMsg', []],
    ['OpenSent', 'NotifMsg', []],
    ['Established', 'TcpConnectionFails', []],
    ['Connect', 'BGPOpenMsgErr', ['NOTIFICATION 3/1']],
  ];
  for (const [state, name, answer] of expected) {
    const { fsm, actions } = step(inState(state), event(name));
    t.same(sent(actions), answer, `${name} in ${state}`);
    t.equal(fsm.state, 'Idle');
    t.equal(
      actions.some(({ type }) => type === 'released'),
      state === 'Established',
    );
  }
});

t.test('a connection lost before OPEN was answered is waited for again', async (t) => {
  const { fsm, actions } = step(inState('OpenSent'), event('TcpConnectionFails'));
  t.equal(fsm.state, 'Active');
  t.ok(actions.some((action) => action.type === 'start-timer' && action.timer === 'connect-retry'));
});

t.test('errors of the peer are damped, its orderly leave and lost connections are not', async (t) => {
  const holdsIdle = (actions: readonly Action[]): boolean =>
    actions.some((action) => action.type === 'start-timer' && action.timer === 'idle-hold');
  const established = inState('Established');
  t.ok(holdsIdle(step(established, event('UpdateMsgErr')).actions));
  t.ok(holdsIdle(step(established, event('NotifMsg')).actions));
  const cease = { code: 6, subcode: 2, data: new Uint8Array(0) };
  t.notOk(holdsIdle(step(established, { type: 'NotifMsg', notification: cease }).actions));
  t.notOk(holdsIdle(step(established, event('TcpConnectionFails')).actions));
  t.notOk(holdsIdle(step(established, event('OpenCollisionDump')).actions));
});

const names = Object.keys(eventNumbers) as EventName[];

t.test('every event has an answer in every state', async (t) => {
  for (const options of [active, passive, delayed]) {
    for (const state of states) {
      const fsm = options.passive && state === 'Connect' ? undefined : reach(state, options);
      if (fsm === undefined) continue;
      for (const name of names) {
        const { fsm: next } = step(fsm, event(name));
        t.ok(states.includes(next.state), `${name} in ${state}`);
      }
    }
  }
});

/** A machine in a state, with options under which the usual way into it may be another. */
function reach(state: State, options: Fsm['options']): Fsm {
  return { ...inState(state), options };
}

/** Timers that run after the actions, and whether a connection may exist. */
interface World {
  readonly timers: Set<string>;
  connected: boolean;
}

function act(world: World, actions: readonly Action[]): void {
  for (const action of actions) {
    if (action.type === 'start-timer') world.timers.add(action.timer);
    if (action.type === 'stop-timer') world.timers.delete(action.timer);
    if (action.type === 'connect') world.connected = true;
    if (action.type === 'disconnect') world.connected = false;
  }
}

t.test('whatever happens in whatever order, the machine keeps its invariants', async () => {
  const someEvent = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(0, 3, 90))
    .map(([name, holdTime]) => event(name, holdTime));
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.array(someEvent, { maxLength: 60 }),
      (passive, delayOpen, events) => {
        let fsm = idleFsm({ passive, delayOpen });
        const world: World = { timers: new Set(), connected: false };
        let up = false;
        for (const each of events) {
          const before = fsm;
          if (each.type === 'Tcp_CR_Acked' || each.type === 'TcpConnectionConfirmed') world.connected = true;
          const { fsm: next, actions } = step(fsm, each);
          act(world, actions);
          fsm = next;
          for (const action of actions) {
            if (action.type === 'established') up = true;
            if (action.type === 'released') up = false;
            if (action.type === 'connect' && passive) throw new Error('a passive machine connects');
          }
          const notifications = actions.filter(({ type }) => type === 'send-notification').length;
          if (notifications > 1) throw new Error('two NOTIFICATIONs for one event');
          if (notifications === 1 && fsm.state !== 'Idle')
            throw new Error('a NOTIFICATION ends the connection');
          if (up !== (fsm.state === 'Established'))
            throw new Error('established and released belong together');
          if (fsm.state === 'Idle' && before.state !== 'Idle') {
            if (world.connected) throw new Error('an Idle machine holds no connection');
            for (const timer of world.timers)
              if (timer !== 'idle-hold') throw new Error(`${timer} runs in Idle`);
          }
          if (fsm.state !== 'Idle' && world.timers.has('idle-hold'))
            throw new Error('idle-hold runs outside of Idle');
          if ((fsm.state === 'OpenSent' || fsm.state === 'OpenConfirm') && world.timers.has('connect-retry'))
            throw new Error('connect-retry runs with a connection open');
          if (fsm.state === 'OpenSent' && !world.timers.has('hold'))
            throw new Error('OpenSent without hold timer');
          if (fsm.state === 'Established' && fsm.holdTime > 0 && !world.timers.has('keepalive'))
            throw new Error('Established without keepalive timer');
        }
      },
    ),
    { numRuns: 3000 },
  );
});
