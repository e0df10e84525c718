/** A daemon somebody else wrote, as a child of this process: started, waited for, ended by pid, its folder removed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { thisNetwork, type Place } from './namespace.ts';

/** How long a daemon may take to answer after it was started, and to leave after it was told to. */
const START_MILLISECONDS = 10_000;
const STOP_MILLISECONDS = 3_000;
/** Octets of a daemon's own output kept for error messages. */
const KEPT_OUTPUT = 16_384;

/** Folders and processes that must not outlive this process, whatever way it ends. */
const left = new Map<ChildProcess | string, () => void>();
process.once('exit', () => {
  for (const clean of left.values()) clean();
});

/** A program that was looked for: its path, or a sentence saying what is missing and how to get it. */
export type Found = { readonly path: string } | { readonly path?: undefined; readonly missing: string };

/** Looks for a program in fixed places and, for names without a slash, along PATH. */
export function findProgram(candidates: readonly string[], missing: string): Found {
  const folders = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin', '/usr/local/sbin');
  for (const candidate of candidates) {
    const paths = candidate.includes('/') ? [candidate] : folders.map((folder) => join(folder, candidate));
    const path = paths.find((each) => existsSync(each));
    if (path !== undefined) return { path };
  }
  return { missing };
}

/** A new empty folder under the machine's temporary folder. It goes away with {@link removeFolder} or this process. */
export async function temporaryFolder(label: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `vaportrail-${label}-`));
  left.set(folder, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Removes a folder that {@link temporaryFolder} made. */
export async function removeFolder(folder: string): Promise<void> {
  left.delete(folder);
  await rm(folder, { recursive: true, force: true });
}

/** Writes a configuration file into a folder; yields its path. */
export async function writeConfig(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o644 });
  return path;
}

/**
 * Yields what `ready` makes of a daemon that came up; one that did not is taken down.
 * @throws whatever `ready` throws
 */
export async function bringUp<T>(daemon: DaemonProcess, folder: string, ready: () => Promise<T>): Promise<T> {
  try {
    return await ready();
  } catch (error) {
    await takeDown(daemon, folder);
    throw error;
  }
}

/** Ends a daemon and removes its folder. */
export async function takeDown(daemon: DaemonProcess, folder: string): Promise<void> {
  await daemon.stop();
  await removeFolder(folder);
}

export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';
  #exit: string | undefined;

  /** Starts a command in a place. The kernel ends it should this process die without a chance to clean up. */
  constructor(name: string, command: readonly string[], place: Place = thisNetwork, cwd?: string) {
    this.#name = name;
    const [program, ...args] = place.command(command);
    const leash = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : [];
    const argv = [...leash, program!, ...args];
    this.#child = spawn(argv[0]!, argv.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    left.set(this.#child, () => this.#child.kill('SIGKILL'));
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    this.#child.stdout!.on('data', keep);
    this.#child.stderr!.on('data', keep);
    this.#child.on('error', (error) => (this.#exit ??= error.message));
    this.#child.on('exit', (code, signal) => {
      this.#exit ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
      left.delete(this.#child);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it printed last on either stream. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** How it ended, e.g. `exit code 0`, `signal SIGKILL`; undefined while it runs. */
  get ending(): string | undefined {
    return this.#exit;
  }

  /**
   * Asks `question` again and again until it yields something other than `undefined`.
   * @throws Error with the daemon's last words when it ends first or does not answer in time
   */
  async answers<T>(question: () => Promise<T | undefined>, milliseconds = START_MILLISECONDS): Promise<T> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      if (this.#exit !== undefined)
        throw new Error(`${this.#name} ended (${this.#exit}): ${this.#lastWords()}`);
      const answer = await question().catch(() => undefined);
      if (answer !== undefined) return answer;
      if (Date.now() > deadline) {
        throw new Error(`${this.#name} did not answer within ${milliseconds} ms: ${this.#lastWords()}`);
      }
      await sleep(20);
    }
  }

  /** Sends a signal and waits for the end; after a grace period it is killed. Stopping twice is fine. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#exit !== undefined) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MILLISECONDS);
    await gone;
    clearTimeout(timer);
  }

  #lastWords(): string {
    return this.#output.trim().split('\n').slice(-5).join('\n') || 'it printed nothing';
  }
}
