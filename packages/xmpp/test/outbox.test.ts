import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { NOWHERE, Outbox, type OutboxWriter } from '../src/outbox.ts';

/** Writes down what it is told to write, and takes its time. */
class Scribe implements OutboxWriter {
  readonly written: string[] = [];
  readonly #outbox: Outbox;
  readonly #milliseconds: number;
  #place = NOWHERE;

  constructor(outbox: Outbox, milliseconds = 0) {
    this.#outbox = outbox;
    this.#milliseconds = milliseconds;
  }

  put(...texts: string[]): void {
    this.#place = this.#outbox.put(
      this,
      this.#place,
      texts.map((text) => Buffer.from(text)),
    );
  }

  takeBack(): string {
    const buffers = this.#outbox.take(this.#place);
    this.#place = NOWHERE;
    return buffers.join('');
  }

  writeOut(buffers: readonly Uint8Array[]): void {
    this.#place = NOWHERE;
    this.written.push(buffers.map((buffer) => Buffer.from(buffer).toString()).join(''));
    const until = performance.now() + this.#milliseconds;
    while (performance.now() < until);
  }
}

t.test('what is put out in one turn is written at once at its end', async (t) => {
  const outbox = new Outbox();
  const [first, second] = [new Scribe(outbox), new Scribe(outbox)];
  first.put('a', 'b');
  second.put('x');
  first.put('c');
  t.same([first.written, second.written], [[], []], 'not before');
  await nextTurn();
  t.same([first.written, second.written], [['abc'], ['x']]);
  second.put();
  first.put('d');
  await nextTurn();
  second.put('y');
  await nextTurn();
  t.same(
    [first.written, second.written],
    [
      ['abc', 'd'],
      ['x', 'y'],
    ],
    'nothing is nothing to write',
  );
});

t.test(
  'a crowd is written to in order, for a share of each turn; what comes meanwhile goes along',
  async (t) => {
    const outbox = new Outbox(10);
    const crowd = Array.from({ length: 30 }, () => new Scribe(outbox, 2));
    const times = (): number => crowd.reduce((sum, { written }) => sum + written.length, 0);
    for (const scribe of crowd) scribe.put('a');
    await nextTurn();
    const atOnce = times();
    for (const scribe of crowd) scribe.put('b');
    for (let before = atOnce; times() < crowd.length + atOnce; before = times()) {
      await nextTurn();
      t.ok(times() > before && times() - before <= 5, 'other things have their turn in between');
    }
    t.ok(atOnce >= 1 && atOnce <= 5);
    t.same(
      crowd.map(({ written }) => written),
      crowd.map((_, number) => (number < atOnce ? ['a', 'b'] : ['ab'])),
      'who has not been written to yet gets all of it then',
    );
  },
);

t.test('what is taken back is not written, and others lose nothing by it', async (t) => {
  const outbox = new Outbox();
  const [first, second, third] = [new Scribe(outbox), new Scribe(outbox), new Scribe(outbox)];
  first.put('a');
  second.put('b', 'c');
  third.put('d');
  t.equal(second.takeBack(), 'bc');
  second.put('e');
  await nextTurn();
  t.same([first.written, second.written, third.written], [['a'], ['e'], ['d']]);
});

t.test('who is told to write may put out more', async (t) => {
  const outbox = new Outbox();
  const other = new Scribe(outbox);
  let isAnswered = false;
  outbox.put(
    {
      writeOut() {
        isAnswered = true;
        other.put('answer');
      },
    },
    NOWHERE,
    [Buffer.from('question')],
  );
  await nextTurn();
  t.equal(isAnswered, true);
  t.same(other.written, ['answer'], 'in the same turn');
  await nextTurn();
  other.put('later');
  await nextTurn();
  t.same(other.written, ['answer', 'later'], 'and the line goes on');
});
