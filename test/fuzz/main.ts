/**
 * `npm run fuzz -- --minutes N [--target NAME] [--seed N] [--keep]`: mutated inputs until the time is over. Ends with
 * exit code 1 at the first exception, an input that takes too long, or memory that grows.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bgpMessages } from './bgp-messages.ts';
import { Dice } from './mutation.ts';
import { controlNodeStreams } from './control-node-streams.ts';
import { corpusOf, seedsOf, type Target } from './target.ts';
import { xmppStreams } from './xmpp-streams.ts';

const targets: Record<string, Target> = {
  'bgp-messages': bgpMessages,
  'xmpp-streams': xmppStreams,
  'control-node-streams': controlNodeStreams,
};

/** One input may take so long, at its best of several runs: the machine has other things to do. */
const LIMIT_MILLISECONDS = 5;
const ATTEMPTS = 20;
/** Inputs in one turn of the event loop. */
const INPUTS_OF_A_TURN = 100;
/** Inputs kept in a run beside the corpus. */
const MAX_FOUND = 5000;
/** Live memory may grow by so much over a run once everything is warm. */
const MAX_GROWTH_OCTETS = 16 * 1024 * 1024;
const CHECK_MILLISECONDS = 10_000;

const folder = fileURLToPath(new URL('../../fuzz/', import.meta.url));
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write('npm run fuzz -- [--minutes N] [--target NAME] [--seed N] [--keep]\n');
  process.exit(0);
}
const minutes = Number(values.minutes);
if (!(minutes > 0) || (values.target !== undefined && !(values.target in targets))) {
  process.stderr.write(`--minutes takes a number, --target one of ${Object.keys(targets).join(', ')}\n`);
  process.exit(2);
}
const chosen = Object.entries(targets).filter(
  ([name]) => values.target === undefined || name === values.target,
);
for (const [name, target] of chosen) await fuzz(name, target, (minutes * 60_000) / chosen.length);

async function fuzz(name: string, target: Target, milliseconds: number): Promise<void> {
  const seeds = seedsOf(target);
  const dice = new Dice(Number(values.seed));
  const seen = new Set(seeds.map((bytes) => target.run(bytes, new Dice(1))));
  const found: Uint8Array[] = [];
  process.stdout.write(`${name}: ${target.about}\n${name}: ${seeds.length} seeds, --seed ${values.seed}\n`);

  const { limit = LIMIT_MILLISECONDS } = target;
  const end = performance.now() + milliseconds;
  let checkAt = performance.now() + CHECK_MILLISECONDS;
  let baseline: number | undefined;
  let inputs = 0;
  let slowest = 0;
  for (let now = performance.now(); now < end; now = performance.now()) {
    const pool = found.length > 0 && dice.roll(2) === 0 ? found : seeds;
    const bytes = target.vary(dice.pick(pool), dice.pick(seeds), dice);
    const choice = dice.roll(2 ** 31);
    const start = performance.now();
    const result = attempt(name, target, bytes, choice);
    let took = performance.now() - start;
    inputs++;
    for (let again = 1; took > limit && again < ATTEMPTS; again++) {
      const repeat = performance.now();
      attempt(name, target, bytes, choice);
      took = Math.min(took, performance.now() - repeat);
    }
    if (took > limit) fail(name, bytes, `takes ${took.toFixed(1)} ms`);
    slowest = Math.max(slowest, took);
    if (!seen.has(result) && found.length < MAX_FOUND) {
      seen.add(result);
      found.push(bytes);
      if (values.keep) appendFileSync(corpusOf(target), `${Buffer.from(bytes).toString('hex')}\n`);
    }
    // What the code under test puts off to the end of a turn has to come to an end.
    if (inputs % INPUTS_OF_A_TURN === 0) await new Promise(setImmediate);
    if (now < checkAt) continue;
    checkAt = now + CHECK_MILLISECONDS;
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    // What the run itself keeps grows until the collection of results is full.
    const live = heapUsed + arrayBuffers - found.reduce((sum, kept) => sum + 2 * kept.length + 400, 0);
    baseline ??= live;
    const growth = ((live - baseline) / 1024 / 1024).toFixed(1);
    const rate = `${inputs} inputs, ${seen.size} kinds of result, slowest ${slowest.toFixed(2)} ms`;
    process.stdout.write(`${name}: ${rate}, ${growth} MB grown\n`);
    if (live - baseline > MAX_GROWTH_OCTETS) fail(name, bytes, 'memory grows');
  }
  process.stdout.write(`${name}: clean after ${inputs} inputs, ${seen.size} kinds of result\n`);
}

function attempt(name: string, target: Target, bytes: Uint8Array, choice: number): string {
  try {
    return target.run(bytes, new Dice(choice));
  } catch (error) {
    return fail(name, bytes, (error as Error).stack ?? String(error));
  }
}

/** Keeps the input where the next run and a test can find it. */
function fail(name: string, bytes: Uint8Array, because: string): never {
  mkdirSync(`${folder}findings`, { recursive: true });
  const path = `${folder}findings/${name}-${Date.now()}.hex`;
  writeFileSync(path, `${Buffer.from(bytes).toString('hex')}\n`);
  process.stderr.write(`${name}: ${because}\n${name}: the input is in ${path}\n`);
  process.exit(1);
}
