/** `npm run bench -- mrt`: a table dump as lines, by `vaportrail mrt` and by bgpdump, both into a pipe. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeAttributes } from '@vaportrail/bgp/wire';
import { encodePeerIndex, encodeRib, mrtType, ribSubtype, ribSubtypeOf } from '@vaportrail/bgp/mrt';
import { Writer, prefixOctets } from '@vaportrail/net';
import { median, pairwiseRatio } from './statistics.ts';

const USAGE = `npm run bench -- mrt [--prefixes N] [--peers N] [--runs N] [--json]\n`;
const VAPORTRAIL = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
/** Prefixes of one origin: neighbours in a table often share their path. */
const PREFIXES_PER_ORIGIN = 4;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      prefixes: { type: 'string', default: '100000' },
      peers: { type: 'string', default: '25' },
      runs: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-mrt-'));
  try {
    const path = join(folder, 'rib.mrt');
    const paths = writeTable(path, Number(values.prefixes), Number(values.peers));
    const commands: Record<string, readonly [string, ...string[]]> = {
      vaportrail: [process.execPath, VAPORTRAIL, 'mrt', path],
      ...(existsSync('/usr/bin/bgpdump') ? { bgpdump: ['/usr/bin/bgpdump', '-v', '-m', path] as const } : {}),
    };
    const seconds: Record<string, number[]> = {};
    const lines: Record<string, number> = {};
    for (let repetition = 0; repetition < Number(values.runs); repetition++) {
      for (const [name, command] of Object.entries(commands)) {
        const result = await timed(command);
        (seconds[name] ??= []).push(result.seconds);
        lines[name] = result.lines;
      }
    }
    const ratio =
      seconds['bgpdump'] === undefined
        ? undefined
        : pairwiseRatio(seconds['bgpdump'], seconds['vaportrail']!).median;
    const results = Object.entries(seconds).map(([name, list]) => ({
      name,
      seconds: median(list),
      pathsPerSecond: paths / median(list),
      lines: lines[name],
    }));
    if (values.json)
      process.stdout.write(`${JSON.stringify({ paths, results, ratio: { bgpdump: ratio } })}\n`);
    else {
      for (const result of results) {
        process.stdout.write(
          `${result.name.padEnd(10)} ${result.seconds.toFixed(2)} s, ${Math.round(result.pathsPerSecond / 1000)} k paths/s, ${result.lines} lines\n`,
        );
      }
      if (ratio !== undefined) process.stdout.write(`vs bgpdump ${ratio.toFixed(1)}x\n`);
    }
    return results.every((result) => result.lines === paths) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a TABLE_DUMP_V2 file and tells how many paths it holds. */
function writeTable(path: string, prefixes: number, peers: number): number {
  const file = openSync(path, 'w');
  const record = (type: number, subtype: number, body: Uint8Array): void => {
    const header = new Writer(12).u32(1_700_000_000).u16(type).u16(subtype).u32(body.length).finish();
    writeSync(file, header);
    writeSync(file, body);
  };
  const list = Array.from({ length: peers }, (_, i) => ({
    routerId: `10.0.0.${i + 1}`,
    address: `192.0.2.${i + 1}`,
    asn: 64_600 + i,
  }));
  record(
    mrtType.tableDumpV2,
    ribSubtype.peerIndexTable,
    encodePeerIndex({ collector: '10.0.0.254', viewName: '', peers: list }),
  );
  for (let i = 0; i < prefixes; i++) {
    const origin = Math.floor(i / PREFIXES_PER_ORIGIN);
    const nlri = Uint8Array.of(24, 10 + (i >> 16), i >> 8, i);
    const entries = list.map(({ asn }, peerIndex) => ({
      peerIndex,
      originated: 1_690_000_000 + i,
      attributes: encodeAttributes(
        {
          origin: 'igp',
          asPath: [
            { type: 'sequence', asns: [asn, 3356 + (origin % 50), 1299, 200_000 + (origin % 70_000)] },
          ],
          nextHop: (0xc000_0200 + peerIndex + 1) >>> 0,
          communities: [asn * 65_536 + (origin % 100), (3356 << 16) + 2],
        },
        { asn4: true },
      ),
    }));
    record(
      mrtType.tableDumpV2,
      ribSubtypeOf('inet', false),
      encodeRib('inet', false, i, nlri.subarray(0, 1 + prefixOctets(24)), entries),
    );
  }
  closeSync(file);
  return prefixes * peers;
}

/** Runs a command with its output in a pipe that is read and counted. */
function timed([command, ...args]: readonly [string, ...string[]]): Promise<{
  seconds: number;
  lines: number;
}> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    });
    child.on('error', reject);
    child.on('close', () => resolve({ seconds: (performance.now() - start) / 1000, lines }));
  });
}
