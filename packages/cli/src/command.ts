/** What a subcommand of `vaportrail` is. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';

export { Argument, Command, InvalidArgumentError, Option };

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

export type RefusalReason =
  'AlreadyExists' | 'BadRequest' | 'Conflict' | 'Forbidden' | 'InternalError' | 'NotFound' | 'Unauthorized';

/** A server said no: told as kubectl tells it. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Writes an answer to standard output, followed by a line end. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Standard output as JSON: one document, indented for a person at a terminal. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}
