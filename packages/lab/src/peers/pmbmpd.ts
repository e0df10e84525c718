/** pmbmpd of pmacct: a BMP station that writes what it understood of each message as a line of JSON. */
import { readFile } from 'node:fs/promises';
import {
  bringUp,
  DaemonProcess,
  findProgram,
  takeDown,
  temporaryFolder,
  writeConfig,
  type Found,
} from '../daemon-process.ts';
import { thisNetwork, type Place } from '../namespace.ts';
import { installed } from './peer.ts';

/** Where `pmbmpd` is, or what to install. */
export const findPmbmpd = (): Found =>
  findProgram(['pmbmpd'], 'pmbmpd is not installed (Debian, Ubuntu: apt-get install pmacct)');

export interface PmbmpdSettings {
  readonly address: string;
  readonly port?: number;
}

/** One line it wrote: a message of a router, or its own note that the connection began or ended (`log_init`). */
export interface PmbmpdEvent {
  readonly event_type: 'log' | 'log_init' | 'log_close';
  /** Of a message: `init`, `peer_up`, `route_monitor`, `stats`, `peer_down`, `term`. */
  readonly bmp_msg_type?: string;
  /** Address the router connected from, and its port. */
  readonly bmp_router: string;
  readonly bmp_router_port?: number;
  readonly [field: string]: unknown;
}

/** The usual port of a BMP station. */
const DEFAULT_PORT = 1790;

export class Pmbmpd {
  readonly kind = 'pmbmpd';
  readonly address: string;
  readonly port: number;
  readonly process: DaemonProcess;
  readonly #folder: string;

  private constructor(settings: Required<PmbmpdSettings>, folder: string, daemon: DaemonProcess) {
    this.address = settings.address;
    this.port = settings.port;
    this.process = daemon;
    this.#folder = folder;
  }

  /** @throws PeerMissing when it is not installed; Error with its last words when it does not come up */
  static async start(settings: PmbmpdSettings, place: Place = thisNetwork): Promise<Pmbmpd> {
    const program = installed(findPmbmpd());
    const { address, port = DEFAULT_PORT } = settings;
    const folder = await temporaryFolder('pmbmpd');
    const config = await writeConfig(
      folder,
      'pmbmpd.conf',
      [
        `bmp_daemon_ip: ${address}`,
        `bmp_daemon_port: ${port}`,
        `bmp_daemon_msglog_file: ${folder}/messages`,
        '',
      ].join('\n'),
    );
    const daemon = new DaemonProcess('pmbmpd', [program, '-f', config], place, folder);
    return bringUp(daemon, folder, async () => {
      await daemon.answers(async () => (daemon.output.includes('waiting for BMP data') ? true : undefined));
      return new Pmbmpd({ address, port }, folder, daemon);
    });
  }

  /** What it printed of messages that it could not read. */
  get complaints(): string[] {
    return this.process.output.split('\n').filter((line) => /^(WARN|ERROR)|discarded/.test(line));
  }

  /** Everything it has understood so far. */
  async events(): Promise<PmbmpdEvent[]> {
    const text = await readFile(`${this.#folder}/messages`, 'utf8').catch(() => '');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as PmbmpdEvent);
  }

  /** Ends the daemon and removes its folder. */
  async stop(): Promise<void> {
    await takeDown(this.process, this.#folder);
  }
}
