import fc from 'fast-check';
import t from 'tap';

import { type RestartEvent, type RestartState, step } from '../src/graceful-restart.ts';

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

t.test('whatever happens, the state is known, and nothing follows when it is gone', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (sequence) => {
      const { state } = walk(sequence);
      return states.includes(state) && (state !== 'gone' || walk([...sequence, ...events]).state === 'gone');
    }),
  );
  t.pass();
});
