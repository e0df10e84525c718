/**
 * One haproxy for one load balancer: written, checked, started, loaded anew when something changes, started again when it
 * dies, and ended with the agent. It runs with a master process, which is the one that is known by its id: it passes
 * signals on, keeps the sockets while workers change, and its workers end when it does.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clock, Timer } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';
import { AgentError } from '../agent-error.ts';
import type { HaproxyConfig, LoadBalancerConfig } from './config.ts';
import { haproxyConfiguration } from './haproxy-configuration.ts';
import { askHaproxy, runningGeneration } from './haproxy-statistics.ts';

const execute = promisify(execFile);

/** Milliseconds a proxy may take to work with what it was given, and to leave after it was told to. */
const LOAD_PATIENCE = 10_000;
const STOP_PATIENCE = 3000;
const ASK_INTERVAL = 20;
/** Seconds at the most between two starts of a proxy that dies, and how long it must live to be trusted again. */
const LONGEST_DELAY = 60;
const TRUSTED_AFTER = 60;
/** Octets of the proxy's own words that are kept. */
const KEPT_OUTPUT = 4096;
/** A state file that knows no server, in the first version of its format. */
const NO_STATE = '1\n';
/** Debian's package makes this user. */
const USER = 'haproxy';

/** Where administrators' programs are is not among the folders of every user. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What the proxy needs of its node. */
export interface HaproxyOptions {
  readonly config: HaproxyConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the proxy begins to serve, or does not serve any more. */
  readonly changed: () => void;
}

/** The process of one load balancer, started again when it dies. */
export class Haproxy {
  readonly #options: HaproxyOptions;
  readonly #folder: string;
  #wanted: LoadBalancerConfig | undefined;
  #dirty = false;
  #working: Promise<void> | undefined;
  #child: ChildProcess | undefined;
  #stopping = false;
  #retry: Timer | undefined;
  #output = '';
  #startedAt = 0;
  #starts = 0;
  #failures = 0;
  /** Addresses added to the namespace. */
  #addresses = new Set<string>();
  /** Whether clients are served with the address of the load balancer. */
  serving = false;
  reloads = 0;
  /** Why it does not serve, or does not serve what it was last told to. */
  lastError: string | undefined;

  constructor(uuid: string, options: HaproxyOptions) {
    this.#options = options;
    this.#folder = join(options.config.folder, uuid);
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Times it was started after it had died. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** Whether there is something it does not work with yet. */
  get loading(): boolean {
    return this.#working !== undefined;
  }

  /** Path of the socket that it answers on about itself. */
  get socket(): string {
    return join(this.#folder, 'stats.sock');
  }

  /** Makes the proxy be what the settings say, started or loaded anew; what cannot be used leaves it as it was. */
  apply(balancer: LoadBalancerConfig): void {
    this.#wanted = balancer;
    this.#begin();
  }

  /** Ends when what was applied last is in use, or has failed. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Ends the proxy and removes its files. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#retry?.cancel();
    await this.settled();
    await this.#end();
    for (const address of this.#addresses) await this.#ip('del', address).catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  #begin(): void {
    this.#dirty = true;
    this.#retry?.cancel();
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async #work(): Promise<void> {
    while (this.#dirty && !this.#stopping) {
      this.#dirty = false;
      try {
        await this.#bring(this.#wanted!);
        this.lastError = undefined;
        this.#serves(true);
      } catch (error) {
        this.#failed((error as Error).message);
      }
    }
  }

  async #bring(balancer: LoadBalancerConfig): Promise<void> {
    const { program } = this.#options.config;
    const text = haproxyConfiguration(balancer, {
      socket: this.socket,
      state: join(this.#folder, 'state'),
      ...(process.getuid?.() === 0 && (await userExists()) ? { user: USER } : {}),
    });
    await mkdir(this.#folder, { recursive: true, mode: 0o755 });
    const path = join(this.#folder, 'haproxy.conf');
    await writeFile(`${path}.new`, text);
    if (this.#child === undefined) await writeFile(join(this.#folder, 'state'), NO_STATE);
    await execute(program, ['-c', '-q', '-f', `${path}.new`], { timeout: LOAD_PATIENCE, env }).catch(
      (error: Error & { code?: unknown; stderr?: string }) => {
        throw new AgentError(
          error.code === 'ENOENT'
            ? `there is no program ${program} (Debian: apt-get install haproxy)`
            : `haproxy refuses its configuration: ${alerts(error.stderr ?? error.message)}`,
        );
      },
    );
    await rename(`${path}.new`, path);
    await this.#address(balancer.address);
    const generation = /^ *description (\S+)$/m.exec(text)![1]!;
    if (this.#child === undefined) {
      this.#start(path);
      await this.#loaded(generation);
    } else if ((await runningGeneration(this.socket).catch(() => undefined)) !== generation) {
      await this.#reload();
      await this.#loaded(generation);
      this.reloads++;
    }
    for (const address of this.#addresses) {
      if (address === balancer.address) continue;
      await this.#ip('del', address).catch(() => {});
      this.#addresses.delete(address);
    }
  }

  /** Puts the address on the loopback of the namespace; elsewhere it has to be there. */
  async #address(address: string): Promise<void> {
    if (this.#options.config.namespace === undefined || this.#addresses.has(address)) return;
    await this.#ip('replace', address);
    this.#addresses.add(address);
  }

  async #ip(action: 'replace' | 'del', address: string): Promise<void> {
    const { namespace } = this.#options.config;
    const prefix = `${address}/${address.includes(':') ? 128 : 32}`;
    await execute('ip', ['-n', namespace!, 'address', action, prefix, 'dev', 'lo'], { env });
  }

  #start(path: string): void {
    const { config, log, clock } = this.#options;
    const { namespace, program } = config;
    const argv = [
      // The kernel ends the proxy should the agent die without a chance to.
      ...(existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : []),
      ...(namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]),
      program,
      '-W',
      '-f',
      path,
    ];
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    this.#starts++;
    this.#startedAt = clock.now();
    this.#output = '';
    running.add(child);
    const keep = (chunk: Buffer): void => {
      const text = chunk.toString('utf8');
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      log.debug({ haproxy: text.trim() }, 'haproxy');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    log.info({ pid: child.pid, path }, 'haproxy started');
  }

  /** What is known of members goes along, so that one that is down gets no connections from the new workers. */
  async #reload(): Promise<void> {
    const state = await askHaproxy(this.socket, 'show servers state').catch(() => undefined);
    if (state !== undefined) await writeFile(join(this.#folder, 'state'), state);
    this.#child?.kill('SIGUSR2');
  }

  async #loaded(generation: string): Promise<void> {
    const deadline = Date.now() + LOAD_PATIENCE;
    for (;;) {
      if (this.#child === undefined || this.#stopping)
        throw new AgentError(`haproxy ended: ${alerts(this.#output)}`);
      const now = await runningGeneration(this.socket).catch(() => undefined);
      if (now === generation) return;
      if (Date.now() > deadline) throw new AgentError(`haproxy does not answer: ${alerts(this.#output)}`);
      await delay(ASK_INTERVAL);
    }
  }

  #ended(child: ChildProcess, how: string): void {
    running.delete(child);
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#stopping) return;
    if (this.#options.clock.now() - this.#startedAt > TRUSTED_AFTER * 1000) this.#failures = 0;
    this.#serves(false);
    // Who waits for it to be loaded says so.
    if (this.#working === undefined) this.#failed(`haproxy ended: ${how}`);
  }

  #failed(because: string): void {
    const { config, clock, log } = this.#options;
    if (this.#stopping) return;
    const seconds = Math.min(config['restart-delay'] * 2 ** this.#failures++, LONGEST_DELAY);
    log.error({ because, again: seconds }, 'haproxy');
    this.lastError = because;
    this.#retry?.cancel();
    this.#retry = clock.after(seconds * 1000, () => this.#begin());
  }

  #serves(serving: boolean): void {
    if (this.serving === serving) return;
    this.serving = serving;
    this.#options.changed();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE);
    await gone;
    clearTimeout(killer);
    this.serving = false;
  }
}

/** The lines in which haproxy says what is wrong, without dates and process ids. */
function alerts(output: string): string {
  const lines = output.split('\n').filter((line) => line.includes('[ALERT]'));
  return (
    lines.map((line) => line.replace(/^\[ALERT\]\s*\(\d+\)\s*:\s*/, '')).join('; ') || 'it does not say why'
  );
}

async function userExists(): Promise<boolean> {
  return execute('id', ['-u', USER]).then(
    () => true,
    () => false,
  );
}
