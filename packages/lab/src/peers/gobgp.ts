/**
 * GoBGP: a VPN table with one best path per route distinguisher, route target constraint, and a VRF that lists every
 * imported path without choosing among them.
 */
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
import { installed, type Peer, type PeerPath, type Shown } from './peer.ts';

/** Where `gobgpd` is, or what to install. */
export const findGobgp = (): Found =>
  findProgram(['gobgpd'], 'GoBGP is not installed (Debian, Ubuntu: apt-get install gobgpd)');

export interface GobgpNeighbor {
  readonly address: string;
  readonly asn: number;
  /** Port to connect to; without it GoBGP waits for the neighbour. */
  readonly port?: number;
  readonly hold?: number;
  readonly keepalive?: number;
  /** GoBGP's names: default `l3vpn-ipv4-unicast` and `rtc`. */
  readonly families?: readonly string[];
  /** Receive and send this many paths per prefix. */
  readonly addPaths?: { readonly receive: boolean; readonly sendMax: number };
  readonly routeReflectorClient?: boolean;
  readonly password?: string;
}

export interface GobgpVrf {
  readonly name: string;
  readonly routeDistinguisher: string;
  readonly routeTargets: readonly string[];
}

export interface GobgpSettings {
  readonly asn: number;
  readonly routerId: string;
  readonly address: string;
  readonly port?: number;
  readonly neighbors: readonly GobgpNeighbor[];
  readonly vrfs?: readonly GobgpVrf[];
  /** Further tables in TOML. */
  readonly after?: string;
}

const DEFAULT_PORT = 1790;
const API_PORT = 50051;

/** The configuration file of gobgpd, in TOML. */
export function gobgpConfig(settings: GobgpSettings): string {
  const { asn, routerId, address, port = DEFAULT_PORT, vrfs = [], neighbors } = settings;
  return [
    '[global.config]',
    `  as = ${asn}`,
    `  router-id = "${routerId}"`,
    `  port = ${port}`,
    `  local-address-list = ["${address}"]`,
    ...vrfs.flatMap((vrf, index) => [
      '',
      '[[vrfs]]',
      '  [vrfs.config]',
      `    name = "${vrf.name}"`,
      `    id = ${index + 1}`,
      `    rd = "${vrf.routeDistinguisher}"`,
      `    both-rt-list = [${vrf.routeTargets.map((target) => `"${target}"`).join(', ')}]`,
    ]),
    ...neighbors.flatMap((neighbor) => gobgpNeighbor(neighbor, address)),
    ...(settings.after === undefined ? [] : ['', settings.after]),
    '',
  ].join('\n');
}

function gobgpNeighbor(neighbor: GobgpNeighbor, localAddress: string): string[] {
  const { port, hold = 30, keepalive = 10, families = ['l3vpn-ipv4-unicast', 'rtc'] } = neighbor;
  return [
    '',
    '[[neighbors]]',
    '  [neighbors.config]',
    `    neighbor-address = "${neighbor.address}"`,
    `    peer-as = ${neighbor.asn}`,
    ...(neighbor.password === undefined ? [] : [`    auth-password = "${neighbor.password}"`]),
    '  [neighbors.timers.config]',
    `    hold-time = ${hold}`,
    `    keepalive-interval = ${keepalive}`,
    '    idle-hold-time-after-reset = 1',
    '    connect-retry = 5',
    '  [neighbors.transport.config]',
    port === undefined ? '    passive-mode = true' : `    remote-port = ${port}`,
    `    local-address = "${localAddress}"`,
    ...(neighbor.routeReflectorClient === true
      ? ['  [neighbors.route-reflector.config]', '    route-reflector-client = true']
      : []),
    ...families.flatMap((family) => [
      '  [[neighbors.afi-safis]]',
      '    [neighbors.afi-safis.config]',
      `      afi-safi-name = "${family}"`,
      ...(neighbor.addPaths === undefined
        ? []
        : [
            '    [neighbors.afi-safis.add-paths.config]',
            `      receive = ${neighbor.addPaths.receive}`,
            `      send-max = ${neighbor.addPaths.sendMax}`,
          ]),
    ]),
  ];
}

export class Gobgp implements Peer {
  readonly kind = 'gobgp';
  readonly title: string;
  readonly address: string;
  readonly port: number;
  readonly #settings: GobgpSettings;
  readonly #folder: string;
  readonly #process: DaemonProcess;
  readonly #place: Place;

  private constructor(
    settings: GobgpSettings,
    folder: string,
    daemon: DaemonProcess,
    place: Place,
    version: string,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#process = daemon;
    this.#place = place;
    this.address = settings.address;
    this.port = settings.port ?? DEFAULT_PORT;
    this.title = `GoBGP ${version} at ${this.address}:${this.port}`;
  }

  /**
   * Starts gobgpd and waits until its API answers.
   * @throws PeerMissing when it is not installed; Error with its last words when it does not come up
   */
  static async start(settings: GobgpSettings, place: Place = thisNetwork): Promise<Gobgp> {
    const program = installed(findGobgp());
    const folder = await temporaryFolder('gobgp');
    const config = await writeConfig(folder, 'gobgpd.toml', gobgpConfig(settings));
    const api = `${settings.address}:${API_PORT}`;
    // Without --pprof-disable it also listens on localhost:6060.
    const daemon = new DaemonProcess(
      'gobgpd',
      [program, '-f', config, '-l', 'info', '--api-hosts', api, '--pprof-disable'],
      place,
    );
    return bringUp(daemon, folder, async () => {
      await daemon.answers(async () => gobgp(place, settings.address, ['global', '-j']));
      const version = /(\d+\.\d+\S*)/.exec(await run(place, [program, '--version']))?.[1] ?? '';
      return new Gobgp(settings, folder, daemon, place, version);
    });
  }

  get access(): string {
    return this.#place
      .command(['gobgp', '-u', this.address, '-p', String(API_PORT), 'global', 'rib', '-a', 'vpnv4'])
      .join(' ');
  }

  get folder(): string {
    return this.#folder;
  }

  get process(): DaemonProcess {
    return this.#process;
  }

  /** Gives a command to the gobgp client and yields what it prints. */
  async gobgp(...command: string[]): Promise<string> {
    return gobgp(this.#place, this.address, command);
  }

  /** A command in GoBGP's own JSON. */
  async json(...command: string[]): Promise<unknown> {
    return JSON.parse((await this.gobgp(...command, '-j')) || 'null');
  }

  async established(neighbor: string): Promise<boolean> {
    const view = (await this.json('neighbor', neighbor)) as { state?: { session_state?: number | string } };
    return view.state?.session_state === 6 || view.state?.session_state === 'ESTABLISHED';
  }

  /** All paths of its VPN table for a prefix. GoBGP cannot filter this family itself. */
  async paths(prefix: string): Promise<PeerPath[]> {
    return (await this.vpnPaths()).filter((path) => path.prefix === prefix);
  }

  /** The whole VPN table: `gobgp global rib -a vpnv4`. */
  async vpnPaths(): Promise<PeerPath[]> {
    const rib = (await this.json('global', 'rib', '-a', 'vpnv4')) as Record<string, GobgpPath[]> | null;
    return Object.values(rib ?? {}).flatMap((paths) => paths.map(gobgpPath));
  }

  async show(prefix: string): Promise<Shown> {
    const command = ['global', 'rib', '-a', 'vpnv4'];
    const lines = (await this.gobgp(...command)).split('\n');
    const output = lines.filter((line, index) => index === 0 || line.includes(`:${prefix} `)).join('\n');
    return { command: `gobgp ${command.join(' ')}`, output };
  }

  /** GoBGP's VRF lists every imported path and chooses none; there is no knob. */
  async setMultipath(): Promise<undefined> {
    return undefined;
  }

  /** Ends the daemon and removes its folder. */
  async stop(): Promise<void> {
    await takeDown(this.#process, this.#folder);
  }

  /** What it was started with. */
  get settings(): GobgpSettings {
    return this.#settings;
  }
}

interface GobgpPath {
  readonly nlri: {
    readonly prefix: string;
    readonly labels?: readonly number[];
    readonly rd?: { readonly admin: string | number; readonly assigned: number };
  };
  readonly best?: boolean;
  readonly attrs: readonly {
    readonly type: number;
    readonly value?: unknown;
    readonly metric?: number;
    readonly nexthop?: string;
  }[];
}

function gobgpPath(path: GobgpPath): PeerPath {
  const attribute = (type: number) => path.attrs.find((each) => each.type === type);
  const { rd } = path.nlri;
  const communities = (attribute(16)?.value ?? []) as { type: number; subtype: number; value?: string }[];
  return {
    rd: rd === undefined ? null : `${rd.admin}:${rd.assigned}`,
    prefix: path.nlri.prefix,
    nextHop: attribute(14)?.nexthop ?? attribute(3)?.nexthop ?? '0.0.0.0',
    label: path.nlri.labels?.[0] ?? null,
    routeTargets: communities
      .filter((each) => each.type <= 2 && each.subtype === 2)
      .map((each) => each.value!)
      .sort(),
    localPref: (attribute(5)?.value as number | undefined) ?? null,
    med: attribute(4)?.metric ?? null,
    best: path.best === true,
    multipath: false,
    reason: null,
  };
}

async function gobgp(place: Place, address: string, command: readonly string[]): Promise<string> {
  return run(place, ['gobgp', '-u', address, '-p', String(API_PORT), ...command]);
}
