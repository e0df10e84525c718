/** An agent as an operator runs it, with a load balancer in its file: what it shows, and what it leaves behind. */
import { DaemonProcess, LoopbackBlock } from '@vaportrail/lab';
import { fetchView, type LoadBalancerView } from '@vaportrail/show';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { until } from '../running-lab.ts';

t.setTimeout(120_000);

const skip = existsSync('/usr/sbin/haproxy')
  ? false
  : 'haproxy is not installed (Debian, Ubuntu: apt-get install haproxy)';
const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const uuid = (n: number): string => `${n}0000000-0000-4000-8000-000000000000`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

t.test('its proxies end with it, however it ends, and the next agent begins anew', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const address = block.take();
  const folder = mkdtempSync(join(tmpdir(), 'vt-agent-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'agent.yaml');
  const views = { address, port: 8085 };
  writeFileSync(
    file,
    JSON.stringify({
      name: 'node1',
      address: '10.169.25.20',
      'local-address': address,
      'control-nodes': [{ address: block.take(), port: 5269 }],
      introspect: views,
      haproxy: { folder: join(folder, 'lb') },
      interfaces: [{ name: 'tap1', vrf: 'a:b:c:c', address }],
      'load-balancers': [
        {
          uuid: uuid(1),
          name: 'web',
          interface: 'tap1',
          address,
          listeners: [
            {
              uuid: uuid(2),
              port: 8888,
              pool: {
                uuid: uuid(3),
                'health-monitor': { type: 'TCP', delay: 1, 'max-retries': 1 },
                members: [{ uuid: uuid(4), address, port: 1, weight: 7 }],
              },
            },
          ],
        },
      ],
    }),
  );
  const url = `http://${address}:${views.port}`;
  const start = async (): Promise<{ daemon: DaemonProcess; pid: number }> => {
    const daemon = new DaemonProcess('agent', [process.execPath, program, 'agent', '-c', file]);
    t.teardown(() => daemon.stop());
    const pid = await daemon.answers(async () => {
      const [one] = await fetchView<LoadBalancerView[]>(url, '/load-balancers');
      return one?.state === 'serving' && one.listeners[0]!.members[0]!.status === 'DOWN'
        ? one.pid
        : undefined;
    }, 30_000);
    return { daemon, pid };
  };
  const gone = (pid: number): Promise<boolean> =>
    until(
      async () => isRunning(pid),
      (running) => !running,
    );

  const first = await start();
  const text = execFileSync(process.execPath, [program, 'show', 'load-balancers', '--from', url], {
    encoding: 'utf8',
  });
  t.match(text, new RegExp(`^web {2}${address} {2}serving, pid ${first.pid}, 0 restarts, 0 reloads$`, 'm'));
  t.match(text, new RegExp(`${address}:1 +7 +DOWN .* L4CON`));
  await first.daemon.stop('SIGKILL');
  await gone(first.pid);
  t.pass('killed, it takes its proxy along');
  const second = await start();
  t.not(second.pid, first.pid);
  await second.daemon.stop();
  await gone(second.pid);
  t.notOk(existsSync(join(folder, 'lb', uuid(1))), 'stopped, it removes its files');
});
