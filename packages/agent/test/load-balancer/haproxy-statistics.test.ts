import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { askHaproxy, readStatistics } from '../../src/load-balancer/haproxy-statistics.ts';

t.test('rows are read by the names in the first line, whatever their order', async (t) => {
  const [row, second] = readStatistics(
    '# pxname,svname,scur,stot,status,weight,chkfail,check_status,last_chk,bin,bout,econ,eresp,ereq,lastchg,\n' +
      'pool,member,2,9,DOWN,3,4,L4CON,"says ""no"", twice",100,200,1,2,,17,\n' +
      'pool,BACKEND,0,0,UP,3,,,,0,0,,,,1,\n\n',
  );
  t.same(row, {
    proxy: 'pool',
    server: 'member',
    status: 'DOWN',
    weight: 3,
    sessions: 2,
    sessionsTotal: 9,
    octetsIn: 100,
    octetsOut: 200,
    errors: 3,
    failedChecks: 4,
    lastCheck: 'L4CON',
    since: 17,
  });
  t.match(second, { server: 'BACKEND', errors: 0, lastCheck: '' });
  t.same(readStatistics(''), []);
});

t.test(
  'a socket where nobody listens is an error; one that closes without a word has said nothing',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'vt-stat-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    await t.rejects(askHaproxy(join(folder, 'none'), 'show info'), /ENOENT/);
    const path = join(folder, 's');
    const server = createServer((socket) => socket.destroy()).listen(path);
    t.teardown(() => server.close());
    const answer = await askHaproxy(path, 'show stat').catch(() => '');
    t.same(readStatistics(answer), []);
  },
);
