import t from 'tap';
import { ReadingTurn } from '../src/session/reading-turn.ts';

/** A turn of ten octets, whose next one begins when the test says so. */
function turns() {
  const next: (() => void)[] = [];
  const turn = new ReadingTurn(10, (begin) => next.push(begin));
  const heard: string[] = [];
  const reader = (name: string) => ({
    read: (chunk: Uint8Array) => void heard.push(`${name}${chunk.length}`),
  });
  return { turn, heard, reader, next, comeRound: () => next.shift()?.() };
}

t.test('what exceeds a turn waits for the next one, in the order of arrival', async (t) => {
  const { turn, heard, reader, comeRound } = turns();
  const [a, b, c] = [reader('a'), reader('b'), reader('c')];
  t.equal(turn.take(a, new Uint8Array(6)), true);
  t.equal(turn.take(b, new Uint8Array(6)), true, 'begun within the turn');
  t.equal(turn.take(c, new Uint8Array(1)), false);
  t.equal(turn.take(a, new Uint8Array(9)), false);
  t.equal(turn.take(b, new Uint8Array(3)), false);
  t.same(heard, ['a6', 'b6']);
  comeRound();
  t.same(heard, ['a6', 'b6', 'c1', 'a9'], 'the order of arrival');
  t.equal(turn.take(c, new Uint8Array(2)), false, 'nobody overtakes');
  comeRound();
  t.same(heard.slice(4), ['b3', 'c2']);
  t.equal(turn.take(a, new Uint8Array(1)), true);
});

t.test('whoever sends little does not wait', async (t) => {
  const { turn, heard, reader, next } = turns();
  const a = reader('a');
  for (let i = 0; i < 9; i++) t.equal(turn.take(a, new Uint8Array(1)), true);
  t.equal(heard.length, 9);
  t.equal(next.length, 0, 'and nothing is scheduled for it');
});

t.test('what arrives while those who waited are served stands behind them', async (t) => {
  const { turn, heard, reader, comeRound } = turns();
  const b = reader('b');
  const a = {
    read: (chunk: Uint8Array) => {
      heard.push(`a${chunk.length}`);
      if (chunk.length === 10) turn.take(b, new Uint8Array(1));
    },
  };
  turn.take(a, new Uint8Array(20));
  turn.take(a, new Uint8Array(10));
  turn.take(a, new Uint8Array(2));
  comeRound();
  comeRound();
  comeRound();
  t.same(heard, ['a20', 'a10', 'a2', 'b1']);
});
