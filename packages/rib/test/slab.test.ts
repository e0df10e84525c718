import t from 'tap';
import { Parcel, SLAB_OCTETS, Slab } from '../src/slab.ts';

t.test('a slab is used again when its writer and all receivers have let go of it', (t) => {
  const slab = new Slab();
  const parcel = new Parcel();
  parcel.add(slab, 0, 10);
  parcel.add(slab, 10, 30);
  t.same(
    parcel.buffers.map(({ length }) => length),
    [10, 20],
  );
  parcel.addressTo(2);
  parcel.sent();
  slab.release();
  t.not(new Slab().bytes, slab.bytes, 'one receiver still has to send it');
  parcel.sent();
  t.equal(new Slab().bytes, slab.bytes);
  t.not(new Slab().bytes, slab.bytes, 'and it is given out once');
  t.end();
});

t.test('what a receiver never sends is never used again', (t) => {
  const slab = new Slab();
  const parcel = new Parcel();
  parcel.add(slab, 0, 10);
  parcel.addressTo(2);
  slab.release();
  parcel.sent();
  t.not(new Slab().bytes, slab.bytes);
  t.end();
});

t.test('a slab for a message longer than usual is not kept', (t) => {
  const slab = new Slab(SLAB_OCTETS * 2);
  t.equal(slab.bytes.length, SLAB_OCTETS * 2);
  slab.release();
  t.equal(new Slab().bytes.length, SLAB_OCTETS);
  t.end();
});
