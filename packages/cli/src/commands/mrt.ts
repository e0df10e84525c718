/** `vaportrail mrt`: what is in an MRT file, as the lines of `bgpdump -m` or as JSON. */
import {
  LinePrinter,
  MrtError,
  MrtPathReader,
  mrtType,
  type MrtFilter,
  type MrtRecord,
} from '@vaportrail/bgp/mrt';
import { readMrtStream } from '@vaportrail/bgp/mrt-file';
import { once } from 'node:events';
import { fileProblem } from '@vaportrail/show';
import type { Subcommand } from '../command.ts';
import { type ConditionOptions, conditions, filterOf } from './mrt/conditions.ts';
import { replay } from './mrt/replay.ts';

/** Records that cannot be read are named one by one only so far. */
const MAX_COMPLAINTS = 10;
/** JSON is written in pieces of about this size. */
const PIECE_LENGTH = 128 * 1024;
const knownTypes: ReadonlySet<number> = new Set(Object.values(mrtType));

interface MrtOptions extends ConditionOptions {
  readonly json: boolean;
}

export const mrt = {
  summary: 'print MRT files (tables and message logs; plain, gzip or bzip2) as bgpdump -m or JSON',
  examples: [
    ['vaportrail mrt rib.20240101.0000.bz2', 'one line a path'],
    ['vaportrail mrt updates.gz --prefix 101.101.101.0/24 --match longer', 'what happened to a network'],
    ['vaportrail mrt vpn.mrt --rt 500:500 --json | jq -r .nextHop', 'VPN routes with a route target'],
    ['zcat dump.gz | vaportrail mrt -', 'from standard input'],
    [
      'vaportrail mrt replay rib.bz2 --to 192.0.2.1 --peer 198.51.100.7',
      'a table, as one peer had it, to a router',
    ],
    ['vaportrail mrt replay updates.gz --to 192.0.2.1 --speed 10', 'a log, ten times as fast as it was'],
  ],
  build: (command) => {
    conditions(command)
      .argument('<file...>', 'files to read; - for standard input')
      .option('--json', 'one JSON document a path instead of bgpdump lines', false)
      .addHelpText(
        'after',
        '\nLines are those of bgpdump -m; VPN routes, which it leaves out, have their route distinguisher in front.\n' +
          'Exit code 1 when a file is cut or damaged; what came before has been printed.',
      )
      .action(async (files: string[], options: MrtOptions) => {
        const filter = filterOf(options);
        for (const file of files) await printFile(file, filter, options.json);
      });
    replay(command.command('replay'));
  },
} as const satisfies Subcommand;

/** Prints one file. @throws Error naming the file and the octet where it is cut or damaged */
async function printFile(file: string, filter: MrtFilter | undefined, json: boolean): Promise<void> {
  const name = file === '-' ? 'standard input' : file;
  let full = false;
  const write = (piece: Buffer): void => {
    full = !process.stdout.write(piece, () => printer.recycle(piece));
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
    if (error instanceof MrtError) throw new Error(`${name}: ${error.message}`, { cause: error });
    if (isSystemError(error)) throw new Error(`${name}: ${fileProblem(error)}`, { cause: error });
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

  /** Its pieces are made of strings: there is nothing to take back. */
  recycle(): void {}

  flush(): void {
    if (this.#held !== '') this.#write(Buffer.from(this.#held));
    this.#held = '';
  }
}
