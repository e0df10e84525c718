import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { announceEndpoint, findEndpoints } from '../src/endpoint.ts';

t.test('a daemon is found until it withdraws its note', async (t) => {
  const folder = join(t.testdir(), 'notes');
  t.same(findEndpoints(folder), [], 'no folder, no daemons');
  const withdraw = announceEndpoint({ kind: 'agent', name: 'cent222', url: 'http://127.0.0.1:8085' }, folder);
  announceEndpoint({ kind: 'control-node', name: 'cent111', url: 'http://127.0.0.1:8083' }, folder);
  t.match(findEndpoints(folder), [
    { name: 'cent111', kind: 'control-node', url: 'http://127.0.0.1:8083', pid: process.pid },
    { name: 'cent222', kind: 'agent' },
  ]);
  withdraw();
  t.match(findEndpoints(folder), [{ name: 'cent111' }]);
});

t.test('notes of dead daemons and other files are not believed', async (t) => {
  const folder = t.testdir({ 'junk.json': '{', 'odd.json': '{"name":1}', readme: '' });
  const dead = { name: 'gone', kind: 'agent', url: 'http://127.0.0.1:1', pid: 2 ** 22 + 1 };
  writeFileSync(join(folder, 'dead.json'), JSON.stringify(dead));
  t.same(findEndpoints(folder), []);
});
