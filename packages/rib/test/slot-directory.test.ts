import t from 'tap';
import { finishHash } from '../src/byte-hash.ts';
import { Destinations } from '../src/destinations.ts';
import { DIGIT, SlotDirectory, slotOf } from '../src/slot-directory.ts';

/** A directory of destinations that are given back when they are dropped. */
function directoryOf(destinations: Destinations): SlotDirectory {
  return new SlotDirectory(destinations, (number) => destinations.release(number));
}

/** The first number that may be the one with a hash, 0 if there is none. */
function first(directory: SlotDirectory, hash: number, place?: number): number {
  return directory.seek(hash, place) ? directory.next() : 0;
}

/** Makes a destination, and has the directory lead to it. */
function insert(destinations: Destinations, directory: SlotDirectory, hash: number): number {
  const number = destinations.allocate();
  directory.reserveOne(hash);
  for (let other = first(directory, hash); other !== 0;) other = directory.next();
  directory.add(number);
  destinations.occupy(number);
  return number;
}

/** Whether a number is found under its hash. */
function finds(directory: SlotDirectory, hash: number, number: number): boolean {
  let found = first(directory, hash);
  while (found !== 0 && found !== number) found = directory.next();
  return found === number;
}

/** Hashes as those of prefixes are: of neighbours, and of others behind them. */
function hashOfNeighbour(i: number): number {
  return (finishHash((i / (DIGIT + 1)) | 0) & ~DIGIT) | (i & DIGIT);
}

t.test('every slot of a segment is tried, those of a line before those of the next', (t) => {
  for (const slots of [16, 64, 256]) {
    for (const first of [0, 7, slots - 1]) {
      const tried = Array.from({ length: slots }, (_, attempt) => slotOf(first, attempt) & (slots - 1));
      t.equal(new Set(tried).size, slots, `${slots} slots from ${first} on`);
      const lines = tried.map((slot) => slot >>> 3);
      t.same(
        lines,
        tried.map((_, i) => ((first >>> 3) + (i >>> 3)) % (slots / 8)),
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
  t.ok(directory.size >= 1 << 17, 'there are several segments');
  t.end();
});

t.test('neighbours that come one after the other share a slot', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const COUNT = 80_000;
  for (let i = 1; i <= COUNT; i++) insert(destinations, directory, hashOfNeighbour(i));
  let missing = 0;
  for (let number = 1; number <= COUNT; number++)
    if (!finds(directory, hashOfNeighbour(number), number)) missing++;
  t.equal(missing, 0);
  t.ok(directory.size < COUNT, `${directory.size} slots`);
  t.end();
});

t.test('neighbours are found in whatever order they came, and others are not', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const COUNT = 40_000;
  const numbers = new Map<number, number>();
  for (let i = 0; i < COUNT; i++) {
    // In pairs of which the second comes first, and far from each other.
    const hash = hashOfNeighbour(i < COUNT / 2 ? i ^ 1 : COUNT / 2 + ((i * 7919) % (COUNT / 2)));
    numbers.set(hash, insert(destinations, directory, hash));
  }
  let wrong = 0;
  for (const [hash, number] of numbers) if (!finds(directory, hash, number)) wrong++;
  t.equal(wrong, 0);
  for (let i = COUNT; i < 2 * COUNT; i++) {
    const hash = hashOfNeighbour(i);
    if (!numbers.has(hash) && first(directory, hash) !== 0) wrong++;
  }
  t.equal(wrong, 0, 'nothing else is found');
  t.end();
});

t.test('a run whose ends are vacant becomes shorter', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const run = [0, 1, 2, 3].map((digit) => insert(destinations, directory, hashOfNeighbour(digit)));
  destinations.vacate(run[0]!);
  destinations.vacate(run[3]!);
  for (let i = 1; i <= 10_000; i++)
    destinations.vacate(insert(destinations, directory, hashOfNeighbour(i * (DIGIT + 1))));
  t.same(
    [0, 1, 2, 3].map((digit) => first(directory, hashOfNeighbour(digit))),
    [0, run[1], run[2], 0],
  );
  t.equal(destinations.size, 2);
  t.end();
});

t.test('what was reserved for many is put without anything moving', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const hashes = new Int32Array(512);
  const places = new Int32Array(512);
  const numbers = new Int32Array(512);
  let behind = 0;
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 512; i++) hashes[i] = finishHash(round * 512 + 1 + i);
    directory.reserve(hashes, 512);
    directory.glance(hashes, 512, places, numbers);
    const before = places.slice();
    for (const hash of hashes) {
      const number = destinations.allocate();
      for (let other = first(directory, hash); other !== 0;) other = directory.next();
      directory.add(number);
      destinations.occupy(number);
    }
    directory.glance(hashes, 512, places, numbers);
    t.same(places, before, 'nothing moved');
    hashes.forEach((hash, i) => {
      const number = numbers[i]!;
      if (number === 0) behind++;
      else if (number !== first(directory, hash, places[i])) t.fail('another one is found');
    });
  }
  t.ok(behind < 512 * 50, `${behind} of ${512 * 100} are not in the first slot`);
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
    t.ok(directory.size <= 4096, `${directory.size} slots for ${HELD} destinations`);
    t.ok(destinations.top < 4096, `${destinations.top} records`);
    t.end();
  },
);

t.test('a full segment of a large directory drops its vacant destinations before it is split', (t) => {
  const destinations = new Destinations(2);
  const directory = directoryOf(destinations);
  const COUNT = 100_000;
  for (let i = 1; i <= COUNT; i++) insert(destinations, directory, finishHash(i));
  const { size } = directory;
  const vacant = Array.from({ length: COUNT / 2 }, (_, i) => i * 2 + 1);
  for (const number of vacant) destinations.vacate(number);
  for (let i = 1; i <= COUNT; i++)
    destinations.vacate(insert(destinations, directory, finishHash(COUNT + i)));
  let missing = 0;
  for (let number = 2; number <= COUNT; number += 2)
    if (!finds(directory, finishHash(number), number)) missing++;
  t.equal(missing, 0);
  t.equal(directory.size, size, 'there are no more slots than before');
  t.end();
});
