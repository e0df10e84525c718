/** With a real haproxy, on loopback addresses of this test alone. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog, type LoadBalancerView } from '@vaportrail/show';
import { systemClock } from '@vaportrail/net';
import t, { type Test } from 'tap';
import { haproxyConfig, loadBalancerConfig, type LoadBalancerConfigInput } from '../../src/index.ts';
import { LoadBalancers } from '../../src/load-balancer/load-balancers.ts';

const skip = existsSync('/usr/sbin/haproxy')
  ? false
  : 'haproxy is not installed (Debian: apt-get install haproxy)';
const uuid = (n: number): string => `${n}0000000-0000-4000-8000-000000000000`;

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await delay(20);
  }
}

/** An HTTP server that says its name; yields its port. */
async function member(t: Test, name: string): Promise<{ port: number; server: Server }> {
  const server = createServer((_, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(response.statusCode === 200 ? text : String(response.statusCode)));
    }).on('error', reject);
  });
}

/** A port nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

interface Scene {
  readonly balancers: LoadBalancers;
  readonly folder: string;
  readonly port: number;
  readonly changes: string[];
  config(ports: readonly (readonly [port: number, weight?: number])[]): LoadBalancerConfigInput;
  apply(input: LoadBalancerConfigInput): void;
  view(): Promise<LoadBalancerView>;
}

async function scene(t: Test, program = 'haproxy'): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'vt-lb-'));
  const port = await freePort();
  const changes: string[] = [];
  const balancers = new LoadBalancers({
    haproxy: haproxyConfig.parse({ program, folder, 'restart-delay': 1 }),
    clock: systemClock,
    log: silentLog,
    changed: () => changes.push([...balancers.withheld()].join()),
  });
  t.teardown(async () => {
    await balancers.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    balancers,
    folder,
    port,
    changes,
    config: (ports) => ({
      uuid: uuid(1),
      name: 'web',
      interface: 'tap1',
      address: '127.0.0.1',
      listeners: [
        {
          uuid: uuid(2),
          protocol: 'HTTP',
          port,
          pool: {
            uuid: uuid(3),
            'health-monitor': { type: 'TCP', delay: 1, timeout: 1, 'max-retries': 1 },
            members: ports.map(([to, weight = 1], index) => ({
              uuid: uuid(4 + index),
              address: '127.0.0.1',
              port: to,
              weight,
            })),
          },
        },
      ],
    }),
    apply: (input) => balancers.reconcile([loadBalancerConfig.parse(input)]),
    view: async () => (await balancers.views())[0]!,
  };
}

const serving = (one: Scene): Promise<void> =>
  until(async () => (await one.view()).state === 'serving', 'serving');

t.test(
  'clients are spread in turn; health and counters are told; nothing is left behind',
  { skip },
  async (t) => {
    const one = await scene(t);
    const a = await member(t, 'a');
    const b = await member(t, 'b');
    one.apply(one.config([[a.port], [b.port]]));
    t.same([...one.balancers.withheld()], ['tap1'], 'nobody answers yet');
    await serving(one);
    t.same([...one.balancers.withheld()], []);
    const answers = [await ask(one.port), await ask(one.port), await ask(one.port), await ask(one.port)];
    t.same(answers.toSorted(), ['a', 'a', 'b', 'b']);
    await until(
      async () => (await one.view()).listeners[0]!.members.every(({ status }) => status === 'UP'),
      'up',
    );
    t.equal((await one.view()).listeners[0]!.sessionsTotal, 4);
    t.same(
      (await one.view()).listeners[0]!.members.map(({ sessionsTotal }) => sessionsTotal),
      [2, 2],
    );
    b.server.close();
    await until(async () => (await one.view()).listeners[0]!.members[1]!.status === 'DOWN', 'b is down');
    t.same([await ask(one.port), await ask(one.port)], ['a', 'a']);
    const { pid } = await one.view();
    await one.balancers.stop();
    t.throws(() => process.kill(pid!, 0), 'the process is gone');
    t.same(readdirSync(one.folder), [], 'so are its files');
    await t.rejects(ask(one.port));
  },
);

t.test(
  'a member that comes does not cut the connections there are, nor make one that is down look up',
  { skip },
  async (t) => {
    const one = await scene(t);
    const a = await member(t, 'a');
    const dead = await freePort();
    one.apply(one.config([[a.port], [dead]]));
    await serving(one);
    await until(async () => (await one.view()).listeners[0]!.members[1]!.status === 'DOWN', 'down');
    const { pid } = await one.view();
    const held = connect(one.port, '127.0.0.1');
    t.teardown(() => held.destroy());
    let received = '';
    held.on('data', (chunk) => (received += chunk.toString()));
    const asks = (): void => void held.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    asks();
    await until(() => received.includes('200 OK'), 'an answer');
    const b = await member(t, 'b');
    one.apply(one.config([[a.port, 2], [dead], [b.port]]));
    await until(async () => {
      const { state, listeners } = await one.view();
      return state === 'serving' && listeners[0]!.members[2]!.status === 'UP';
    }, 'b is there');
    const after = await one.view();
    t.match(after, { pid: pid!, reloads: 1, restarts: 0, state: 'serving' });
    t.match(after.listeners[0]!.members, [{ weight: 2 }, { status: 'DOWN' }, { weight: 1 }]);
    received = '';
    asks();
    await until(() => received.includes('200 OK'), 'an answer on the old connection');
    t.same([...new Set([await ask(one.port), await ask(one.port), await ask(one.port)])].toSorted(), [
      'a',
      'b',
    ]);
    t.same(one.changes, [''], 'its interface was published all along');
  },
);

t.test(
  'a proxy that is killed is started again, and meanwhile its interface is withheld',
  { skip },
  async (t) => {
    const one = await scene(t);
    const a = await member(t, 'a');
    one.apply(one.config([[a.port]]));
    await serving(one);
    const { pid } = await one.view();
    process.kill(pid!, 'SIGKILL');
    await until(() => one.changes.at(-1) === 'tap1', 'withheld');
    await serving(one);
    const after = await one.view();
    t.not(after.pid, pid);
    t.match(after, { restarts: 1, problems: [] });
    t.same(one.changes, ['', 'tap1', '']);
    t.equal(await ask(one.port), 'a');
    // The master alone is known by its id; a worker that dies takes it along.
    const worker = execFileSync('ps', ['-o', 'pid=', '--ppid', String(after.pid)], {
      encoding: 'utf8',
    }).trim();
    process.kill(Number(worker), 'SIGKILL');
    await until(
      async () => (await one.view()).restarts === 2 && (await one.view()).state === 'serving',
      'again',
    );
  },
);

t.test(
  'a port that is taken, and a program that is missing, are told and do not end anything',
  { skip },
  async (t) => {
    const one = await scene(t);
    const taken = createServer((_, response) => response.end('other'));
    await new Promise<void>((resolve) => taken.listen(one.port, '127.0.0.1', resolve));
    one.apply(one.config([]));
    await until(async () => (await one.view()).problems.length > 0, 'a problem');
    t.match(await one.view(), { state: 'down', problems: [/cannot bind|Address already in use/i] });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    await serving(one);
    t.equal(await ask(one.port), '503', 'no members');

    const other = await scene(t, 'no-such-haproxy');
    other.apply(other.config([]));
    await until(async () => (await other.view()).problems.length > 0, 'a problem');
    t.match(await other.view(), { problems: [/there is no program no-such-haproxy/] });
    t.same(other.changes, []);
  },
);

t.test('a load balancer that goes and comes back at once is served again', { skip }, async (t) => {
  const one = await scene(t);
  const a = await member(t, 'a');
  one.apply(one.config([[a.port]]));
  await serving(one);
  one.balancers.reconcile([]);
  one.apply(one.config([[a.port]]));
  t.same([...one.balancers.withheld()], ['tap1']);
  await serving(one);
  t.equal(await ask(one.port), 'a');
  t.match(readFileSync(join(one.folder, uuid(1), 'haproxy.conf'), 'utf8'), `server ${uuid(4)}`);
});
