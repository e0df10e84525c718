import t from 'tap';
import { WorkAllowance } from '../src/work-allowance.ts';

t.test('an allowance fills with time, up to what may be used at once', async (t) => {
  const allowance = new WorkAllowance(1000, 500, 0);
  t.equal(allowance.left(0), 500);
  allowance.use(500);
  t.equal(allowance.left(100), 100);
  t.equal(allowance.left(10_000), 500);
});

t.test('a debt is paid before work goes on', async (t) => {
  const allowance = new WorkAllowance(1000, 500, 0);
  allowance.use(590);
  t.equal(allowance.wait, 100, 'ten units more than the debt');
  t.equal(allowance.left(100), 10);
});

t.test('a clock that goes back takes nothing away', async (t) => {
  const allowance = new WorkAllowance(1000, 500, 1000);
  t.equal(allowance.left(0), 500);
});

t.test('an unlimited allowance stays so', async (t) => {
  const allowance = new WorkAllowance(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0);
  allowance.use(1e9);
  allowance.use(Number.NaN);
  t.equal(allowance.left(6), Number.POSITIVE_INFINITY);
});
