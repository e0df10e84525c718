import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ViewServer } from '@vaportrail/show';
import t from 'tap';

const bin = fileURLToPath(new URL('../../bin/vaportrail.js', import.meta.url));

t.test('top shows sessions, rates between two looks, and tables', async (t) => {
  let updates = 0;
  const server = new ViewServer()
    .view('/neighbors', () => {
      const traffic = { messages: 1, octets: 1, updates: (updates += 10) };
      const name = 'camaro';
      return [
        {
          name,
          address: '192.0.2.1',
          state: 'Established',
          flaps: 0,
          paths: 7,
          backlog: 0,
          received: traffic,
          sent: traffic,
        },
      ];
    })
    .view('/tables', () => [{ name: 'bgp.l3vpn.0', family: 'inet-vpn', prefixes: 4, paths: 4 + updates }]);
  await server.listen();
  t.teardown(() => server.close());
  const args = ['top', '--from', server.url!, '--interval', '0.1', '--count', '2'];
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args]);
  t.match(stdout, /1 of 1 sessions established/);
  t.match(stdout, /^camaro +Established +7 +[1-9][\d.]* +[1-9][\d.]* +0 +0$/m);
  t.match(stdout, /^bgp\.l3vpn\.0 +4 +24 +10$/m);
  t.match(stdout, /^Last changes\n[\d:]{8} {2}\S+ {2}bgp\.l3vpn\.0 4 → 4 routes, 14 → 24 paths$/m);
});
