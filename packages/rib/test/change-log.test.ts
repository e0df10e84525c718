import t from 'tap';
import { ChangeLog, ENTRY_BEST, ENTRY_NUMBER } from '../src/change-log.ts';
import { Destinations } from '../src/destinations.ts';

/** A log of so many destinations. */
function logOf(count: number): ChangeLog {
  const destinations = new Destinations(2);
  for (let i = 0; i < count; i++) destinations.allocate();
  return new ChangeLog(destinations);
}

t.test('every follower meets every change once, in whatever portions it reads', (t) => {
  const COUNT = 3000;
  const log = logOf(COUNT);
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  const followers = [5000, 300, 20].map((portion) => ({
    portion,
    cursor: log.follow(),
    due: new Map<number, boolean>(),
  }));
  const into = new Int32Array(5000);
  for (let round = 0; round < 2000; round++) {
    // Bursts without a reader make the ring grow; the same few destinations make it full of superseded entries.
    const among = random(3) === 0 ? 10 : COUNT;
    for (let i = random(400); i > 0; i--) {
      const number = 1 + random(among);
      const best = random(2) === 0;
      log.append(number, best, false);
      for (const { due } of followers) due.set(number, best || due.get(number) === true);
    }
    for (const { portion, cursor, due } of followers) {
      if (random(4) > 0) continue;
      const count = log.read(cursor, into, portion);
      for (let i = 0; i < count; i++) {
        const number = into[i]! & ENTRY_NUMBER;
        const best = due.get(number);
        // What another follower had read before it was noted again may be flagged although this one knows it.
        if (best === undefined || (best && (into[i]! & ENTRY_BEST) === 0)) t.fail(`${number} ${best}`);
        due.delete(number);
      }
    }
    if (random(5) === 0) log.trim(1 + random(1000), () => t.fail('nothing is empty'));
    if (log.length > 65_536) t.fail(`the log has ${log.length} entries`);
  }
  for (const { cursor, due } of followers) {
    for (let count; (count = log.read(cursor, into, 5000)) > 0 || log.behind(cursor) > 0;) {
      for (let i = 0; i < count; i++) due.delete(into[i]! & ENTRY_NUMBER);
    }
    t.equal(due.size, 0);
  }
  t.end();
});

t.test('a follower that never reads costs one entry per destination', (t) => {
  const log = logOf(100);
  log.follow();
  const quick = log.follow();
  const into = new Int32Array(64);
  for (let i = 0; i < 100_000; i++) {
    log.append(1 + (i % 100), true, false);
    if (i % 50 === 0) log.read(quick, into, 64);
  }
  t.ok(log.length <= 512, `${log.length} entries`);
  t.end();
});
