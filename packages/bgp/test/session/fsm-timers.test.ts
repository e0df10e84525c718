import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import type { TimerName } from '../../src/session/fsm-action.ts';
import { FsmTimers } from '../../src/session/fsm-timers.ts';

/** A clock that can stand still while the process is busy, and then jump. */
class BusyClock extends ManualClock {
  busy = 0;

  override now(): number {
    return super.now() + this.busy;
  }
}

function timers() {
  const clock = new BusyClock();
  const expired: TimerName[] = [];
  return { clock, expired, timers: new FsmTimers(clock, (timer) => expired.push(timer)) };
}

t.test('a timer runs out once, after its time', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('delay-open', 5);
  clock.advance(4999);
  t.ok(some.has('delay-open'));
  clock.advance(1);
  t.strictSame(expired, ['delay-open']);
  t.notOk(some.has('delay-open'));
  clock.advance(60_000);
  t.equal(expired.length, 1);
});

t.test('a time of zero switches a timer off, and a timer that is stopped does not run out', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('send-hold', 0);
  some.start('delay-open', 5);
  some.stop('delay-open');
  clock.advance(60_000);
  t.strictSame(expired, []);
});

t.test('timers of speakers that start together do not move in step', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('connect-retry', 100);
  clock.advance(75_000);
  t.strictSame(expired, ['connect-retry'], 'three quarters of the time with the lowest of random numbers');
});

t.test('the hold time begins again whenever the peer is heard', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('hold', 9);
  for (let heard = 0; heard < 10; heard++) {
    clock.advance(5000);
    some.heard(clock.now(), 9);
  }
  t.strictSame(expired, []);
  clock.advance(8999);
  t.strictSame(expired, []);
  clock.advance(1);
  t.strictSame(expired, ['hold']);
});

t.test('a shorter hold time than the one that runs counts at once', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('hold', 240);
  some.start('hold', 3);
  clock.advance(3000);
  t.strictSame(expired, ['hold']);
});

t.test('a process that was too busy to read looks once more before it calls the peer silent', async (t) => {
  const { clock, expired, timers: some } = timers();
  some.start('hold', 9);
  clock.busy = 2000;
  clock.advance(9000);
  t.strictSame(expired, [], 'what the peer said meanwhile may wait in the socket');
  clock.advance(500);
  t.strictSame(expired, ['hold'], 'it did not say anything');
});

t.test('a KEEPALIVE is due before its timer had its turn', async (t) => {
  const { clock, timers: some } = timers();
  t.notOk(some.isKeepaliveDue(clock.now()), 'there is none while the timer does not run');
  some.start('keepalive', 40);
  t.notOk(some.isKeepaliveDue(29_999));
  t.ok(some.isKeepaliveDue(30_000));
  some.stop('keepalive');
  t.notOk(some.isKeepaliveDue(30_000));
});
