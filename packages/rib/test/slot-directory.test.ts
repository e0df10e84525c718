import t from 'tap';
import { finishHash } from '../src/byte-hash.ts';
import { LINE, NUMBER_MASK, SlotDirectory, slotTag } from '../src/slot-directory.ts';

/** Whether a number is found under its hash. */
function finds(directory: SlotDirectory, hash: number, number: number): boolean {
  const { slots } = directory;
  for (let slot = directory.start(hash); slots[slot] !== 0; slot = directory.next(slot)) {
    if ((slots[slot]! & NUMBER_MASK) === number) return (slots[slot]! & ~NUMBER_MASK) === slotTag(hash);
  }
  return false;
}

t.test('numbers are found while segments are split, and are not when they were removed', (t) => {
  const directory = new SlotDirectory();
  const COUNT = 100_000;
  for (let number = 1; number <= COUNT; number++) directory.insert(finishHash(number), number);
  let missing = 0;
  for (let number = 1; number <= COUNT; number++)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.ok(directory.segments.length >= 8, 'there are several segments');
  for (let number = 1; number <= COUNT; number += 2) directory.remove(number);
  let wrong = 0;
  for (let number = 1; number <= COUNT; number++) {
    if (finds(directory, finishHash(number), number) !== (number % 2 === 0)) wrong++;
  }
  t.equal(wrong, 0);
  t.end();
});

t.test('sixteen neighbours begin in one line, each at a slot of its own', (t) => {
  const directory = new SlotDirectory();
  const neighbours = (line: number, i: number): number => finishHash(line) ^ i;
  const LINES = 5000;
  for (let line = 0, number = 1; line < LINES; line++) {
    for (let i = 0; i < LINE; i++) directory.insert(neighbours(line, i), number++);
  }
  let wrong = 0;
  for (let line = 0, number = 1; line < LINES; line++) {
    const starts = new Set<number>();
    const lines = new Set<number>();
    for (let i = 0; i < LINE; i++) {
      const start = directory.start(neighbours(line, i));
      starts.add(start);
      lines.add(start - (start % LINE));
      if (!finds(directory, neighbours(line, i), number++)) wrong++;
    }
    if (starts.size !== LINE || lines.size !== 1) wrong++;
  }
  t.equal(wrong, 0);
  for (let number = 1; number <= LINES * LINE; number += 3) directory.remove(number);
  for (let number = 1; number <= LINES * LINE; number++) {
    const hash = neighbours(Math.floor((number - 1) / LINE), (number - 1) % LINE);
    if (finds(directory, hash, number) !== (number % 3 !== 1)) wrong++;
  }
  t.equal(wrong, 0, 'and the others are found when some were removed');
  t.end();
});

t.test('what was reserved for many is put without anything moving', (t) => {
  const directory = new SlotDirectory();
  const hashes = Int32Array.from({ length: 512 }, (_, i) => finishHash(i + 1));
  for (let round = 0; round < 100; round++) {
    const first = round * 512 + 1;
    for (let i = 0; i < 512; i++) hashes[i] = finishHash(first + i);
    directory.reserve(hashes, 512);
    const { slots, segments } = directory;
    for (let i = 0; i < 512; i++) directory.put(directory.start(hashes[i]!), hashes[i]!, first + i);
    if (slots !== directory.slots || segments !== directory.segments) t.fail('something moved');
  }
  let missing = 0;
  for (let number = 1; number <= 51_200; number++)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.end();
});

t.test('slots of removed numbers are cleared out instead of growing without end', (t) => {
  const directory = new SlotDirectory();
  for (let number = 1; number <= 1_000_000; number++) {
    directory.insert(finishHash(number), (number % 1000) + 1);
    if (number > 500) directory.remove(((number - 500) % 1000) + 1);
  }
  t.ok(directory.slots.length <= 4096, `${directory.slots.length} slots for 500 numbers`);
  t.end();
});
