/** A prefix on the command line. */
import { parsePrefix } from '@vaportrail/net';
import { hostPrefix } from '@vaportrail/show';
import { InvalidArgumentError } from './command.ts';

/**
 * The prefix that a prefix or an address stands for, as it was written.
 * @throws InvalidArgumentError for what is neither
 */
export function prefixArgument(text: string): string {
  try {
    parsePrefix(text);
  } catch (error) {
    throw new InvalidArgumentError((error as RangeError).message);
  }
  return hostPrefix(text);
}
