/** The devices under test: route reflectors for VPNv4, each a fresh process with its own configuration folder. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processTree } from './process-usage.ts';

export const ASN = 65000;

/** Where the device listens and who its clients are. */
export interface Bench {
  readonly address: string;
  readonly port: number;
  readonly clients: readonly string[];
  readonly folder: string;
}

interface DeviceRow {
  /** A file whose presence says that the daemon is installed. */
  readonly binary: string;
  readonly version: readonly string[];
  /**
   * Routes at the most in one run: a slow daemon gets fewer, and rates are compared. That favours it: none of them is slower
   * with a small table than with a large one.
   */
  readonly most: number;
  /** The same for routes × receivers. */
  readonly mostTold: number;
  /** Whether withdrawals of VPN routes work. */
  readonly withdraws: boolean;
  /** Writes the configuration and gives the command line. */
  readonly prepare: (bench: Bench) => readonly string[];
}

const file = (bench: Bench, name: string, text: string): string => {
  const path = join(bench.folder, name);
  writeFileSync(path, text);
  return path;
};

const repository = fileURLToPath(new URL('../../..', import.meta.url));

export const devices = {
  vaportrail: {
    binary: process.execPath,
    version: [process.execPath, '--version'],
    most: Infinity,
    mostTold: Infinity,
    withdraws: true,
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
    most: Infinity,
    mostTold: Infinity,
    withdraws: true,
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
    most: 200_000,
    mostTold: Infinity,
    withdraws: true,
    prepare(bench) {
      const neighbours = bench.clients.map(
        (address) =>
          ` neighbor ${address} remote-as ${ASN}\n neighbor ${address} passive\n neighbor ${address} update-source ${bench.address}\n neighbor ${address} advertisement-interval 0\n`,
      );
      const activated = bench.clients.map(
        (address) => `  neighbor ${address} activate\n  neighbor ${address} route-reflector-client\n`,
      );
      const path = file(
        bench,
        'bgpd.conf',
        `frr version 8.4.4
frr defaults traditional
hostname bench
router bgp ${ASN}
 bgp router-id ${bench.address}
 bgp cluster-id ${bench.address}
 no bgp default ipv4-unicast
${neighbours.join('')} address-family ipv4 vpn
${activated.join('')} exit-address-family
`,
      );
      const command = [
        '/usr/lib/frr/bgpd',
        '-Z',
        '-S',
        '-n',
        '-P',
        '0',
        '-p',
        String(bench.port),
        '-l',
        bench.address,
      ];
      command.push('-f', path, '-i', join(bench.folder, 'bgpd.pid'), '--vty_socket', bench.folder);
      if (process.getuid?.() === 0) command.push('-u', 'root', '-g', 'root');
      return command;
    },
  },
  gobgpd: {
    binary: '/usr/bin/gobgpd',
    version: ['/usr/bin/gobgpd', '--version'],
    most: 100_000,
    mostTold: 1_000_000,
    withdraws: true,
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
    most: 1_000_000,
    mostTold: Infinity,
    withdraws: false,
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
} as const satisfies Record<string, DeviceRow>;

export type DeviceName = keyof typeof devices;

export function isInstalled(name: DeviceName): boolean {
  return existsSync(devices[name].binary) && (name !== 'openbgpd' || process.getuid?.() === 0);
}

/** What the daemon says of its version, in one line. */
export function versionOf(name: DeviceName): string {
  const [command, ...args] = devices[name].version as readonly [string, ...string[]];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim().split('\n', 1)[0] ?? '';
}

/** Those that run: none outlives the bench, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A running device. */
export class Device {
  readonly name: DeviceName;
  readonly #process: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(name: DeviceName, process: ChildProcess, folder: string) {
    this.name = name;
    this.#process = process;
    this.#folder = folder;
    running.add(process);
    process.once('exit', () => running.delete(process));
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString('latin1')).slice(-2000);
      });
    }
  }

  static start(name: DeviceName, address: string, port: number, clients: readonly string[]): Device {
    const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
    chmodSync(folder, 0o755);
    const [command, ...args] = devices[name].prepare({ address, port, clients, folder }) as [
      string,
      ...string[],
    ];
    const stdio = name === 'vaportrail' ? (['ignore', 'pipe', 'pipe', 'ipc'] as const) : undefined;
    return new Device(
      name,
      spawn(command, args, { stdio: [...(stdio ?? ['ignore', 'pipe', 'pipe'])] }),
      folder,
    );
  }

  /** The processes of the device: some daemons are several. */
  get pids(): number[] {
    return processTree(this.#process.pid!);
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Milliseconds its event loop did not come round at the most, since this was asked last; NaN for other daemons. */
  longestStall(): Promise<number> {
    const child = this.#process;
    if (this.name !== 'vaportrail' || !child.connected) return Promise.resolve(Number.NaN);
    return new Promise((resolve) => {
      child.once('message', (milliseconds) => resolve(Number(milliseconds)));
      child.send('longest stall?');
    });
  }

  /** The last lines the device wrote, for an error message. */
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    if (this.running) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      const killer = setTimeout(() => this.#process.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(killer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
