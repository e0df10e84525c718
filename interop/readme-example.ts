/** The examples of the README of bgp, run in processes of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const root = new URL('../../', import.meta.url);
const readme = await readFile(new URL('packages/bgp/README.md', root), 'utf8');

/** An example that runs. */
export interface Example {
  /** What it has written so far. */
  readonly printed: () => string;
  /** Ends it as Ctrl-C does. */
  readonly interrupt: () => Promise<number | null>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

let started = 0;

/**
 * Runs the program below a heading of the README, with other texts in some places, until it ends or the test does.
 * @throws Error when one of the places is not there
 */
export async function runningExample(
  t: Test,
  heading: string,
  changes: Readonly<Record<string, string>>,
): Promise<Example> {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`));
  let code = /^```js\n(.*?)^```$/ms.exec(section)![1]!;
  for (const [printed, here] of Object.entries(changes)) {
    if (!code.includes(printed)) throw new Error(`no ${printed} below ${heading}`);
    code = code.replace(printed, here);
  }
  // In the repository, where packages are found by their names.
  const script = fileURLToPath(new URL(`interop/example-${process.pid}-${started++}.mjs`, root));
  await writeFile(script, code);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(async ([code]) => {
    await rm(script);
    return code as number | null;
  });
  const interrupt = (): Promise<number | null> => {
    child.kill('SIGINT');
    return ended;
  };
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { printed: () => text, interrupt, ended };
}
