import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import type { MonitoredTables } from '../../src/monitor/monitored-tables.ts';
import { Monitoring, type MonitoringSettings } from '../../src/monitor/monitoring.ts';

const tables: MonitoredTables = {
  routerId: 0xc0000201,
  asn: 64512,
  routesOf: () => [],
  countOf: () => 0,
  observe: () => undefined,
  locRib: () => [],
};
const bmp = { stations: [], 'statistics-interval': 60 };

function monitoring(
  mrt: MonitoringSettings['mrt'],
  dump: (names?: readonly string[]) => Iterable<Uint8Array>,
) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const lines: [level: string, fields: object, message: string][] = [];
  const log = {
    info: (fields: object, message: string) => void lines.push(['info', fields, message]),
    warn: (fields: object, message: string) => void lines.push(['warn', fields, message]),
    error: (fields: object, message: string) => void lines.push(['error', fields, message]),
  };
  const router = { name: 'control-1', description: 'a router', tables, clock, log, dump };
  return { clock, lines, monitoring: new Monitoring({ mrt, bmp }, router) };
}

t.test('tables are dumped at every interval, and only those that were named', async (t) => {
  const folder = t.testdir({});
  const asked: unknown[] = [];
  const table = { file: join(folder, 'rib.%M%S'), interval: 60, tables: ['inet.0'] };
  const {
    clock,
    lines,
    monitoring: running,
  } = monitoring({ table }, (names) => {
    asked.push(names);
    return [Buffer.from('dump')];
  });
  running.start();
  clock.advance(60_000);
  await running.stop();
  clock.advance(600_000);
  t.strictSame(readdirSync(folder), ['rib.0100'], 'what was on its way is whole, and nothing comes after it');
  t.equal(readFileSync(join(folder, 'rib.0100'), 'utf8'), 'dump');
  t.strictSame(asked, [['inet.0']]);
  t.match(lines, [['info', { octets: 4 }, 'tables dumped']]);
});

t.test('a dump that fails is logged, and the next one is tried', async (t) => {
  const folder = t.testdir({});
  const {
    clock,
    lines,
    monitoring: running,
  } = monitoring({ table: { file: join(folder, 'rib'), interval: 1 } }, () => {
    throw new RangeError('there is no table inet.9');
  });
  running.start();
  clock.advance(1000);
  await new Promise(setImmediate);
  clock.advance(1000);
  await running.stop();
  t.match(lines, Array(2).fill(['error', { err: /inet.9/ }, 'the tables could not be dumped']));
});

t.test('a log of messages is begun with the start and finished with the stop', async (t) => {
  const folder = t.testdir({});
  const { lines, monitoring: running } = monitoring(
    { messages: { file: join(folder, 'log'), rotate: 900 } },
    () => [],
  );
  t.strictSame(readdirSync(folder), []);
  running.start();
  await running.stop();
  t.strictSame(readdirSync(folder), ['log']);
  t.strictSame(lines, []);
});
