import { thisNetwork, type Place } from '@vaportrail/lab';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

const tshark = '/usr/bin/tshark';

export const missingTshark = (): string | false =>
  existsSync(tshark) ? false : 'tshark is not installed (Debian: apt-get install tshark)';

/** Why nothing can be captured on this loopback, or false: tap's `skip`. */
export const missingCapture = (): string | false =>
  missingTshark() || (process.getuid?.() === 0 ? false : 'capturing needs root');

export interface CapturedPort {
  readonly port: number;
  /** What tshark shall take the octets of the port for. */
  readonly protocol: 'bmp' | 'xmpp';
}

/** What passes over one TCP port of the loopback while a test runs, and what tshark says that it is. */
export class TsharkCapture {
  readonly #file: string;
  readonly #captured: CapturedPort;
  readonly #recorder: ChildProcess;

  private constructor(file: string, captured: CapturedPort, recorder: ChildProcess) {
    this.#file = file;
    this.#captured = captured;
    this.#recorder = recorder;
  }

  /** Begins; ended with its test at the latest. */
  static async start(t: Test, captured: CapturedPort, place: Place = thisNetwork): Promise<TsharkCapture> {
    const file = join(t.testdir({}), `${captured.protocol}.pcapng`);
    const command = [tshark, '-q', '-i', 'lo', '-f', `tcp port ${captured.port}`, '-w', file];
    const [program, ...args] = place.command(command);
    const recorder = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    t.teardown(() => recorder.kill('SIGKILL'));
    await new Promise<void>((started) => {
      recorder.stderr.on('data', (chunk: Buffer) => {
        if (chunk.includes('Capturing')) started();
      });
    });
    await sleep(1500); // it says so before it does so
    return new TsharkCapture(file, captured, recorder);
  }

  /** Ends; what was sent until now is in the file. */
  async stop(): Promise<void> {
    await sleep(500);
    this.#recorder.kill('SIGINT');
    await once(this.#recorder, 'exit');
  }

  /** What tshark prints of the frames that pass a display filter. */
  read(filter: string, ...options: readonly string[]): string {
    const { port, protocol } = this.#captured;
    const decodeAs = ['-d', `tcp.port==${port},${protocol}`];
    return execFileSync(tshark, ['-r', this.#file, ...decodeAs, ...options, '-Y', filter], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }
}
