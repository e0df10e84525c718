/** BIRD 2: a VPNv4 table with a strict parser; no import into a VRF in version 2.0, and no JSON. */
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

/** Where `bird` is, or what to install. */
export const findBird = (): Found =>
  findProgram(['bird'], 'BIRD is not installed (Debian, Ubuntu: apt-get install bird2)');

export interface BirdNeighbor {
  /** Protocol instance: a letter, then letters and digits. */
  readonly name: string;
  readonly address: string;
  readonly asn: number;
  /** Port to connect to; without it BIRD waits for the neighbour. */
  readonly port?: number;
  readonly hold?: number;
  /** Channels in BIRD's syntax; default VPNv4 into the table `vpntab`. */
  readonly channels?: readonly string[];
  /** Further lines of the protocol: `rr client;`, `password "secret";`. */
  readonly settings?: readonly string[];
}

export interface BirdSettings {
  readonly asn: number;
  readonly routerId: string;
  readonly address: string;
  readonly port?: number;
  readonly neighbors: readonly BirdNeighbor[];
  /** Further lines: filters, static protocols. */
  readonly after?: readonly string[];
}

const DEFAULT_PORT = 1790;
const VPN_CHANNEL = 'vpn4 mpls { table vpntab; import all; export all; next hop keep; };';

/** The configuration file of bird. */
export function birdConfig(settings: BirdSettings): string {
  const { asn, routerId, address, port = DEFAULT_PORT } = settings;
  return [
    `router id ${routerId};`,
    'vpn4 table vpntab;',
    'protocol device {}',
    ...settings.neighbors.flatMap((neighbor) => [
      `protocol bgp ${neighbor.name} {`,
      `  local ${address} port ${port} as ${asn};`,
      `  neighbor ${neighbor.address} ${neighbor.port === undefined ? '' : `port ${neighbor.port} `}as ${neighbor.asn};`,
      '  multihop;',
      '  strict bind yes;',
      `  passive ${neighbor.port === undefined ? 'yes' : 'no'};`,
      `  hold time ${neighbor.hold ?? 30};`,
      '  error wait time 1, 1;',
      '  error forget time 1;',
      '  connect delay time 1;',
      ...(neighbor.settings ?? []).map((line) => `  ${line}`),
      ...(neighbor.channels ?? [VPN_CHANNEL]).map((line) => `  ${line}`),
      '}',
    ]),
    ...(settings.after ?? []),
    '',
  ].join('\n');
}

export class Bird implements Peer {
  readonly kind = 'bird';
  readonly title: string;
  readonly address: string;
  readonly port: number;
  readonly #folder: string;
  readonly #settings: BirdSettings;
  readonly #process: DaemonProcess;

  private constructor(settings: BirdSettings, folder: string, daemon: DaemonProcess, version: string) {
    this.#settings = settings;
    this.#folder = folder;
    this.#process = daemon;
    this.address = settings.address;
    this.port = settings.port ?? DEFAULT_PORT;
    this.title = `BIRD ${version} at ${this.address}:${this.port}`;
  }

  /** @throws PeerMissing when it is not installed; Error with its last words when it does not come up */
  static async start(settings: BirdSettings, place: Place = thisNetwork): Promise<Bird> {
    const program = installed(findBird());
    const folder = await temporaryFolder('bird');
    const config = await writeConfig(folder, 'bird.conf', birdConfig(settings));
    const daemon = new DaemonProcess(
      'bird',
      [program, '-f', '-c', config, '-s', `${folder}/bird.ctl`, '-P', `${folder}/bird.pid`],
      place,
    );
    return bringUp(daemon, folder, async () => {
      const version = await daemon.answers(
        async () => /BIRD (\S+)/.exec(await birdc(folder, 'show status'))?.[1],
      );
      return new Bird(settings, folder, daemon, version);
    });
  }

  get access(): string {
    return `birdc -s ${this.#folder}/bird.ctl show route table vpntab all`;
  }

  get process(): DaemonProcess {
    return this.#process;
  }

  /** Gives a command to birdc and yields what it prints. */
  async birdc(command: string): Promise<string> {
    return birdc(this.#folder, command);
  }

  async established(neighbor: string): Promise<boolean> {
    const { name } = this.#settings.neighbors.find((each) => each.address === neighbor) ?? {};
    return (
      name !== undefined && /BGP state:\s+Established/.test(await this.birdc(`show protocols all ${name}`))
    );
  }

  /** All paths of its VPN table for a prefix, read from BIRD's text. */
  async paths(prefix: string): Promise<PeerPath[]> {
    return (await this.vpnPaths()).filter((path) => path.prefix === prefix);
  }

  /** All paths of its VPN table. */
  async vpnPaths(): Promise<PeerPath[]> {
    return parseBirdRoutes(await this.birdc('show route table vpntab all'));
  }

  async show(prefix: string): Promise<Shown> {
    const command = 'show route table vpntab all';
    const [address, length] = prefix.split('/');
    const where = `${command} where net.type = NET_VPN4 && net.ip = ${address} && net.len = ${length}`;
    return { command: `birdc ${command}`, output: await this.birdc(where) };
  }

  /** BIRD 2.0 keeps VPN routes and forwards none of them: no knob. */
  async setMultipath(): Promise<undefined> {
    return undefined;
  }

  /** Ends the daemon and removes its folder. */
  async stop(): Promise<void> {
    await takeDown(this.#process, this.#folder);
  }
}

/**
 * Reads `show route … all`. A route line begins with the network (`10.1.1.1:1 101.101.101.252/32`) or, for a further
 * path of the same network, with blanks; a star marks the best; attributes follow, one a line after a tab.
 */
export function parseBirdRoutes(text: string): PeerPath[] {
  const paths: { -readonly [K in keyof PeerPath]: PeerPath[K] }[] = [];
  let net = { rd: '', prefix: '' };
  for (const line of text.split('\n')) {
    const head =
      /^(?:(\S+:\S+) (\S+\/\d+)|\s+)\s+(?:unicast|unreachable|blackhole) \[(\S+)[^\]]*\](.*)$/.exec(line);
    if (head !== null) {
      if (head[1] !== undefined) net = { rd: head[1], prefix: head[2]! };
      paths.push({
        ...net,
        nextHop: '0.0.0.0',
        label: null,
        routeTargets: [],
        localPref: null,
        med: null,
        best: head[4]!.includes(' * '),
        multipath: false,
        reason: null,
      });
      continue;
    }
    const path = paths.at(-1);
    const attribute = /^\tBGP\.(\w+): (.*)$/.exec(line);
    if (path === undefined || attribute === null) continue;
    const [, name, value = ''] = attribute;
    if (name === 'next_hop') path.nextHop = value.trim();
    if (name === 'local_pref') path.localPref = Number(value);
    if (name === 'med') path.med = Number(value);
    if (name === 'mpls_label_stack') path.label = Number(value.trim().split(/[\s/]+/)[0]);
    if (name === 'ext_community') {
      path.routeTargets = [...value.matchAll(/\(rt, ([^,]+), (\d+)\)/g)].map((m) => `${m[1]}:${m[2]}`).sort();
    }
  }
  return paths;
}

async function birdc(folder: string, command: string): Promise<string> {
  return run(thisNetwork, ['birdc', '-s', `${folder}/bird.ctl`, ...command.split(' ')]);
}
