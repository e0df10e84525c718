import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { haproxyConfiguration, loadBalancerConfig } from '../../src/index.ts';
import type { LoadBalancerConfigInput } from '../../src/index.ts';

const uuid = (n: number): string => `${n}0000000-0000-4000-8000-000000000000`;
const files = { socket: '/run/lb/stats.sock', state: '/run/lb/state' };

const whole: LoadBalancerConfigInput = {
  uuid: uuid(1),
  name: 'web',
  interface: 'tapeth0-101010',
  address: '10.47.255.250',
  listeners: [
    {
      uuid: uuid(2),
      protocol: 'HTTP',
      port: 80,
      'connection-limit': 500,
      pool: {
        uuid: uuid(3),
        persistence: { type: 'HTTP_COOKIE' },
        'health-monitor': {
          type: 'HTTP',
          delay: 2,
          timeout: 1,
          path: '/health?deep=1',
          codes: '200,301-302',
        },
        members: [
          { uuid: uuid(4), address: '10.47.255.236', port: 8080, weight: 3 },
          { uuid: uuid(5), address: 'fd00::5', port: 8080, enabled: false },
        ],
      },
    },
    {
      uuid: uuid(6),
      port: 25,
      pool: {
        uuid: uuid(7),
        method: 'SOURCE_IP',
        'health-monitor': { type: 'TCP' },
        members: [{ uuid: uuid(8), address: '10.47.255.236', port: 2525 }],
      },
    },
  ],
};

t.test('each listener is a frontend, each pool a backend, each member a server', async (t) => {
  const text = haproxyConfiguration(loadBalancerConfig.parse(whole), { ...files, user: 'haproxy' });
  t.matchOnly(/^ {4}description (generation-[0-9a-f]{16})$/m.exec(text)?.[1], /^generation-/);
  t.equal(
    text.replace(/generation-\w+/, 'GENERATION'),
    `# Load balancer web. Written by the agent: changes here are lost.
global
    description GENERATION
    stats socket /run/lb/stats.sock mode 600 level admin expose-fd listeners
    server-state-file /run/lb/state
    mworker-max-reloads 100
    user haproxy
    group haproxy

defaults
    mode tcp
    retries 3
    option redispatch
    load-server-state-from-file global
    timeout connect 5s
    timeout client 300s
    timeout server 300s

frontend ${uuid(2)}
    bind 10.47.255.250:80
    mode http
    option forwardfor
    option idle-close-on-response
    maxconn 500
    default_backend ${uuid(3)}

backend ${uuid(3)}
    mode http
    option forwardfor
    balance roundrobin
    cookie SRV insert indirect nocache
    timeout check 1s
    option httpchk GET /health?deep=1
    http-check expect status 200,301-302
    server ${uuid(4)} 10.47.255.236:8080 weight 3 check inter 2s fall 3 cookie ${uuid(4)}
    server ${uuid(5)} [fd00::5]:8080 weight 1 check inter 2s fall 3 cookie ${uuid(5)} disabled

frontend ${uuid(6)}
    bind 10.47.255.250:25
    mode tcp
    default_backend ${uuid(7)}

backend ${uuid(7)}
    mode tcp
    balance source
    hash-type consistent
    timeout check 5s
    server ${uuid(8)} 10.47.255.236:2525 weight 1 check inter 5s fall 3
`,
  );
});

t.test('what changes in the configuration changes its generation, and nothing else does', async (t) => {
  const generation = (input: LoadBalancerConfigInput): string | undefined =>
    /generation-\w+/.exec(haproxyConfiguration(loadBalancerConfig.parse(input), files))?.[0];
  t.equal(generation(whole), generation({ ...whole, problems: ['something'] }));
  t.not(generation(whole), generation({ ...whole, address: '10.47.255.251' }));
});

t.test('a word that would end its line, or begin another, is refused', async (t) => {
  const monitored = (monitor: object): object => {
    const [listener] = whole.listeners!;
    return {
      ...whole,
      listeners: [
        { ...listener, pool: { ...listener!.pool, 'health-monitor': { type: 'HTTP', ...monitor } } },
      ],
    };
  };
  for (const bad of [
    monitored({ path: '/\nglobal\n  user root' }),
    monitored({ path: '/ # off' }),
    monitored({ path: '/"' }),
    monitored({ path: '/$HOME' }),
    monitored({ method: 'GET /x\n' }),
    monitored({ codes: '200\nserver evil 1.2.3.4:1' }),
    { ...whole, name: 'a\nglobal' },
    { ...whole, address: '10.0.0.1\n' },
    { ...whole, uuid: 'x y' },
  ])
    t.notOk(loadBalancerConfig.safeParse(bad).success, JSON.stringify(bad).slice(0, 60));
});

const haproxy = '/usr/sbin/haproxy';
t.test(
  'haproxy takes every method, protocol, persistence and monitor without a warning of its own',
  { skip: existsSync(haproxy) ? false : 'haproxy is not installed (Debian: apt-get install haproxy)' },
  async (t) => {
    const folder = t.testdir({ state: '1\n' });
    for (const protocol of ['TCP', 'HTTP'] as const) {
      for (const method of ['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP'] as const) {
        for (const type of ['TCP', 'HTTP', 'HTTPS'] as const) {
          for (const persistence of [
            undefined,
            { type: 'SOURCE_IP' as const },
            ...(protocol === 'HTTP'
              ? [{ type: 'HTTP_COOKIE' as const }, { type: 'APP_COOKIE' as const, cookie: 'JSESSIONID' }]
              : []),
          ]) {
            const pool = {
              ...whole.listeners![0]!.pool,
              method,
              persistence,
              'health-monitor': { type, codes: '200-299' },
            };
            const balancer = { ...whole, listeners: [{ ...whole.listeners![0]!, protocol, pool }] };
            const text = haproxyConfiguration(loadBalancerConfig.parse(balancer), {
              socket: '/tmp/stats.sock',
              state: join(folder, 'state'),
            });
            const path = join(folder, 'haproxy.conf');
            writeFileSync(path, text);
            const { status, stderr } = spawnSync(haproxy, ['-c', '-f', path], { encoding: 'utf8' });
            const said = stderr.split('\n').filter((line) => /ALERT|WARNING/.test(line));
            t.equal(status, 0, `${protocol} ${method} ${type} ${persistence?.type}: ${said.join('\n')}`);
            t.same(said, []);
          }
        }
      }
    }
  },
);
