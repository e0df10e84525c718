import t from 'tap';
import { DrainSchedule } from '../src/drain-schedule.ts';

/** A schedule whose driver comes round when the test says so. */
class Driver {
  isInputWaiting = false;
  drains = 0;
  readonly schedule: DrainSchedule;
  #next: (() => void) | undefined;

  constructor() {
    this.schedule = new DrainSchedule(
      {
        asn: 64512,
        routerId: 1,
        schedule: (work) => void (this.#next = work),
        isInputWaiting: () => this.isInputWaiting,
      },
      () => {
        this.drains++;
        this.schedule.drained(false);
      },
    );
  }

  /** @returns whether there was something to do */
  comeRound(): boolean {
    const next = this.#next;
    this.#next = undefined;
    next?.();
    return next !== undefined;
  }
}

t.test('a single change is worked off as soon as the driver comes round, and once', (t) => {
  const driver = new Driver();
  driver.schedule.wake();
  driver.schedule.wake();
  driver.comeRound();
  t.equal(driver.drains, 1);
  t.notOk(driver.comeRound());
  t.end();
});

t.test('while more waits to be read a drain is put off until there is enough to do', (t) => {
  const driver = new Driver();
  driver.isInputWaiting = true;
  for (let batch = 0; driver.drains === 0 && batch < 100; batch++) {
    driver.schedule.batchBegun();
    driver.schedule.wake();
    t.ok(driver.comeRound());
    if (batch === 0) t.equal(driver.drains, 0);
  }
  t.equal(driver.drains, 1);
  t.end();
});

t.test('it is not put off any more when all has been read', (t) => {
  const driver = new Driver();
  driver.isInputWaiting = true;
  driver.schedule.wake();
  driver.comeRound();
  t.equal(driver.drains, 0);
  driver.isInputWaiting = false;
  driver.comeRound();
  t.equal(driver.drains, 1);
  t.end();
});

t.test('input without routes does not put it off for ever', (t) => {
  const driver = new Driver();
  driver.isInputWaiting = true;
  driver.schedule.wake();
  let rounds = 0;
  while (driver.drains === 0 && rounds < 1000 && driver.comeRound()) rounds++;
  t.equal(driver.drains, 1);
  t.ok(rounds < 50, `${rounds} rounds`);
  t.end();
});

t.test('what a drain left is gone on with, whatever waits to be read', (t) => {
  const driver = new Driver();
  driver.isInputWaiting = true;
  driver.schedule.drained(true);
  t.ok(driver.comeRound());
  t.equal(driver.drains, 1);
  t.end();
});

t.test('few routes are passed on at once in the first read of a turn, and not in the next', (t) => {
  const driver = new Driver();
  t.notOk(driver.schedule.passOnRead(), 'there is nothing to do');
  driver.schedule.wake();
  t.ok(driver.schedule.passOnRead());
  t.notOk(driver.schedule.passOnRead());
  driver.comeRound();
  driver.schedule.wake();
  t.ok(driver.schedule.passOnRead());
  driver.schedule.drained(true);
  driver.comeRound();
  driver.schedule.batchBegun();
  driver.schedule.batchBegun();
  driver.schedule.wake();
  t.notOk(driver.schedule.passOnRead(), 'two batches are not few');
  t.end();
});
