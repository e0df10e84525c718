import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import { Recorder } from '../../src/recording/recorder.ts';
import type { RecordLine } from '../../src/recording/record.ts';
import { RecordingError, Run } from '../../src/recording/recording.ts';

async function recordsOf(path: string, number?: number): Promise<{ run: Run; records: RecordLine[] }> {
  const run = await Run.find(path, number);
  const records: RecordLine[] = [];
  for await (const record of run.records()) records.push(record);
  return { run, records };
}

/** A recording of one run with some octets of a session. */
function record(path: string, name: string, limit?: number): { recorder: Recorder; ended: string[] } {
  const ended: string[] = [];
  const clock = new ManualClock(1000);
  const recorder = new Recorder(path, {
    clock,
    ...(limit !== undefined && { limit }),
    ended: (because) => ended.push(because),
  });
  recorder.start('control-node', name, { name });
  clock.advance(500);
  recorder.record({ type: 'xmpp', session: recorder.nextSession(), octets: '<iq>\u00c8\u0080' });
  return { recorder, ended };
}

t.test('what was recorded is read again, in order and with its times', async (t) => {
  const path = join(t.testdir(), 'run.ndjson');
  const { recorder } = record(path, 'ctrl-1');
  recorder.record({ type: 'stop' });
  recorder.close();
  const { run, records } = await recordsOf(path);
  t.same(records, [
    {
      at: 1000,
      type: 'start',
      format: 1,
      daemon: 'control-node',
      name: 'ctrl-1',
      config: { name: 'ctrl-1' },
    },
    { at: 1500, type: 'xmpp', session: 1, octets: '<iq>\u00c8\u0080' },
    { at: 1500, type: 'stop' },
  ]);
  t.equal(run.end, 'stopped');
  t.equal(statSync(path).mode & 0o077, 0, 'others on the machine cannot read it');
});

t.test('a file holds run after run, and a torn last line spoils neither its run nor the next', async (t) => {
  const path = join(t.testdir(), 'run.ndjson');
  record(path, 'first').recorder.close();
  truncateSync(path, statSync(path).size - 5);
  t.match(await recordsOf(path), { run: { end: 'torn', runs: 1 }, records: { length: 1 } });
  record(path, 'second').recorder.close();
  const first = await recordsOf(path, 1);
  t.match(first.run, { end: 'torn', runs: 2 });
  t.match(first.records, [{ name: 'first' }]);
  const last = await recordsOf(path);
  t.match(last.run, { end: 'open', number: 2 });
  t.match(last.records, [{ name: 'second' }, { type: 'xmpp' }]);
});

t.test('the recording ends at its limit, says so, and the file is not longer', async (t) => {
  const path = join(t.testdir(), 'run.ndjson');
  const { recorder, ended } = record(path, 'ctrl-1', 1000);
  for (let n = 0; n < 100; n++) recorder.record({ type: 'xmpp', session: 1, octets: `<iq>${n}</iq>` });
  recorder.record({ type: 'stop' });
  recorder.close();
  t.same(ended, ['the limit of 1000 octets is reached']);
  t.ok(statSync(path).size <= 1000, `${statSync(path).size} octets`);
  const { run, records } = await recordsOf(path);
  t.equal(run.end, 'full');
  t.equal(records.at(-1)?.type, 'full');
});

t.test('a process that dies of an exception has recorded what it died of', async (t) => {
  const path = join(t.testdir(), 'run.ndjson');
  const module = new URL('../../src/recording/recorder.js', import.meta.url).href;
  const script = `
    import { Recorder } from '${module}';
    const recorder = new Recorder(process.argv[1], { clock: { now: () => 1 } });
    recorder.start('agent', 'compute-1', {});
    recorder.record({ type: 'xmpp', session: 1, octets: 'deadly' });
    throw new Error('dies');`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path]);
  t.equal(status, 1);
  t.match((await recordsOf(path)).records, [{ type: 'start' }, { octets: 'deadly' }]);
});

t.test('what is no recording is refused with its line', async (t) => {
  const path = join(t.testdir(), 'run.ndjson');
  record(path, 'ctrl-1').recorder.close();
  const good = readFileSync(path, 'utf8');
  for (const [text, because] of [
    ['', /there is no recording in it/],
    [
      `${good}{"at":1,"type":"sneeze"}\n${good.split('\n')[1]}\n`,
      /:3: there are no records of type "sneeze"/,
    ],
    [
      `${good}{"at":1,"type":"xmpp","session":"x","octets":""}\n${good.split('\n')[1]}`,
      /:3: session: must be a number/,
    ],
    [`${good}{"type":"stop"}\n${good.split('\n')[1]}`, /:3: at: must be a time/],
    [`${good}null\n${good.split('\n')[1]}`, /:3: not a record/],
    [`${good}{"at":\n${good.split('\n')[1]}`, /:3: not a whole record/],
    [good.replace('"format":1', '"format":2'), /:1: format 2 is later than this program/],
    [good.replace('"format":1', '"format":0'), /:1: there is no format 0/],
    [
      good.replace('"daemon":"control-node"', '"daemon":"toaster"'),
      /:1: there are no recordings of "toaster"/,
    ],
    [`${good}{"at":-1,"type":"stop"}\n${good.split('\n')[1]}\n`, /:3: at: must be a time/],
    [`${good}{"at":1e17,"type":"stop"}\n${good.split('\n')[1]}\n`, /:3: at: must be a time/],
    [`${good}{"at":8e15,"type":"stop"}\n${good.split('\n')[1]}\n`, /:3: at: more than a year/],
  ] as const) {
    writeFileSync(path, text);
    await t.rejects(recordsOf(path), { name: 'RecordingError', message: because }, String(because));
  }
  writeFileSync(path, good);
  appendFileSync(path, '');
  await t.rejects(recordsOf(path, 7), new RecordingError(`${path}: there is no run 7, the last is 1`));
  await t.rejects(recordsOf(join(path, 'no')), { code: /ENO/ });
});

t.test('a file that cannot be written ends the recording, not the daemon', async (t) => {
  t.throws(() => new Recorder('/no/such/folder/run.ndjson', { clock: new ManualClock() }), {
    code: 'ENOENT',
  });
  const ended: string[] = [];
  const recorder = new Recorder('/dev/full', {
    clock: new ManualClock(),
    ended: (because) => ended.push(because),
  });
  recorder.start('agent', 'compute-1', {});
  recorder.close();
  recorder.record({ type: 'stop' });
  t.match(ended, [/ENOSPC/]);
});
