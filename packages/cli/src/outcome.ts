/** How a subcommand that threw ends. */
import { ConfigError, FetchViewError, fileProblem } from '@vaportrail/show';
import { CommanderError } from 'commander';
import { RefusedError, UsageError, exitCode } from './command.ts';

/** The exit code for whatever an action threw, and what to print of it. */
export function outcome(error: unknown): { code: number; message: string } {
  // Commander has printed its own message (or the help that was asked for) already.
  if (error instanceof CommanderError) {
    return { code: error.exitCode === 0 ? exitCode.ok : exitCode.usage, message: '' };
  }
  if (error instanceof ConfigError) return { code: exitCode.usage, message: error.message };
  if (error instanceof UsageError) return { code: exitCode.usage, message: `error: ${error.message}` };
  // What was asked for cannot be meant, and only the daemon knew.
  if (error instanceof FetchViewError && error.status === 400)
    return { code: exitCode.usage, message: `error: ${error.refusal ?? error.message}` };
  if (error instanceof FetchViewError && error.status === 404)
    return { code: exitCode.failed, message: `error: ${error.refusal ?? error.message}` };
  if (error instanceof RefusedError)
    return { code: exitCode.failed, message: `Error from server (${error.reason}): ${error.message}` };
  return { code: exitCode.failed, message: `error: ${messageOf(error)}` };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { path, syscall, code } = error as NodeJS.ErrnoException;
  // What is read of a directory has no name any more.
  if (path === undefined) return code === 'EISDIR' ? fileProblem(error) : error.message;
  return syscall === undefined ? error.message : `${path}: ${fileProblem(error)}`;
}
