import { ManualClock } from '@vaportrail/net';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { DumpFile, dumpFileName } from '../src/mrt-file/dump-file.ts';
import { readMrt } from '../src/mrt-file/read-mrt.ts';
import { MessageLog } from '../src/mrt-file/message-log.ts';
import { writeDump } from '../src/mrt-file/table-dumps.ts';

t.test('a file has its name only when it is whole', async (t) => {
  const path = join(t.testdir({}), 'new/rib.mrt');
  const file = new DumpFile(path);
  await file.write(Buffer.from('abc'));
  t.notOk(existsSync(path));
  await file.commit();
  t.equal(readFileSync(path, 'utf8'), 'abc');
  const other = new DumpFile(`${path}.gz`);
  await other.write(Buffer.from('abc'));
  await other.commit();
  t.equal(gunzipSync(readFileSync(`${path}.gz`)).toString(), 'abc');
});

t.test('a dump that fails leaves nothing behind', async (t) => {
  const folder = t.testdir({});
  const pieces = function* (): Generator<Uint8Array> {
    yield Buffer.from('abc');
    throw new Error('the table is gone');
  };
  await t.rejects(writeDump(pieces(), join(folder, 'rib.mrt')), /the table is gone/);
  t.same(readdirSync(folder), []);
});

t.test('a disk that refuses is an error and not a crash', async (t) => {
  const folder = t.testdir({ 'rib.mrt.part': {} });
  await t.rejects(writeDump([Buffer.from('abc')], join(folder, 'rib.mrt')), /EISDIR/);
});

t.test('names of files carry the time in UTC', async (t) => {
  const at = Date.UTC(2026, 6, 5, 4, 3, 2);
  t.equal(dumpFileName('rib.%Y%m%d.%H%M%S.%%.%x', at), 'rib.20260705.040302.%.%x');
});

t.test('a message log begins a new file at every turn', async (t) => {
  const folder = t.testdir({});
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const session = { peerAsn: 1, localAsn: 2, peer: '192.0.2.1', local: '192.0.2.2', interfaceIndex: 0 };
  const log = new MessageLog({ file: join(folder, 'log.%H%M%S'), rotate: 60 }, clock, (error) =>
    t.fail(error.message),
  );
  log.start();
  log.stateChange(session, 5, 6);
  clock.advance(60_000);
  log.stateChange(session, 6, 1);
  log.message(session, Buffer.alloc(19), { asn4: true, addPath: false, sent: true });
  await log.stop();
  t.equal(log.written, 3);
  t.same(readdirSync(folder).sort(), ['log.000000', 'log.000100']);
  const counts: number[] = [];
  for (const name of ['log.000000', 'log.000100']) {
    let count = 0;
    for await (const record of readMrt(join(folder, name))) count += record.type === 17 ? 1 : 0;
    counts.push(count);
  }
  t.same(counts, [1, 2]);
});
