/**
 * Where a process of the lab runs: this machine's own network (127.0.0.0/8, no privileges needed), or a network
 * namespace of its own with the addresses of the real lab (root, or CAP_SYS_ADMIN and CAP_NET_ADMIN).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A network some process can be started in. */
export interface Place {
  readonly name: string;
  /** The command line that runs `command` in this place. */
  command(command: readonly string[]): readonly string[];
}

/** The network this process itself is in. */
export const thisNetwork: Place = { name: 'this network', command: (command) => command };

/** Runs a command to its end in a place; yields its standard output. @throws Error with what the command said */
export async function run(place: Place, command: readonly string[], timeout = 10_000): Promise<string> {
  const [program, ...args] = place.command(command);
  try {
    const { stdout } = await execute(program!, args, { timeout, maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr, stdout, message } = error as Error & { stderr?: string; stdout?: string };
    const said = [stderr, stdout].map((text) => text?.trim() ?? '').find((text) => text !== '') ?? message;
    throw new Error(`${command.join(' ')}: ${said}`, { cause: error });
  }
}

const ip = (...args: string[]): Promise<string> => run(thisNetwork, ['ip', ...args]);

let ordinal = 0;

/** A network namespace made for this process; {@link Namespace.remove} deletes it with everything inside. */
export class Namespace implements Place {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Makes a namespace called `vt-<pid>-<n>-<label>` with its loopback up. @throws Error when not permitted */
  static async create(label: string): Promise<Namespace> {
    const namespace = new Namespace(`vt-${process.pid}-${ordinal++}-${label}`);
    await ip('netns', 'add', namespace.name);
    await namespace.ip('link', 'set', 'lo', 'up');
    return namespace;
  }

  /** Why namespaces cannot be made here, or `undefined` when they can. */
  static async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux') return 'network namespaces need Linux';
    if (!['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'].some((path) => existsSync(path))) {
      return 'network namespaces need the ip command (Debian: apt-get install iproute2)';
    }
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    try {
      await (await Namespace.create('probe')).remove();
      return undefined;
    } catch (error) {
      return `network namespaces are not permitted here: ${(error as Error).message}`;
    }
  }

  command(command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  /** Runs `ip` inside. */
  ip(...args: string[]): Promise<string> {
    return ip('-n', this.name, ...args);
  }

  /** Adds an address with its prefix length to an interface, the loopback unless named. */
  async addAddress(address: string, device = 'lo'): Promise<void> {
    await this.ip('address', 'add', address.includes('/') ? address : `${address}/32`, 'dev', device);
  }

  /** Sends a prefix out of an interface, from a given source address. */
  async addRoute(prefix: string, device: string, source?: string): Promise<void> {
    await this.ip('route', 'add', prefix, 'dev', device, ...(source === undefined ? [] : ['src', source]));
  }

  /** Connects two namespaces with a pair of virtual Ethernet interfaces, both up; names have at most 15 letters. */
  async connect(other: Namespace, device: string, otherDevice: string): Promise<void> {
    await this.ip('link', 'add', device, 'type', 'veth', 'peer', 'name', otherDevice, 'netns', other.name);
    await this.ip('link', 'set', device, 'up');
    await other.ip('link', 'set', otherDevice, 'up');
  }

  /** Takes a link down or brings it back: a cable pulled and plugged. */
  async setLink(device: string, state: 'up' | 'down'): Promise<void> {
    await this.ip('link', 'set', device, state);
  }

  /** Deletes the namespace with all interfaces in it. */
  async remove(): Promise<void> {
    await ip('netns', 'delete', this.name);
  }
}

/**
 * Addresses of 127.0.0.0/8 that no other process of the lab uses: a block of 254 chosen by process id, so runs in
 * parallel do not meet although all use the same ports.
 */
export class LoopbackBlock {
  /** What was taken of each block, by whichever instance. */
  static readonly #taken = new Map<string, number>();
  readonly #network: string;

  constructor(pid = process.pid) {
    const block = pid % (100 * 250);
    this.#network = `127.${2 + Math.floor(block / 250)}.${2 + (block % 250)}`;
  }

  /** The next unused address. @throws RangeError after 254 */
  take(): string {
    const taken = (LoopbackBlock.#taken.get(this.#network) ?? 0) + 1;
    if (taken > 254) throw new RangeError(`${this.#network}.0/24 has no address left`);
    LoopbackBlock.#taken.set(this.#network, taken);
    return `${this.#network}.${taken}`;
  }
}
