import t from 'tap';
import { finishHash } from '../src/byte-hash.ts';
import { Destinations } from '../src/destinations.ts';
import { NEIGHBOURS, NUMBER_MASK, SlotDirectory, slotOf, slotTag } from '../src/slot-directory.ts';

/** A directory of destinations that are given back when they are dropped. */
function directoryOf(destinations: Destinations): SlotDirectory {
  return new SlotDirectory(destinations, (number) => destinations.release(number));
}

/** Makes a destination, and has the directory lead to it. */
function insert(destinations: Destinations, directory: SlotDirectory, hash: number): number {
  const number = destinations.allocate();
  directory.reserveOne(hash);
  directory.put(hash, number);
  destinations.occupy(number);
  return number;
}

/** Whether a number is found under its hash. */
function finds(directory: SlotDirectory, hash: number, number: number): boolean {
  const { slots, mask } = directory;
  for (let attempt = 0; ; attempt++) {
    const slot = slots[directory.segment(hash) + (slotOf(hash & mask, attempt) & mask)]!;
    if (slot === 0) return false;
    if ((slot & NUMBER_MASK) === number) return (slot & ~NUMBER_MASK) === slotTag(hash);
  }
}

t.test('every slot of a segment is tried, those of a line before those of the next', (t) => {
  for (const slots of [16, 64, 256]) {
    for (const first of [0, 7, slots - 1]) {
      const tried = Array.from({ length: slots }, (_, attempt) => slotOf(first, attempt) & (slots - 1));
      t.equal(new Set(tried).size, slots, `${slots} slots from ${first} on`);
      const lines = tried.map((slot) => slot >>> 4);
      t.same(
        lines,
        tried.map((_, i) => ((first >>> 4) + (i >>> 4)) % (slots / 16)),
      );
    }
  }
  t.end();
});

t.test('numbers are found while segments are split', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const COUNT = 100_000;
  for (let i = 1; i <= COUNT; i++) insert(destinations, directory, finishHash(i));
  let missing = 0;
  for (let number = 1; number <= COUNT; number++)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.ok(directory.segments.length >= 8, 'there are several segments');
  t.end();
});

t.test('four neighbours begin in one line, each at a slot of its own', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const neighbours = (line: number, i: number): number => finishHash(line) ^ i;
  const LINES = 5000;
  for (let line = 0; line < LINES; line++) {
    for (let i = 0; i < NEIGHBOURS; i++) insert(destinations, directory, neighbours(line, i));
  }
  let wrong = 0;
  for (let line = 0, number = 1; line < LINES; line++) {
    const starts = new Set<number>();
    const lines = new Set<number>();
    for (let i = 0; i < NEIGHBOURS; i++) {
      const hash = neighbours(line, i);
      const start = directory.segment(hash) + (hash & directory.mask);
      starts.add(start);
      lines.add(start - (start % NEIGHBOURS));
      if (!finds(directory, neighbours(line, i), number++)) wrong++;
    }
    if (starts.size !== NEIGHBOURS || lines.size !== 1) wrong++;
  }
  t.equal(wrong, 0);
  t.end();
});

t.test('what was reserved for many is put without anything moving', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const hashes = Int32Array.from({ length: 512 }, (_, i) => finishHash(i + 1));
  for (let round = 0; round < 100; round++) {
    const first = round * 512 + 1;
    for (let i = 0; i < 512; i++) hashes[i] = finishHash(first + i);
    directory.reserve(hashes, 512);
    const { slots, segments } = directory;
    for (const hash of hashes) {
      const number = destinations.allocate();
      directory.put(hash, number);
      destinations.occupy(number);
    }
    if (slots !== directory.slots || segments !== directory.segments) t.fail('something moved');
  }
  let missing = 0;
  for (let number = 1; number <= 51_200; number++)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.end();
});

t.test(
  'vacant destinations are dropped and used again, and the others found, instead of growing without end',
  (t) => {
    const destinations = new Destinations(2);
    const directory = directoryOf(destinations);
    const HELD = 500;
    const held: { readonly hash: number; readonly number: number }[] = [];
    let missing = 0;
    for (let i = 1; i <= 300_000; i++) {
      const hash = finishHash(i);
      held.push({ hash, number: insert(destinations, directory, hash) });
      if (i > HELD) destinations.vacate(held.shift()!.number);
      if (i % 10_000 === 0)
        missing += held.filter(({ hash, number }) => !finds(directory, hash, number)).length;
    }
    t.equal(missing, 0);
    t.equal(destinations.size, HELD);
    t.ok(directory.slots.length <= 4096, `${directory.slots.length} slots for ${HELD} destinations`);
    t.ok(destinations.top < 4096, `${destinations.top} records`);
    t.end();
  },
);

t.test('a full segment of a large directory drops its vacant destinations before it is split', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const COUNT = 100_000;
  for (let i = 1; i <= COUNT; i++) insert(destinations, directory, finishHash(i));
  const { length } = directory.slots;
  const vacant = Array.from({ length: COUNT / 2 }, (_, i) => i * 2 + 1);
  for (const number of vacant) destinations.vacate(number);
  for (let i = 1; i <= COUNT; i++)
    destinations.vacate(insert(destinations, directory, finishHash(COUNT + i)));
  let missing = 0;
  for (let number = 2; number <= COUNT; number += 2)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.equal(directory.slots.length, length, 'there are no more slots than before');
  t.end();
});
