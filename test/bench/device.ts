/** The device under test: a daemon as a fresh process with its own configuration folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemons, type DaemonName } from './daemons.ts';
import { processTree } from './process-usage.ts';

/** Those that run: none outlives the bench, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A running device. */
export class Device {
  readonly name: DaemonName;
  readonly #process: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(name: DaemonName, process: ChildProcess, folder: string) {
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

  static start(name: DaemonName, address: string, port: number, clients: readonly string[]): Device {
    const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
    chmodSync(folder, 0o755);
    const [command, ...args] = daemons[name].prepare({ address, port, clients, folder }) as [
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

  /** Begins to watch how long its event loop does not come round; without effect on other daemons. */
  async watch(): Promise<void> {
    await this.#ask('watch');
  }

  /** Ends the watch. @returns milliseconds its event loop did not come round at the most; NaN for other daemons */
  longestStall(): Promise<number> {
    return this.#ask('longest stall?');
  }

  #ask(question: string): Promise<number> {
    const child = this.#process;
    if (this.name !== 'vaportrail' || !child.connected) return Promise.resolve(Number.NaN);
    return new Promise((resolve) => {
      child.once('message', (milliseconds) => resolve(Number(milliseconds)));
      child.send(question);
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
