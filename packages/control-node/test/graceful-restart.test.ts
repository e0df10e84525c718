import { ManualClock } from '@vaportrail/net';
import { Rib } from '@vaportrail/rib';
import fc from 'fast-check';
import t from 'tap';

import { type RestartEvent, type RestartState, step } from '../src/graceful-restart.ts';
import { RestartHelper } from '../src/restart-helper.ts';

const times = { restart: 300, longLived: 600, endOfRib: 60 };
const states: RestartState[] = ['present', 'stale', 'long-lived', 'refreshing', 'gone'];
const events: RestartEvent[] = ['lost', 'returned', 'end-of-rib', 'timer', 'given-up'];

function walk(
  events: readonly RestartEvent[],
  longLived = times.longLived,
): { state: RestartState; did: string[] } {
  let state: RestartState = 'present';
  const did: string[] = [];
  for (const event of events) {
    const next = step(state, event, { ...times, longLived });
    state = next.state;
    for (const action of next.actions)
      did.push(action.do === 'set-timer' ? `timer ${action.seconds}` : action.do);
  }
  return { state, did };
}

t.test('a neighbour that returns in time loses only what it does not announce again', async (t) => {
  t.same(walk(['lost', 'returned', 'end-of-rib']), {
    state: 'present',
    did: ['mark-stale', 'timer 300', 'timer 60', 'cancel-timer', 'sweep'],
  });
  t.same(walk(['lost', 'returned', 'timer']).did.at(-1), 'sweep', 'also when it marks no end');
});

t.test('one that stays away is given up in two steps, or in one without the long-lived phase', async (t) => {
  t.same(walk(['lost', 'timer', 'timer']), {
    state: 'gone',
    did: ['mark-stale', 'timer 300', 'mark-long-lived', 'timer 600', 'flush'],
  });
  t.same(walk(['lost', 'timer'], 0), { state: 'gone', did: ['mark-stale', 'timer 300', 'flush'] });
});

t.test('one that is lost again while it refreshes is stale again', async (t) => {
  t.equal(walk(['lost', 'returned', 'lost']).state, 'stale');
  t.equal(walk(['lost', 'timer', 'returned', 'end-of-rib']).state, 'present');
});

t.test('one that is given up is gone at once', async (t) => {
  t.same(walk(['given-up']), { state: 'gone', did: ['cancel-timer', 'flush'] });
  t.same(walk(['given-up', 'given-up']).did, ['cancel-timer', 'flush']);
});

/** A source that may be lost, and the clock of its helper. */
function absentAgent() {
  const rib = new Rib({ asn: 64512, routerId: 1, clusterId: 1 });
  const source = rib.addSource({
    name: 'compute-1',
    protocol: 'xmpp',
    address: new Uint8Array(4),
    routerId: 0,
  });
  return { clock: new ManualClock(1_000_000), source };
}

// `PeerCloseManager` of Contrail takes what has passed off the time of a nested close.
t.test(
  'stale paths of one that comes and goes are not kept for longer than of one that stays away',
  async (t) => {
    const { clock, source } = absentAgent();
    const settled: string[] = [];
    const helper = new RestartHelper(source, clock, times, (state) => {
      if (state === 'present' || state === 'gone') settled.push(state);
    });
    const after = (seconds: number): RestartState => {
      clock.advance(seconds * 1000);
      return helper.state;
    };
    helper.handle('lost');
    for (let flap = 0; flap < 5; flap++) {
      t.equal(after(40), 'stale');
      helper.handle('returned');
      t.equal(after(10), 'refreshing');
      helper.handle('lost');
    }
    t.equal(after(49), 'stale', 'of 300 s 250 were over');
    t.equal(after(2), 'long-lived');
    t.equal(after(299), 'long-lived');
    helper.handle('returned');
    t.equal(after(50), 'refreshing');
    helper.handle('lost');
    t.equal(after(0.1), 'long-lived', 'stale for long already');
    t.equal(after(248), 'long-lived');
    t.equal(after(3), 'gone', 'of 600 s 349 were over');
    t.same(settled, ['gone']);
  },
);

t.test('one that was back for good has all the time again', async (t) => {
  const { clock, source } = absentAgent();
  const helper = new RestartHelper(source, clock, times, () => {});
  for (const end of ['end-of-rib', 'timer'] as const) {
    helper.handle('lost');
    clock.advance(200_000);
    helper.handle('returned');
    if (end === 'timer') clock.advance(60_000);
    else helper.handle(end);
    t.equal(helper.state, 'present');
  }
  helper.handle('lost');
  clock.advance(299_000);
  t.equal(helper.state, 'stale');
});

t.test('whatever happens, the state is known, and nothing follows when it is gone', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (sequence) => {
      const { state } = walk(sequence);
      return states.includes(state) && (state !== 'gone' || walk([...sequence, ...events]).state === 'gone');
    }),
  );
  t.pass();
});
