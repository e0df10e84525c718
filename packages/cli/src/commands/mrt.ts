/** `vaportrail mrt`: what is in an MRT file, as the lines of `bgpdump -m` or as JSON. */
import {
  LinePrinter,
  MrtError,
  MrtFilter,
  MrtPathReader,
  mrtType,
  readMrtStream,
  type MrtConditions,
  type MrtRecord,
} from '@vaportrail/bgp/mrt';
import { InvalidArgumentError } from 'commander';
import { once } from 'node:events';
import { Option, UsageError, type Subcommand } from '../command.ts';

/** Records that cannot be read are named one by one only so far. */
const MAX_COMPLAINTS = 10;
/** JSON is written in pieces of about this size. */
const PIECE_LENGTH = 128 * 1024;
const knownTypes: ReadonlySet<number> = new Set(Object.values(mrtType));

interface MrtOptions {
  readonly json: boolean;
  readonly prefix?: string;
  readonly match: NonNullable<MrtConditions['match']>;
  readonly peer?: string;
  readonly as?: number;
  readonly rt?: string;
  readonly rd?: string;
}

export const mrt = {
  summary: 'print MRT files (tables and message logs; plain, gzip or bzip2) as bgpdump -m or JSON',
  examples: [
    ['vaportrail mrt rib.20240101.0000.bz2', 'one line a path'],
    ['vaportrail mrt updates.gz --prefix 101.101.101.0/24 --match longer', 'what happened to a network'],
    ['vaportrail mrt vpn.mrt --rt 500:500 --json | jq -r .nextHop', 'VPN routes with a route target'],
    ['zcat dump.gz | vaportrail mrt -', 'from standard input'],
  ],
  build: (command) =>
    command
      .argument('<file...>', 'files to read; - for standard input')
      .option('--json', 'one JSON document a path instead of bgpdump lines', false)
      .option('--prefix <prefix>', 'only routes to this prefix')
      .addOption(
        new Option('--match <how>', 'the prefix itself, what lies inside it, or what covers it')
          .choices(['exact', 'longer', 'shorter'])
          .default('exact'),
      )
      .option('--peer <address>', 'only what this peer said')
      .option('--as <number>', 'only paths through this AS', autonomousSystem)
      .option('--rt <target>', 'only routes with this route target, e.g. 500:500')
      .option('--rd <distinguisher>', 'only routes with this route distinguisher, e.g. 10.169.25.20:9')
      .addHelpText(
        'after',
        '\nLines are those of bgpdump -m; VPN routes, which it leaves out, have their route distinguisher in front.\n' +
          'Exit code 1 when a file is cut or damaged; what came before has been printed.',
      )
      .action(async (files: string[], options: MrtOptions) => {
        const filter = filterOf(options);
        for (const file of files) await printFile(file, filter, options.json);
      }),
} as const satisfies Subcommand;

function autonomousSystem(text: string): number {
  const number = Number(text.replace(/^AS/i, ''));
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff)
    throw new InvalidArgumentError('An AS is a number from 0 to 4294967295.');
  return number;
}

/** @throws UsageError for a condition that cannot be meant */
function filterOf({ prefix, match, peer, as, rt, rd }: MrtOptions): MrtFilter | undefined {
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

/** Prints one file. @throws Error naming the file and the octet where it is cut or damaged */
async function printFile(file: string, filter: MrtFilter | undefined, json: boolean): Promise<void> {
  const name = file === '-' ? 'standard input' : file;
  let full = false;
  const write = (piece: Buffer): void => {
    full = !process.stdout.write(piece);
  };
  const printer = json ? new DocumentPrinter(write, filter) : new LinePrinter(write, filter);
  const tally = { records: 0, unknown: 0, unreadable: 0 };
  try {
    for await (const stream of readMrtStream(file)) {
      for (let record = stream.next(); record !== undefined; record = stream.next()) {
        tally.records++;
        if (!knownTypes.has(record.type)) tally.unknown++;
        try {
          printer.print(record);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          if (++tally.unreadable <= MAX_COMPLAINTS)
            process.stderr.write(`${name}: octet ${record.offset}: ${error.message}\n`);
        }
      }
      if (full) {
        await once(process.stdout, 'drain');
        full = false;
      }
    }
  } catch (error) {
    if (error instanceof MrtError || isSystemError(error))
      throw new Error(`${name}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    printer.flush();
  }
  if (tally.records === 0) process.stderr.write(`${name}: the file is empty\n`);
  if (tally.unknown > 0) {
    process.stderr.write(
      `${name}: ${tally.unknown} of ${tally.records} records are of a type not read here\n`,
    );
  }
  if (tally.unreadable > 0) throw new Error(`${name}: ${tally.unreadable} records could not be read`);
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** Turns records into JSON documents, one a line. */
class DocumentPrinter {
  readonly #write: (piece: Buffer) => void;
  readonly #reader: MrtPathReader;
  #held = '';

  constructor(write: (piece: Buffer) => void, filter: MrtFilter | undefined) {
    this.#write = write;
    this.#reader = new MrtPathReader(filter);
  }

  print(record: MrtRecord): void {
    for (const path of this.#reader.read(record)) {
      this.#held += `${JSON.stringify(path)}\n`;
      if (this.#held.length > PIECE_LENGTH) this.flush();
    }
  }

  flush(): void {
    if (this.#held !== '') this.#write(Buffer.from(this.#held));
    this.#held = '';
  }
}
