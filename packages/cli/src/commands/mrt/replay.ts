/** `vaportrail mrt replay`: a dump or a message log, played to a peer. */
import { accessSync, constants } from 'node:fs';
import { families, isFamilyName, type FamilyName } from '@vaportrail/bgp';
import { MrtReplay, type ReplayReport, type ReplaySettings } from '@vaportrail/bgp/mrt-file';
import { parseAddress, parseIpv4 } from '@vaportrail/net';
import { InvalidArgumentError } from 'commander';
import { type Command, UsageError, exitCode, printJson } from '../../command.ts';
import { autonomousSystem, conditions, filterOf, type ConditionOptions } from './conditions.ts';

const DEFAULT_AS = 65000;
/** What an MRT file can hold and a router can be told. */
const usual: readonly FamilyName[] = [
  'inet',
  'inet6',
  'inet-labeled',
  'inet6-labeled',
  'inet-vpn',
  'inet6-vpn',
  'e-vpn',
  'inet-flow',
  'inet6-flow',
];

interface ReplayOptions extends ConditionOptions {
  readonly to: string;
  readonly port: number;
  readonly localAs: number;
  readonly peerAs?: number;
  readonly localAddress?: string;
  readonly routerId?: string;
  readonly families?: readonly FamilyName[];
  readonly addPath: boolean;
  readonly nextHop?: ReplaySettings['nextHop'];
  readonly prepend: boolean;
  readonly speed?: number;
  readonly rate?: number;
  readonly holdTime: number;
  readonly password?: string;
  readonly wait: number;
  readonly linger?: number;
  readonly json: boolean;
}

/** Adds arguments, options and the action. */
export function replay(command: Command): void {
  command
    .summary('play a dump or a message log to a peer')
    .description(
      'Plays the routes of an MRT file to a BGP peer: a table at once, a log of messages in its order. Then stays, as a\n' +
        'peer forgets what a closed session told, until it is interrupted or --linger is over.',
    )
    .argument('<file>', 'MRT file; - for standard input')
    .requiredOption('--to <address>', 'the peer')
    .option('--port <number>', 'port of the peer', wholeNumber(1, 65_535), 179)
    .option(
      '--local-as <number>',
      'our AS; sessions with the same AS are internal',
      autonomousSystem,
      DEFAULT_AS,
    )
    .option('--peer-as <number>', 'the AS the peer must be in; any when not given', autonomousSystem)
    .option('--local-address <address>', 'address to connect from', address)
    .option('--router-id <address>', 'BGP identifier; the local IPv4 address when not given', address)
    .option('--families <list>', `families to offer, of ${Object.keys(families).join(', ')}`, familyList)
    .option('--add-path', 'offer path identifiers, so that all paths of a destination are sent', false)
    .option('--next-hop <which>', 'self, keep, or addresses; by default self towards another AS', nextHops)
    .option('--no-prepend', 'leave our AS out of the paths even towards another AS')
    .option('--speed <factor>', 'keep the times of a log, 1 as they were, 10 ten times as fast', factor)
    .option('--rate <number>', 'at most so many routes a second', wholeNumber(1, 100_000_000))
    .option('--hold-time <seconds>', 'hold time to offer', wholeNumber(0, 65_535), 90)
    .option('--password <text>', 'sign segments (TCP MD5)')
    .option('--wait <seconds>', 'how long to try to reach the peer', wholeNumber(1, 86_400), 30)
    .option('--linger <seconds>', 'how long to stay after the last route', wholeNumber(0, 2_000_000))
    .option('--json', 'the report as one JSON document', false);
  conditions(command)
    .addHelpText(
      'after',
      '\nWithout path identifiers only the first path of each destination of a table is sent: --peer chooses whose.\n' +
        'Towards another AS our AS is put in front, LOCAL_PREF is left out; inside an AS LOCAL_PREF is 100 where there is none.\n' +
        'Exit code 1 when there is no session, when it ends before the file, or when the file is damaged.',
    )
    .action(play);
}

async function play(file: string, options: ReplayOptions): Promise<void> {
  // Told before anybody is asked for a session.
  if (file !== '-') accessSync(file, constants.R_OK);
  const replay = makeReplay(options);
  const interrupted = (): void => void replay.stop();
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const { peerAsn, families: carried, addPath } = await replay.connect();
    process.stderr.write(
      `session with ${options.to} (AS ${peerAsn}): ${carried.join(', ')}${addPath.send.length === 0 ? '' : `; path identifiers for ${addPath.send.join(', ')}`}\n`,
    );
    const report = await replay.play(file);
    if (options.json) printJson(report);
    else process.stderr.write(reportText(report));
    const { linger } = options;
    if (linger === undefined) process.stderr.write('staying; interrupt to end the session\n');
    const timer = linger === undefined ? undefined : setTimeout(interrupted, linger * 1000);
    const because = await replay.ended();
    clearTimeout(timer);
    if (because !== 'stopped') throw new Error(because);
    if (report.unreadable > 0) process.exitCode = exitCode.failed;
  } finally {
    await replay.stop();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

function makeReplay(options: ReplayOptions): MrtReplay {
  const { to, port, localAs, peerAs, localAddress, routerId, holdTime, password, addPath } = options;
  const names = options.families ?? usual;
  const { nextHop, prepend, speed, rate, wait } = options;
  try {
    return new MrtReplay({
      session: {
        local: {
          asn: localAs,
          routerId: parseIpv4(
            routerId ?? (localAddress?.includes('.') === true ? localAddress : '192.0.2.254'),
          ),
          ...(localAddress !== undefined && { address: localAddress }),
        },
        peer: { address: address(to), port, asn: peerAs ?? 'any' },
        families: names,
        holdTime,
        connectRetry: 2,
        idleHold: { initial: 1, longest: 2 },
        extendedNextHop: names.filter((name) => name === 'inet' || name === 'inet-vpn'),
        ...(addPath && { addPath: Object.fromEntries(names.map((name) => [name, 'send' as const])) }),
        ...(password !== undefined && { password }),
      },
      filter: filterOf(options),
      nextHop,
      prepend,
      speed,
      rate,
      patience: wait,
    });
  } catch (error) {
    if (error instanceof RangeError || error instanceof InvalidArgumentError)
      throw new UsageError(error.message);
    throw error;
  }
}

function reportText(report: ReplayReport): string {
  const { announced, withdrawn, messages, seconds, notCarried, furtherPaths, tooLong, problems } = report;
  const lines = [
    `${announced} routes announced, ${withdrawn} withdrawn in ${messages} messages, ${seconds.toFixed(2)} s`,
  ];
  for (const [family, count] of Object.entries(notCarried))
    lines.push(`${count} routes not sent: the session does not carry ${family}`);
  if (furtherPaths > 0)
    lines.push(`${furtherPaths} further paths not sent: the session has no path identifiers (--add-path)`);
  if (tooLong > 0) lines.push(`${tooLong} routes not sent: too long for one message`);
  return `${[...lines, ...problems].join('\n')}\n`;
}

function address(text: string): string {
  try {
    parseAddress(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return text;
}

function nextHops(text: string): NonNullable<ReplaySettings['nextHop']> {
  return text === 'self' || text === 'keep' ? text : text.split(',').map(address);
}

function familyList(text: string): FamilyName[] {
  return text.split(',').map((name) => {
    if (!isFamilyName(name))
      throw new InvalidArgumentError(`"${name}" is none of ${Object.keys(families).join(', ')}.`);
    return name;
  });
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text === '' || !Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
    return number;
  };
}

function factor(text: string): number {
  const number = Number(text === 'original' ? 1 : text);
  if (!(number > 0 && number <= 1e6))
    throw new InvalidArgumentError('A number above 0, or "original", is needed.');
  return number;
}
