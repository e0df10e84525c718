import t from 'tap';
import { IndexVector } from '../src/index-vector.ts';

t.test('hands out the lowest free number', async (t) => {
  const labels = new IndexVector(16, 1000);
  t.same([labels.allocate(), labels.allocate(), labels.allocate()], [16, 17, 18]);
  labels.release(17);
  t.equal(labels.allocate(), 17);
  t.equal(labels.allocate(), 19);
});

t.test('goes past a whole word of taken numbers and comes back to a freed one', async (t) => {
  const ids = new IndexVector(0, 1_000_000);
  for (let i = 0; i < 1000; i++) t.equal(ids.allocate(), i);
  ids.release(31);
  ids.release(640);
  t.same([ids.allocate(), ids.allocate(), ids.allocate()], [31, 640, 1000]);
});

t.test('a reserved number is not handed out', async (t) => {
  const labels = new IndexVector(16, 1000);
  t.equal(labels.reserve(17), 17);
  t.ok(labels.has(17));
  t.notOk(labels.has(18));
  t.same([labels.allocate(), labels.allocate()], [16, 18]);
  t.throws(() => labels.reserve(17), { message: '17 is in use' });
  t.throws(() => labels.reserve(15), RangeError);
  t.throws(() => labels.reserve(1001), RangeError);
});

t.test('tells when nothing is left', async (t) => {
  const few = new IndexVector(3, 5);
  t.same([few.allocate(), few.allocate(), few.allocate()], [3, 4, 5]);
  t.throws(() => few.allocate(), { message: 'no number is left in 3–5' });
  few.release(4);
  t.equal(few.allocate(), 4);
});

t.test('releasing what was never taken changes nothing', async (t) => {
  const few = new IndexVector(3, 5);
  few.release(4);
  few.release(1);
  few.release(9999);
  t.equal(few.allocate(), 3);
});
