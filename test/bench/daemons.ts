/** The daemons that are compared: where each is, and how it becomes a route reflector for VPNv4 that is at its best. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Phase, isLatency, phases } from './workload.ts';

export const ASN = 65000;

/** Where the device listens and who its clients are. */
export interface Bench {
  readonly address: string;
  readonly port: number;
  readonly clients: readonly string[];
  readonly folder: string;
}

export interface Daemon {
  /** A file whose presence says that the daemon is installed. */
  readonly binary: string;
  readonly version: readonly string[];
  /**
   * Routes at the most in one run: a slow daemon gets fewer, and rates are compared. That favours it: none of them is slower
   * with a small table than with a large one.
   */
  readonly mostRoutes: number;
  /** The same for routes × receivers. */
  readonly mostTold: number;
  /** Repetitions at the most: a slow daemon's figures spread little. */
  readonly mostRuns: number;
  /** What it can be taken through. */
  readonly phases: readonly Phase[];
  /** Writes the configuration and gives the command line. */
  readonly prepare: (bench: Bench) => readonly string[];
}

const file = (bench: Bench, name: string, text: string): string => {
  const path = join(bench.folder, name);
  writeFileSync(path, text);
  return path;
};

const repository = fileURLToPath(new URL('../../..', import.meta.url));

export const daemons = {
  vaportrail: {
    binary: process.execPath,
    version: [process.execPath, '--version'],
    mostRoutes: Infinity,
    mostTold: Infinity,
    mostRuns: Infinity,
    phases,
    prepare(bench) {
      const peers = bench.clients.map((address, i) =>
        [
          `    - name: client-${i}`,
          `      address: ${address}`,
          `      asn: ${ASN}`,
          '      passive: true',
          '      families: [inet-vpn]',
        ].join('\n'),
      );
      const path = file(
        bench,
        'control-node.yaml',
        `name: bench
asn: ${ASN}
router-id: ${bench.address}
cluster-id: ${bench.address}
bgp:
  listen:
    - address: ${bench.address}
      port: ${bench.port}
  peers:
${peers.join('\n')}
xmpp:
  listen:
    address: ${bench.address}
    port: 0
introspect:
  address: ${bench.address}
  port: 0
`,
      );
      return [
        process.execPath,
        '--import',
        new URL('loop-watch.js', import.meta.url).href,
        join(repository, 'packages/cli/bin/vaportrail.js'),
        'control-node',
        '-c',
        path,
      ];
    },
  },
  bird: {
    binary: '/usr/sbin/bird',
    version: ['/usr/sbin/bird', '--version'],
    mostRoutes: Infinity,
    mostTold: Infinity,
    mostRuns: Infinity,
    phases,
    prepare(bench) {
      const clients = bench.clients.map(
        (address, i) => `protocol bgp c${i} from reflected { neighbor ${address} as ${ASN}; }`,
      );
      const path = file(
        bench,
        'bird.conf',
        `log "${bench.folder}/bird.log" { error, fatal };
router id ${bench.address};
vpn4 table vpntab;
protocol device {}
template bgp reflected {
  local ${bench.address} port ${bench.port} as ${ASN};
  passive yes; strict bind yes; rr client; rr cluster id ${bench.address}; hold time 240;
  error wait time 1, 1; connect delay time 1;
  vpn4 mpls { table vpntab; import all; export all; gateway recursive; next hop keep; };
}
${clients.join('\n')}
`,
      );
      return ['/usr/sbin/bird', '-f', '-c', path, '-s', join(bench.folder, 'bird.ctl')];
    },
  },
  frr: {
    binary: '/usr/lib/frr/bgpd',
    version: ['/usr/lib/frr/bgpd', '--version'],
    mostRoutes: 500_000,
    mostTold: Infinity,
    mostRuns: 2,
    phases,
    prepare(bench) {
      const neighbours = bench.clients.flatMap((address) => [
        ` neighbor ${address} remote-as ${ASN}`,
        ` neighbor ${address} passive`,
        ` neighbor ${address} update-source ${bench.address}`,
        // The default for internal peers: an UPDATE is sent when there is one.
        ` neighbor ${address} advertisement-interval 0`,
      ]);
      const activated = bench.clients.flatMap((address) => [
        `  neighbor ${address} activate`,
        `  neighbor ${address} route-reflector-client`,
      ]);
      const lines = [
        'frr version 8.4.4',
        'frr defaults traditional',
        'hostname bench',
        `router bgp ${ASN}`,
        ` bgp router-id ${bench.address}`,
        ` bgp cluster-id ${bench.address}`,
        ' no bgp default ipv4-unicast',
        // Without it a new client waits a second for its first UPDATE, in case others come too.
        ' coalesce-time 0',
        ...neighbours,
        ' address-family ipv4 vpn',
        ...activated,
        ' exit-address-family',
        '',
      ];
      const path = file(bench, 'bgpd.conf', lines.join('\n'));
      const command = ['/usr/lib/frr/bgpd', '-f', path, '-i', join(bench.folder, 'bgpd.pid')];
      command.push('--vty_socket', bench.folder, '-l', bench.address, '-p', String(bench.port));
      // Without zebra every next hop counts as reachable, none is tracked, and no route goes to the kernel.
      command.push('-Z', '-n');
      // No telnet, no change of privileges. Nothing is logged, as no log is configured.
      command.push('-P', '0', '-S');
      if (process.getuid?.() === 0) command.push('-u', 'root', '-g', 'root');
      return command;
    },
  },
  gobgpd: {
    binary: '/usr/bin/gobgpd',
    version: ['/usr/bin/gobgpd', '--version'],
    mostRoutes: 100_000,
    mostTold: 1_000_000,
    mostRuns: 2,
    phases,
    prepare(bench) {
      const neighbours = bench.clients.map(
        (address) => `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${ASN}
  [neighbors.timers.config]
    hold-time = 240
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    passive-mode = true
    local-address = "${bench.address}"
  [neighbors.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "${bench.address}"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l3vpn-ipv4-unicast"
`,
      );
      const path = file(
        bench,
        'gobgpd.toml',
        `[global.config]
  as = ${ASN}
  router-id = "${bench.address}"
  port = ${bench.port}
  local-address-list = ["${bench.address}"]
${neighbours.join('')}`,
      );
      return [
        '/usr/bin/gobgpd',
        '-f',
        path,
        '-l',
        'warn',
        '--api-hosts',
        `${bench.address}:${bench.port + 1}`,
        '--pprof-disable',
      ];
    },
  },
  openbgpd: {
    binary: '/usr/sbin/bgpctl',
    version: ['/usr/sbin/bgpctl', '-V'],
    mostRoutes: 1_000_000,
    mostTold: Infinity,
    mostRuns: 3,
    // Withdrawals of VPN routes are not heeded.
    phases: phases.filter((phase) => phase !== 'withdraw'),
    prepare(bench) {
      const neighbours = bench.clients.map(
        (address) => `neighbor ${address} {
	remote-as ${ASN}
	local-address ${bench.address}
	passive
	route-reflector ${bench.address}
	announce IPv4 none
	announce IPv6 none
	announce IPv4 vpn
	holdtime 240
}
`,
      );
      const path = file(
        bench,
        'bgpd.conf',
        `AS ${ASN}
router-id ${bench.address}
listen on ${bench.address} port ${bench.port}
socket "${bench.folder}/bgpd.sock"
fib-update no
${neighbours.join('')}allow from any
allow to any
`,
      );
      chmodSync(path, 0o600);
      mkdirSync('/run/openbgpd', { recursive: true });
      return ['/usr/sbin/bgpd', '-d', '-f', path];
    },
  },
  /** No daemon: what Node takes to read and to write. */
  relay: {
    binary: process.execPath,
    version: [process.execPath, '--version'],
    mostRoutes: Infinity,
    mostTold: Infinity,
    mostRuns: Infinity,
    phases: phases.filter(isLatency),
    prepare: ({ address, port }) => [
      process.execPath,
      fileURLToPath(new URL('relay.js', import.meta.url)),
      address,
      String(port),
    ],
  },
} as const satisfies Record<string, Daemon>;

export type DaemonName = keyof typeof daemons;

export function isInstalled(name: DaemonName): boolean {
  return existsSync(daemons[name].binary) && (name !== 'openbgpd' || process.getuid?.() === 0);
}

/** What the daemon says of its version, in one line. */
export function versionOf(name: DaemonName): string {
  const [command, ...args] = daemons[name].version as readonly [string, ...string[]];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim().split('\n', 1)[0] ?? '';
}
