/** What is fuzzed: where inputs come from, how they are varied, and what must hold for each of them. */
import type { Dice } from './mutation.ts';

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
