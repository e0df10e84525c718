/** `vaportrail dump`: the routing tables of a running daemon as an MRT file. */
import { DumpFile } from '@vaportrail/bgp/mrt-file';
import { fetchStream } from '@vaportrail/show';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { print, type Subcommand } from '../command.ts';
import { endpointOf } from '../endpoint.ts';

interface DumpOptions {
  readonly from?: string;
  readonly output?: string;
  readonly gz?: true;
  readonly table: readonly string[];
}

export const dump = {
  summary: 'dump the tables of a control node or gateway to an MRT file (TABLE_DUMP_V2, RIB_GENERIC)',
  examples: [
    ['vaportrail dump --from cent111 -o rib.mrt.gz', 'all tables, compressed as the name says'],
    ['vaportrail dump --from camaro --table k8s-test.inet.0 -o vrf.mrt', 'one table'],
    ['vaportrail dump --from cent111 | vaportrail mrt - --rt 500:500', 'without a file'],
  ],
  build: (command) =>
    command
      .option('--from <daemon>', 'name of a daemon on this machine, or the address of its views')
      .option('-o, --output <file>', 'file to write, whole or not at all; standard output without it')
      .option('--gz', 'compress, whatever the name of the file')
      .option(
        '--table <name>',
        'only this table (repeatable)',
        (name, before: string[]) => [...before, name],
        [],
      )
      .action(async ({ from, output, gz, table }: DumpOptions) => {
        const { url, query } = endpointOf(['control-node', 'gateway'], from);
        const pieces = fetchStream(url, '/dump', {
          ...query,
          ...(table.length > 0 && { table: table.join(',') }),
        });
        if (output !== undefined) return toFile(pieces, output, gz ?? output.endsWith('.gz'));
        await toStandardOutput(pieces, gz === true);
      }),
} as const satisfies Subcommand;

async function toFile(pieces: AsyncIterable<Uint8Array>, path: string, gzip: boolean): Promise<void> {
  const file = new DumpFile(path, gzip);
  try {
    for await (const piece of pieces) await file.write(piece);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.commit();
  print(`${path}: ${file.octets} octets`);
}

async function toStandardOutput(pieces: AsyncIterable<Uint8Array>, gzip: boolean): Promise<void> {
  const { stdout } = process;
  const target = gzip ? createGzip() : stdout;
  if (target !== stdout) target.pipe(stdout);
  for await (const piece of pieces) if (!target.write(piece)) await once(target, 'drain');
  if (target === stdout) return;
  target.end();
  await once(target, 'end');
}
