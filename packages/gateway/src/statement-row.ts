/** One row of the table of configuration statements. */
import type { WrittenConfig } from './written-config.ts';

/** Thrown for words that are no statement; the message says where they stop making sense. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
}

/** A statement of `set` and `delete`. */
export interface Statement {
  /** Words in order; those in capitals stand for arguments. */
  readonly words: string;
  set(config: WrittenConfig, ...args: string[]): void;
  delete(config: WrittenConfig, ...args: string[]): void;
  /** Arguments of every place where the statement is in force. */
  inForce(config: WrittenConfig): readonly (readonly string[])[];
}
