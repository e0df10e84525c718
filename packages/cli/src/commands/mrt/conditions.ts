/** Which routes of MRT files are wanted, as options. */
import { MrtFilter, type MrtConditions } from '@vaportrail/bgp/mrt';
import { InvalidArgumentError } from 'commander';
import { type Command, Option, UsageError } from '../../command.ts';

export interface ConditionOptions {
  readonly prefix?: string;
  readonly match: NonNullable<MrtConditions['match']>;
  readonly peer?: string;
  readonly as?: number;
  readonly rt?: string;
  readonly rd?: string;
}

/** Adds the options. */
export function conditions(command: Command): Command {
  return command
    .option('--prefix <prefix>', 'only routes to this prefix')
    .addOption(
      new Option('--match <how>', 'the prefix itself, what lies inside it, or what covers it')
        .choices(['exact', 'longer', 'shorter'])
        .default('exact'),
    )
    .option('--peer <address>', 'only what this peer said')
    .option('--as <number>', 'only paths through this AS', autonomousSystem)
    .option('--rt <target>', 'only routes with this route target, e.g. 500:500')
    .option('--rd <distinguisher>', 'only routes with this route distinguisher, e.g. 10.169.25.20:9');
}

/** @throws InvalidArgumentError for what is no AS number */
export function autonomousSystem(text: string): number {
  const number = Number(text.replace(/^AS/i, ''));
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff)
    throw new InvalidArgumentError('An AS is a number from 0 to 4294967295.');
  return number;
}

/** The filter they ask for; none without conditions. @throws UsageError for a condition that cannot be meant */
export function filterOf({ prefix, match, peer, as, rt, rd }: ConditionOptions): MrtFilter | undefined {
  if ([prefix, peer, as, rt, rd].every((each) => each === undefined)) return undefined;
  const whole = prefix?.includes('/') === false ? `${prefix}/${prefix.includes(':') ? 128 : 32}` : prefix;
  try {
    return new MrtFilter({
      prefix: whole,
      match,
      peer,
      asn: as,
      routeTarget: rt,
      routeDistinguisher: rd,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
