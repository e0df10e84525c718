import t from 'tap';
import { ByteArena } from '../src/byte-arena.ts';

t.test(
  'strings keep their octets while others come and go, and the memory returns with the last',
  async (t) => {
    const arena = new ByteArena();
    const empty = arena.bytes.length;
    const kept = new Map<number, { length: number; octet: number }>();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48271) % 0x7fff_ffff) % below;
    for (let i = 0; i < 20_000; i++) {
      if (kept.size > 0 && random(3) === 0) {
        const [at, { length, octet }] = [...kept][random(Math.min(kept.size, 5))]!;
        if (!arena.bytes.subarray(at, at + length).every((byte) => byte === octet)) t.fail(`octets at ${at}`);
        arena.release(at, length);
        kept.delete(at);
      } else if (kept.size < 200) {
        const length = 1 + random(random(20) === 0 ? 10_000 : 90);
        const at = arena.allocate(length);
        if (at === 0) t.fail('0 means nothing');
        const octet = random(256);
        arena.bytes.fill(octet, at, at + length);
        kept.set(at, { length, octet });
      }
    }
    for (const [at, { length, octet }] of kept) {
      if (!arena.bytes.subarray(at, at + length).every((byte) => byte === octet)) t.fail(`octets at ${at}`);
      arena.release(at, length);
    }
    t.equal(arena.used, 0);
    t.equal(arena.bytes.length, empty);
  },
);
