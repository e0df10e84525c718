/**
 * FRRouting's bgpd alone, without zebra and without privileges: VPN routes are imported by route target into its
 * default table, which plays the VRF. Knows FRR 8.4 to 10.
 */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import {
  bringUp,
  DaemonProcess,
  findProgram,
  takeDown,
  temporaryFolder,
  writeConfig,
  type Found,
} from '../daemon-process.ts';
import { run, thisNetwork, type Place } from '../namespace.ts';
import { frrConfig, type FrrSettings } from './frr-config.ts';
import { installed, type Peer, type PeerPath, type Shown } from './peer.ts';

/** OpenBGPD also calls its daemon bgpd, in /usr/sbin: FRR's is always in a folder of its own. */
export const findFrr = (): Found =>
  findProgram(
    ['/usr/lib/frr/bgpd', '/usr/libexec/frr/bgpd', '/usr/lib64/frr/bgpd', '/usr/local/lib/frr/bgpd'],
    'FRR is not installed (Debian, Ubuntu: apt-get install frr; Fedora: dnf install frr)',
  );

const DEFAULT_PORT = 1790;

export class Frr implements Peer {
  readonly kind = 'frr';
  readonly title: string;
  readonly address: string;
  readonly port: number;
  readonly #settings: FrrSettings;
  readonly #folder: string;
  readonly #process: DaemonProcess;

  private constructor(settings: FrrSettings, folder: string, daemon: DaemonProcess, version: string) {
    this.#settings = settings;
    this.#folder = folder;
    this.#process = daemon;
    this.address = settings.address;
    this.port = settings.port ?? DEFAULT_PORT;
    this.title = `FRR ${version} at ${this.address}:${this.port}`;
  }

  /**
   * Starts bgpd and waits until it answers (about 0.1 s).
   * @throws PeerMissing when FRR is not installed; Error with its last words when it does not come up
   */
  static async start(settings: FrrSettings, place: Place = thisNetwork): Promise<Frr> {
    const program = installed(findFrr());
    const folder = await temporaryFolder('frr');
    const config = await writeConfig(folder, 'bgpd.conf', frrConfig(settings));
    await writeConfig(folder, 'vtysh.conf', '');
    const { user, group } = await identity();
    const port = settings.port ?? DEFAULT_PORT;
    // prettier-ignore
    const daemon = new DaemonProcess('bgpd', [
      program, '-Z', '-S', '-n', '-P', '0', '-p', String(port), '-l', settings.address,
      '-f', config, '-i', `${folder}/bgpd.pid`, '--vty_socket', folder, '-u', user, '-g', group,
      '--log', 'stdout', '--log-level', 'informational',
    ], place);
    return bringUp(daemon, folder, async () => {
      const version = await daemon.answers(async () => {
        const words = await vtysh(folder, ['show version', 'show running-config']);
        // It answers before it has read its configuration, and what is wrong with that shows only then.
        return words.includes(`router bgp ${settings.asn}`) ? /FRRouting (\S+) /.exec(words)?.[1] : undefined;
      });
      // bgpd itself goes on without the lines it does not understand.
      const rejected = / on config line \d+: .*/.exec(daemon.output);
      if (rejected !== null) throw new Error(`bgpd rejects a line of ${config}${rejected[0]}`);
      return new Frr(settings, folder, daemon, version);
    });
  }

  get access(): string {
    return `vtysh --vty_socket ${this.#folder} --config_dir ${this.#folder} -c 'show bgp ipv4 vpn'`;
  }

  /** Where its configuration and vty socket are. */
  get folder(): string {
    return this.#folder;
  }

  get process(): DaemonProcess {
    return this.#process;
  }

  /** Gives commands to vtysh and yields what it prints. @throws Error when FRR rejects one */
  async vtysh(...commands: string[]): Promise<string> {
    return vtysh(this.#folder, commands);
  }

  /** A show command in FRR's own JSON. */
  async json(command: string): Promise<unknown> {
    return JSON.parse(await this.vtysh(`${command} json`));
  }

  /** Gives configuration commands, the first below the root: `router bgp 60100`, `neighbor …`. */
  async configure(...commands: string[]): Promise<void> {
    await this.vtysh('configure terminal', ...commands);
  }

  async established(neighbor: string): Promise<boolean> {
    const view = (await this.json(`show bgp neighbors ${neighbor}`)) as Record<string, { bgpState?: string }>;
    return view[neighbor]?.bgpState === 'Established';
  }

  /** Paths of the table it imported into; FRR names the route distinguisher only in its VPN table. */
  async paths(prefix: string): Promise<PeerPath[]> {
    const [imported, received] = await Promise.all([
      this.json(`show bgp ipv4 unicast ${prefix}`) as Promise<FrrRoute>,
      this.vpnPaths(prefix),
    ]);
    const paths = imported.paths ?? [];
    const winner = paths.find((path) => path.bestpath?.overall === true)?.bestpath?.selectionReason;
    return paths.map((path) => {
      const shared = frrPath(path, prefix, null);
      const { rd } = received.find(
        (each) => each.nextHop === shared.nextHop && each.label === shared.label,
      ) ?? { rd: null };
      return { ...shared, rd, reason: winner ?? null };
    });
  }

  /** Paths as received, one table per route distinguisher: `show bgp ipv4 vpn PREFIX`. */
  async vpnPaths(prefix: string): Promise<PeerPath[]> {
    const byRd = (await this.json(`show bgp ipv4 vpn ${prefix}`)) as Record<string, FrrRoute>;
    return Object.entries(byRd).flatMap(([rd, route]) =>
      (route.paths ?? []).map((path) => frrPath(path, prefix, rd)),
    );
  }

  async show(prefix: string): Promise<Shown> {
    const command = `show bgp ipv4 unicast ${prefix}`;
    return { command: `vtysh -c '${command}'`, output: await this.vtysh(command) };
  }

  async setMultipath(on: boolean): Promise<string> {
    const line = `maximum-paths ${on ? 8 : 1}`;
    await this.configure(`router bgp ${this.#settings.asn}`, 'address-family ipv4 unicast', line);
    return line;
  }

  /** Ends the daemon and removes its folder. */
  async stop(): Promise<void> {
    await takeDown(this.#process, this.#folder);
  }
}

interface FrrRoute {
  readonly paths?: readonly FrrPath[];
}

interface FrrPath {
  readonly nexthops: readonly { readonly ip: string }[];
  readonly remoteLabel?: number;
  readonly locPrf?: number;
  readonly metric?: number;
  readonly multipath?: boolean;
  readonly bestpath?: { readonly overall?: boolean; readonly selectionReason?: string };
  readonly extendedCommunity?: { readonly string: string };
}

function frrPath(path: FrrPath, prefix: string, rd: string | null): PeerPath {
  return {
    rd,
    prefix,
    nextHop: path.nexthops[0]?.ip ?? '0.0.0.0',
    label: path.remoteLabel ?? null,
    routeTargets: [...(path.extendedCommunity?.string ?? '').matchAll(/\bRT:(\S+)/g)]
      .map((match) => match[1]!)
      .sort(),
    localPref: path.locPrf ?? null,
    med: path.metric ?? null,
    best: path.bestpath?.overall === true,
    multipath: path.multipath === true,
    reason: path.bestpath?.selectionReason ?? null,
  };
}

/** bgpd insists on a user and a group by name, even when it changes neither. */
async function identity(): Promise<{ user: string; group: string }> {
  const { stdout } = await promisify(execFile)('id', ['-gn']);
  return { user: userInfo().username, group: stdout.trim() };
}

async function vtysh(folder: string, commands: readonly string[]): Promise<string> {
  const args = commands.flatMap((command) => ['-c', command]);
  const output = await run(thisNetwork, ['vtysh', '--config_dir', folder, '--vty_socket', folder, ...args]);
  const refused = /^% .*(?:Unknown|Ambiguous|incomplete|Invalid|Malformed).*$/im.exec(output);
  if (refused !== null) throw new Error(`vtysh -c '${commands.join("' -c '")}': ${refused[0]}`);
  return output;
}
