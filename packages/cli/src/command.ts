/** What a subcommand of `vaportrail` is, and how it ends. */
import { ConfigError } from '@vaportrail/show';
import { Argument, CommanderError, Command, Option } from 'commander';

export { Argument, Command, Option };

/** Exit codes of the command. */
export const exitCode = { ok: 0, failed: 1, usage: 2 } as const;

export interface Subcommand {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Command lines with a remark each, for `--help`. */
  readonly examples: readonly (readonly [line: string, remark: string])[];
  /** Adds arguments, options and the action. */
  readonly build: (command: Command) => void;
}

/** Something the caller asked for that cannot be meant: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The exit code for whatever an action threw, and what to print of it. */
export function outcome(error: unknown): { code: number; message: string } {
  // Commander has printed its own message (or the help that was asked for) already.
  if (error instanceof CommanderError) {
    return { code: error.exitCode === 0 ? exitCode.ok : exitCode.usage, message: '' };
  }
  if (error instanceof ConfigError) return { code: exitCode.usage, message: error.message };
  if (error instanceof UsageError) return { code: exitCode.usage, message: `error: ${error.message}` };
  return {
    code: exitCode.failed,
    message: `error: ${error instanceof Error ? error.message : String(error)}`,
  };
}

/** Writes an answer to standard output, followed by a line end. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Standard output as JSON: one document, indented for a person at a terminal. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}
