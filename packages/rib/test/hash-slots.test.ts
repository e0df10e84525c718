import t from 'tap';
import { displace, place } from '../src/hash-slots.ts';

const RECORD_WORDS = 4;
const SLOTS = 32;

/** Where a record is found by its hash; -1 when it is not. */
function found(slots: Int32Array, words: Int32Array, number: number): number {
  const mask = slots.length - 1;
  let slot = words[number * RECORD_WORDS]! & mask;
  while (slots[slot] !== 0 && slots[slot] !== number) slot = (slot + 1) & mask;
  return slots[slot] === number ? slot : -1;
}

t.test('records with one hash stand one behind the other, and move up when one goes', async (t) => {
  const slots = new Int32Array(8);
  const words = new Int32Array(5 * RECORD_WORDS);
  for (const number of [1, 2, 3]) words[number * RECORD_WORDS] = 7;
  words[4 * RECORD_WORDS] = 0;
  for (const number of [1, 2, 3, 4]) place(slots, words, RECORD_WORDS, number);
  t.same([...slots], [2, 3, 4, 0, 0, 0, 0, 1]);
  displace(slots, words, RECORD_WORDS, 1);
  t.same([...slots], [3, 4, 0, 0, 0, 0, 0, 2]);
  displace(slots, words, RECORD_WORDS, 3);
  t.same([...slots], [4, 0, 0, 0, 0, 0, 0, 2], 'the last one is where its hash names');
});

t.test('whatever comes and goes, the rest is found and nothing else stands in the slots', async (t) => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 0x41c6_4e6d) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const slots = new Int32Array(SLOTS);
  const words = new Int32Array((SLOTS / 2 + 1) * RECORD_WORDS);
  const there = new Set<number>();
  let lost = 0;
  for (let step = 0; step < 5000; step++) {
    const number = 1 + random(SLOTS / 2);
    if (there.delete(number)) displace(slots, words, RECORD_WORDS, number);
    else {
      // Few different hashes, around the end of the slots, so that they are in each other's way.
      words[number * RECORD_WORDS] = SLOTS - 3 + random(6);
      place(slots, words, RECORD_WORDS, number);
      there.add(number);
    }
    for (const other of there) if (found(slots, words, other) < 0) lost++;
    if (slots.filter((other) => other !== 0).length !== there.size) lost++;
  }
  t.equal(lost, 0);
});
