/** `npm run bench -- decode`: BGP messages as JSON, by `vaportrail decode bgp`, by tshark and by ExaBGP. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeUpdate } from '@vaportrail/bgp/wire';
import { Writer, hexText } from '@vaportrail/net';
import { median } from './statistics.ts';

const USAGE = `npm run bench -- decode [--messages N] [--runs N] [--json]\n`;
const VAPORTRAIL = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const TSHARK = '/usr/bin/tshark';
const EXABGP = '/usr/sbin/exabgp';
/** Messages given to tshark, and to ExaBGP, which takes them as arguments: fewer, as both take long. */
const TSHARK_MESSAGES = 10_000;
const EXABGP_MESSAGES = 400;

/** Seconds a process takes for some messages, and the documents it wrote. */
interface Run {
  readonly seconds: number;
  readonly documents: number;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string', default: '200000' },
      runs: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-decode-'));
  try {
    const messages = Array.from({ length: Number(values.messages) }, (_, i) => message(i));
    const decoders = decodersOf(folder, messages);
    const rates: Record<string, number[]> = {};
    let complete = true;
    for (let repetition = 0; repetition < Number(values.runs); repetition++) {
      for (const [name, { count, decode }] of Object.entries(decoders)) {
        const { seconds, documents } = await decode();
        complete &&= documents === count;
        (rates[name] ??= []).push(count / seconds);
      }
    }
    const results = Object.entries(rates).map(([name, list]) => ({
      name,
      perSecond: Math.round(median(list)),
    }));
    const ours = results[0]!.perSecond;
    if (values.json) process.stdout.write(`${JSON.stringify({ results, complete })}\n`);
    else {
      for (const { name, perSecond } of results) {
        const ratio = name === 'vaportrail' ? '' : `, vaportrail ${(ours / perSecond).toFixed(1)}x`;
        process.stdout.write(`${name.padEnd(10)} ${perSecond} messages/s${ratio}\n`);
      }
      for (const [name, path] of Object.entries({ tshark: TSHARK, exabgp: EXABGP })) {
        if (!existsSync(path)) process.stdout.write(`${name.padEnd(10)} skipped: not installed\n`);
      }
    }
    if (!complete) process.stderr.write('decode: a decoder did not write one document per message\n');
    return complete ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** UPDATEs as sessions carry them: VPNv4 with route targets, IPv4 with paths and communities, some withdrawals. */
function message(i: number): Uint8Array {
  const octet = (shift: number): number => (i >>> shift) & 0xff;
  if (i % 8 === 7) {
    const prefix = `10.${octet(16)}.${octet(8)}.${octet(0)}/32`;
    return encodeUpdate({
      routes: [{ op: 'withdraw', afi: 1, safi: 128, pathId: null, rd: `10.1.1.${octet(0)}:1`, prefix }],
    });
  }
  if (i % 2 === 0) {
    return encodeUpdate({
      routes: Array.from({ length: 1 + (i % 4) }, (_, n) => ({
        op: 'announce' as const,
        afi: 1,
        safi: 128,
        pathId: null,
        rd: `10.1.${octet(8)}.${octet(0)}:1`,
        prefix: `101.${octet(8)}.${octet(0)}.${n}/32`,
        labels: [16 + (i % 1000)],
        nextHop: `10.1.1.${octet(0)}`,
      })),
      attributes: {
        origin: 'incomplete',
        asPath: [],
        med: 100,
        localPref: 200,
        extendedCommunities: ['target:500:500', 'encapsulation:gre', 'encapsulation:udp'],
      },
    });
  }
  return encodeUpdate({
    routes: Array.from({ length: 1 + (i % 5) }, (_, n) => ({
      op: 'announce' as const,
      afi: 1,
      safi: 1,
      pathId: null,
      prefix: `${20 + n}.${octet(8)}.${octet(0)}.0/24`,
    })),
    attributes: {
      origin: 'igp',
      asPath: [65_000, 3356, 200_000 + (i % 7000)],
      nextHop: '10.1.1.1',
      localPref: 100,
      communities: [`65000:${i % 1000}`, '3356:100'],
    },
  });
}

interface Decoder {
  readonly count: number;
  readonly decode: () => Promise<Run>;
}

function decodersOf(folder: string, messages: readonly Uint8Array[]): Record<string, Decoder> {
  const lines = join(folder, 'messages.hex');
  writeFileSync(lines, `${messages.map((bytes) => hexText(bytes)).join('\n')}\n`);
  const decoders: Record<string, Decoder> = {
    vaportrail: {
      count: messages.length,
      decode: () => timed([process.execPath, VAPORTRAIL, 'decode', 'bgp', lines], '\n'),
    },
  };
  if (existsSync(TSHARK)) {
    const capture = join(folder, 'messages.pcap');
    const some = messages.slice(0, TSHARK_MESSAGES);
    writeFileSync(capture, captureOf(some));
    decoders['tshark'] = {
      count: some.length,
      decode: () => timed([TSHARK, '-r', capture, '-T', 'json'], '"bgp": {'),
    };
  }
  if (existsSync(EXABGP)) {
    const config = join(folder, 'exabgp.conf');
    writeFileSync(
      config,
      'neighbor 127.0.0.1 { router-id 10.0.0.1; local-address 127.0.0.2; local-as 65000; peer-as 65000;\n' +
        ' family { ipv4 unicast; ipv4 mpls-vpn; } }\n',
    );
    const decode = (some: readonly Uint8Array[]): Promise<Run> =>
      timed([EXABGP, ...some.flatMap((bytes) => ['--decode', hexText(bytes)]), config], 'update json');
    // ExaBGP sleeps at its start: only what each further message takes is counted.
    decoders['exabgp'] = {
      count: EXABGP_MESSAGES,
      decode: async () => {
        const one = await decode(messages.slice(0, 1));
        const all = await decode(messages.slice(0, EXABGP_MESSAGES + 1));
        return {
          seconds: Math.max(all.seconds - one.seconds, 1e-3),
          documents: all.documents - one.documents,
        };
      },
    };
  }
  return decoders;
}

/** A capture of one TCP connection with a message per segment. */
function captureOf(messages: readonly Uint8Array[]): Uint8Array {
  const RAW_IP = 101;
  const writer = new Writer(1 << 20);
  writer.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(RAW_IP);
  let sequence = 1;
  messages.forEach((bytes, i) => {
    const length = 40 + bytes.length;
    writer
      .u32(1_700_000_000 + Math.floor(i / 1000))
      .u32((i % 1000) * 1000)
      .u32(length)
      .u32(length);
    writer
      .u32(0x4500_0000 | length)
      .u32(0)
      .u8(64)
      .u8(6)
      .u16(0)
      .u32(0x0a010101)
      .u32(0x0a010102);
    writer.u16(40_000).u16(179).u32(sequence).u32(1).u16(0x5018).u16(0xffff).u32(0).bytes(bytes);
    sequence = (sequence + bytes.length) >>> 0;
  });
  return writer.finish();
}

/** Runs a command and counts how often `mark` is in what it prints. */
function timed([command, ...args]: readonly [string, ...string[]], mark: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const env = { ...process.env, 'exabgp.daemon.user': 'root' };
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    const wanted = Buffer.from(mark);
    let documents = 0;
    let left: Buffer = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      const bytes = Buffer.concat([left, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, from)) {
        documents++;
        from = at + wanted.length;
      }
      left = bytes.subarray(Math.max(from, bytes.length - wanted.length + 1));
    });
    child.on('error', reject);
    child.on('close', () => resolve({ seconds: (performance.now() - start) / 1000, documents }));
  });
}
