import t from 'tap';
import { Reader, Truncated, Writer, compareBytes, hexText, parseHex, sameBytes } from '../src/index.ts';

t.test('a reader reads integers in network byte order', async (t) => {
  const reader = new Reader(parseHex('01 0203 040506 0708090a 0b0c0d0e0f101112'));
  t.equal(reader.u8(), 0x01);
  t.equal(reader.u16(), 0x0203);
  t.equal(reader.u24(), 0x040506);
  t.equal(reader.u32(), 0x0708090a);
  t.equal(reader.u64(), 0x0b0c0d0e0f101112n);
  t.equal(reader.remaining, 0);
});

t.test('a reader throws instead of clamping, and stays where it was', async (t) => {
  const reader = new Reader(Uint8Array.of(1, 2, 3));
  t.throws(() => reader.u32(), Truncated);
  t.equal(reader.u8(), 1);
  t.match(
    t.throws(() => reader.view(3)),
    { at: 1, wanted: 3, left: 2 },
  );
  t.throws(() => reader.copy(3), Truncated);
});

t.test('a view cannot see beyond its range', async (t) => {
  const reader = new Reader(Uint8Array.of(1, 2, 3, 4));
  const inner = reader.view(2);
  inner.skip(2);
  t.throws(() => inner.u8(), Truncated);
  t.equal(reader.u16(), 0x0304);
});

t.test('a copy does not share memory, a slice does', async (t) => {
  const bytes = Uint8Array.of(1, 2);
  const copy = new Reader(bytes).copy(2);
  const slice = new Reader(bytes).slice(2);
  bytes[0] = 9;
  t.equal(copy[0], 1);
  t.equal(slice[0], 9);
});

t.test('a copy does not share memory even when the bytes are a Buffer', async (t) => {
  const bytes = Buffer.from([1, 2, 3]);
  const copy = new Reader(bytes, 1).copy(2);
  bytes[1] = 9;
  t.same([...copy], [2, 3]);
});

t.test('a writer grows, patches lengths and refuses what does not fit', async (t) => {
  const writer = new Writer(1);
  writer.u8(1).length16((w) => w.u24(0x020304).length8((inner) => inner.u32(5)));
  writer.u64(0x1122334455667788n);
  t.equal(hexText(writer.finish()), '010008020304040000000511' + '22334455667788');
  writer.patch16(0, 0xffff);
  t.equal(writer.finish()[1], 0xff);
  t.throws(() => writer.patch16(100, 0), RangeError);
  t.throws(() => new Writer().length8((w) => w.bytes(new Uint8Array(256))), RangeError);
  writer.reset();
  t.equal(writer.length, 0);
});

t.test('byte arrays compare as unsigned octets, a prefix first', async (t) => {
  t.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  t.ok(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f, 1)) > 0);
  t.ok(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  t.notOk(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
});

t.test('hexadecimal text is read with blanks and colons, and refused otherwise', async (t) => {
  t.same(parseHex('de:ad be\nef'), Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
  t.throws(() => parseHex('abc'), /odd number/);
  t.throws(() => parseHex('zz'), /not hexadecimal/);
});
