import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { TurnShare } from '../src/turn-share.ts';

/** Keeps the processor for so many milliseconds. */
function busy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

t.test('a crowd is served in order, some of it in each turn of the event loop', async (t) => {
  const share = new TurnShare(20);
  const served: number[] = [];
  const done = Array.from({ length: 30 }, (_, number) =>
    share.serve(() => {
      served.push(number);
      busy(3);
    }),
  );
  const inFirstTurn = served.length;
  t.equal(done.filter(Boolean).length, inFirstTurn, 'it says who has been served');
  t.ok(inFirstTurn > 1 && inFirstTurn < 15, `${inFirstTurn} at once`);
  let turns = 0;
  while (served.length < 30) {
    const before = served.length;
    await nextTurn();
    turns++;
    t.ok(served.length - before < 15, 'other things have their turn in between');
  }
  t.ok(turns > 1);
  t.same(
    served,
    Array.from({ length: 30 }, (_, number) => number),
  );
  await nextTurn();
  t.ok(
    share.serve(() => {}),
    'who comes when nobody waits is served at once',
  );
});

t.test('what one of them throws is no loss to those behind', async (t) => {
  const share = new TurnShare();
  const served: string[] = [];
  t.throws(() =>
    share.serve(() => {
      throw new Error('first');
    }),
  );
  share.serve(() => served.push('second'));
  await nextTurn();
  t.same(served, ['second']);
});

t.test('without a limit everybody is served at once', async (t) => {
  const share = new TurnShare(Number.POSITIVE_INFINITY);
  for (let number = 0; number < 20; number++) t.ok(share.serve(() => busy(3)));
});
