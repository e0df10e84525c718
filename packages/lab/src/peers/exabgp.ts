/** ExaBGP: no table and no choice of paths, but it prints every message it receives as JSON and sends what it is told. */
import { appendFile, chmod, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
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

/** Where `exabgp` is, or what to install. */
export const findExabgp = (): Found =>
  findProgram(['exabgp'], 'ExaBGP is not installed (Debian, Ubuntu: apt-get install exabgp)');

export interface ExabgpSettings {
  readonly asn: number;
  readonly routerId: string;
  readonly address: string;
  readonly port?: number;
  readonly neighbor: {
    readonly address: string;
    readonly asn: number;
    /** Port to connect to; without it ExaBGP waits for the neighbour. */
    readonly port?: number;
  };
  readonly hold?: number;
  /** ExaBGP's names: default `ipv4 mpls-vpn`. */
  readonly families?: readonly string[];
  /** Lines of the capability section: `add-path send/receive;`. */
  readonly capabilities?: readonly string[];
  /** Further lines of the neighbour: `static { … }`. */
  readonly settings?: readonly string[];
}

/** One line ExaBGP printed: a state change, or a message. */
export interface ExabgpEvent {
  readonly type: string;
  readonly neighbor: {
    readonly state?: string;
    readonly reason?: string;
    readonly message?: Readonly<Record<string, unknown>>;
    readonly [field: string]: unknown;
  };
}

const DEFAULT_PORT = 1790;

/** The configuration file of ExaBGP; `script` is the process that gets the events and gives the commands. */
export function exabgpConfig(settings: ExabgpSettings, script: string): string {
  const { asn, routerId, address, port = DEFAULT_PORT, neighbor, hold = 30 } = settings;
  const { families = ['ipv4 mpls-vpn'], capabilities = [] } = settings;
  return [
    'process lab {',
    `  run ${script};`,
    '  encoder json;',
    '}',
    `neighbor ${neighbor.address} {`,
    `  router-id ${routerId};`,
    `  local-address ${address};`,
    `  local-as ${asn};`,
    `  peer-as ${neighbor.asn};`,
    `  hold-time ${hold};`,
    ...(neighbor.port === undefined
      ? [`  listen ${port};`, '  passive true;']
      : [`  connect ${neighbor.port};`]),
    '  family {',
    ...families.map((family) => `    ${family};`),
    '  }',
    '  capability {',
    ...['route-refresh enable;', ...capabilities].map((line) => `    ${line}`),
    '  }',
    '  api {',
    '    processes [ lab ];',
    '    neighbor-changes;',
    '    receive { parsed; open; update; notification; refresh; }',
    '  }',
    ...(settings.settings ?? []).map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

export class Exabgp {
  readonly kind = 'exabgp';
  readonly address: string;
  readonly port: number;
  readonly #folder: string;
  readonly #process: DaemonProcess;

  private constructor(settings: ExabgpSettings, folder: string, daemon: DaemonProcess) {
    this.address = settings.address;
    this.port = settings.port ?? DEFAULT_PORT;
    this.#folder = folder;
    this.#process = daemon;
  }

  /** @throws PeerMissing when it is not installed; Error with its last words when it does not come up */
  static async start(settings: ExabgpSettings, place: Place = thisNetwork): Promise<Exabgp> {
    const program = installed(findExabgp());
    const folder = await temporaryFolder('exabgp');
    await writeConfig(folder, 'events', '');
    await writeConfig(folder, 'commands', '');
    const lines = [
      '#!/bin/sh',
      `echo started >> ${folder}/started`,
      // A shell gives what runs in the background an empty input, unless it is told otherwise.
      'exec 3<&0',
      `cat <&3 >> ${folder}/events &`,
      // Ends with ExaBGP, however that ends.
      `exec tail -n +1 --pid=$PPID -f ${folder}/commands`,
      '',
    ];
    const script = await writeConfig(folder, 'lab.sh', lines.join('\n'));
    await chmod(script, 0o755);
    const config = await writeConfig(folder, 'exabgp.conf', exabgpConfig(settings, script));
    const { port = DEFAULT_PORT, address, neighbor } = settings;
    // prettier-ignore
    const environment = [
      `exabgp.daemon.user=${userInfo().username}`, 'exabgp.log.destination=stdout', 'exabgp.log.level=INFO',
      'exabgp.api.ack=false', 'exabgp.api.cli=false',
      ...(neighbor.port === undefined ? [`exabgp.tcp.bind=${address}`, `exabgp.tcp.port=${port}`] : []),
    ];
    const daemon = new DaemonProcess('exabgp', ['env', ...environment, program, config], place, folder);
    return bringUp(daemon, folder, async () => {
      await daemon.answers(() => readFile(`${folder}/started`, 'utf8'));
      return new Exabgp(settings, folder, daemon);
    });
  }

  get process(): DaemonProcess {
    return this.#process;
  }

  /** Gives it a command: `announce route 10.0.0.0/24 next-hop self`. */
  async command(text: string): Promise<void> {
    await appendFile(`${this.#folder}/commands`, `${text}\n`);
  }

  /** Everything it has told so far. */
  async events(): Promise<ExabgpEvent[]> {
    const text = await readFile(`${this.#folder}/events`, 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as ExabgpEvent);
  }

  /** Whether its session is up now. */
  async established(): Promise<boolean> {
    const states = (await this.events()).filter(({ type }) => type === 'state');
    return states.at(-1)?.neighbor.state === 'up';
  }

  /** Ends the daemon and removes its folder. */
  async stop(): Promise<void> {
    await takeDown(this.#process, this.#folder);
  }
}
