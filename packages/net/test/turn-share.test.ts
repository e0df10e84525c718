import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { TurnShare } from '../src/turn-share.ts';

/** The time as the share sees it, which work alone moves: on a busy machine a turn takes as long as it likes. */
function ownTime(t: Test): (milliseconds: number) => void {
  let now = 0;
  t.intercept(performance, 'now', { value: () => now });
  return (milliseconds) => void (now += milliseconds);
}

t.test('a crowd is served in order, some of it in each turn of the event loop', async (t) => {
  const busy = ownTime(t);
  const share = new TurnShare(20);
  const served: number[] = [];
  const done = Array.from({ length: 30 }, (_, number) =>
    share.serve((each) => {
      served.push(each);
      busy(3);
    }, number),
  );
  const inFirstTurn = served.length;
  t.equal(done.filter(Boolean).length, inFirstTurn, 'it says who has been served');
  t.equal(inFirstTurn, 7, 'the share is used up by the last of them, not before');
  let turns = 0;
  while (served.length < 30) {
    const before = served.length;
    await nextTurn();
    turns++;
    t.equal(served.length - before, Math.min(7, 30 - before), 'other things have their turn in between');
  }
  t.equal(turns, 4);
  t.same(
    served,
    Array.from({ length: 30 }, (_, number) => number),
  );
  await nextTurn();
  t.ok(
    share.serve(() => {}, undefined),
    'who comes when nobody waits is served at once',
  );
});

t.test('what one of them throws is no loss to those behind', async (t) => {
  const share = new TurnShare(20);
  const served: string[] = [];
  t.throws(() =>
    share.serve(() => {
      throw new Error('first');
    }, undefined),
  );
  share.serve((name) => served.push(name), 'second');
  await nextTurn();
  t.same(served, ['second']);
});

t.test('without a limit everybody is served at once', async (t) => {
  const busy = ownTime(t);
  const share = new TurnShare(Number.POSITIVE_INFINITY);
  for (let number = 0; number < 20; number++) t.ok(share.serve(busy, 3));
});

/** A turn of ten octets, whose next one begins when the test says so. */
function turns() {
  const next: (() => void)[] = [];
  const turn = new TurnShare(10, (begin) => next.push(begin));
  const heard: string[] = [];
  const take = (name: string, octets: number): boolean =>
    turn.serve((what) => void heard.push(what), `${name}${octets}`, octets);
  return { turn, heard, take, next, comeRound: () => next.shift()?.() };
}

t.test('what exceeds a turn waits for the next one, in the order of arrival', async (t) => {
  const { heard, take, comeRound } = turns();
  t.equal(take('a', 6), true);
  t.equal(take('b', 6), true, 'begun within the turn');
  t.equal(take('c', 1), false);
  t.equal(take('a', 9), false);
  t.equal(take('b', 3), false);
  t.same(heard, ['a6', 'b6']);
  comeRound();
  t.same(heard, ['a6', 'b6', 'c1', 'a9'], 'the order of arrival');
  t.equal(take('c', 2), false, 'nobody overtakes');
  comeRound();
  t.same(heard.slice(4), ['b3', 'c2']);
  t.equal(take('a', 1), true);
});

t.test('whoever sends little does not wait', async (t) => {
  const { heard, take, next } = turns();
  for (let i = 0; i < 9; i++) t.equal(take('a', 1), true);
  t.equal(heard.length, 9);
  t.equal(next.length, 0, 'and nothing is scheduled for it');
});

t.test('what arrives while those who waited are served stands behind them', async (t) => {
  const { turn, heard, take, comeRound } = turns();
  take('a', 20);
  turn.serve(
    (name) => {
      heard.push(name);
      take('b', 1);
    },
    'a10',
    10,
  );
  take('a', 2);
  comeRound();
  comeRound();
  comeRound();
  t.same(heard, ['a20', 'a10', 'a2', 'b1']);
});
