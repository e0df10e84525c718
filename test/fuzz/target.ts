/** What is fuzzed: where inputs come from, how they are varied, and what must hold for each of them. */
import { readFileSync } from 'node:fs';
import type { Dice } from './mutation.ts';

const corpora = new URL('../../fuzz/corpus/', import.meta.url);

export interface Target {
  readonly about: string;
  /** File in `corpus/`: one input a line in hexadecimal, `#` begins a remark. */
  readonly corpus: string;
  /** Milliseconds that one input may take, where that is another time than usual. */
  readonly limit?: number;
  /** A new input from one of the corpus and another one to take pieces from. */
  vary(seed: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array;
  /**
   * Gives the input to the code under test. The result names what was seen in a few words: an input with a new result
   * joins the corpus of this run.
   * @throws anything, for an input that shows an error in our code
   */
  run(bytes: Uint8Array, dice: Dice): string;
}

/** Where the corpus of a target is kept. */
export function corpusOf({ corpus }: Target): URL {
  return new URL(corpus, corpora);
}

/** The inputs that a target starts with. */
export function seedsOf(target: Target): Uint8Array[] {
  return readFileSync(corpusOf(target), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => new Uint8Array(Buffer.from(line, 'hex')));
}
