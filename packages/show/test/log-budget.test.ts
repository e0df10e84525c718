import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import { type Log, LogBudget } from '../src/index.ts';

/** A log that keeps its lines. */
function kept(): { log: Log; lines: object[] } {
  const lines: object[] = [];
  const log = (inherited: object): Log => {
    const write = (fields: object, message: string): void => {
      lines.push({ ...inherited, ...fields, message });
    };
    return {
      debug: write,
      info: write,
      warn: write,
      error: write,
      child: (fields) => log({ ...inherited, ...fields }),
    };
  };
  return { log: log({}), lines };
}

t.test('a source has twenty lines a minute, and then a line that counts the others', async (t) => {
  const clock = new ManualClock();
  const { log, lines } = kept();
  const budget = new LogBudget(log, clock);
  const noisy = budget.of('10.0.0.1').child({ agent: 'noisy' });
  for (let i = 0; i < 1000; i++) noisy.info({ i }, 'said something');
  t.equal(lines.length, 20);
  budget.of('10.0.0.2').warn({}, 'somebody else');
  t.match(lines.at(-1), { message: 'somebody else' }, 'others are not affected');
  noisy.debug({}, 'asked for');
  t.match(lines.at(-1), { agent: 'noisy', message: 'asked for' });
  clock.advance(60_000);
  t.match(lines.at(-1), { source: '10.0.0.1', leftOut: 980, message: 'lines left out' });
  noisy.error({}, 'again');
  t.match(lines.at(-1), { agent: 'noisy', message: 'again' }, 'the next minute is a new one');
  clock.advance(60_000);
  t.match(lines.at(-1), { message: 'again' }, 'nothing is said of nothing');
});

t.test('more sources than are told apart share what one may write', async (t) => {
  const clock = new ManualClock();
  const { log, lines } = kept();
  const budget = new LogBudget(log, clock);
  for (let i = 0; i < 10_000; i++) budget.of(`2001:db8::${i.toString(16)}`).info({}, 'said something');
  t.equal(lines.length, 4096 + 20);
  budget.close();
  t.match(lines.at(-1), { source: 'others', leftOut: 10_000 - 4096 - 20 });
  const { length } = lines;
  clock.advance(60_000);
  t.equal(lines.length, length, 'it is said once');
});
