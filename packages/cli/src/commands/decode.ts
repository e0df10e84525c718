/** `vaportrail decode`: BGP messages as JSON, from hexadecimal lines or from a capture. */
import { CaptureError, CaptureReader } from '@vaportrail/bgp/capture';
import { InvalidArgumentError } from 'commander';
import { type Subcommand, exitCode } from '../command.ts';
import { LineError, decodeLine } from '../decode/message-line.ts';
import { LineWriter, inputs, lines } from '../decode/line-stream.ts';

export const decode = {
  summary: 'decode BGP messages to JSON, one document per line',
  examples: [
    ['vaportrail decode bgp messages.txt', 'one message per line, hexadecimal or {"hex": …, "context": …}'],
    ['echo ffffffffffffffffffffffffffffffff001304 | vaportrail decode bgp', 'from standard input'],
    ['vaportrail decode pcap session.pcapng | jq -c .routes', 'every session in a capture'],
  ],
  build: (command) => {
    command
      .command('bgp')
      .summary('decode messages given one per line')
      .description(
        'Decodes one message per line to one JSON document per line, in order. A line is hexadecimal, or JSON:\n' +
          '{"hex": "…", "context": {"asn4": true|false|null, "addpath": [[afi, safi], …]|true|false|null, "ibgp": true|false|null}}\n' +
          'where null means: find out. Counts go to standard error. Exit code 1 when a line could not be read.\n' +
          'The documents are described by decoded-document.schema.json of @vaportrail/bgp.',
      )
      .argument('[file...]', 'files to read; - or none for standard input')
      .action(decodeLines);
    command
      .command('pcap')
      .summary('decode the sessions in a pcap or pcapng file')
      .description(
        'Puts the TCP connections of a capture together and prints every BGP message with time and endpoints.\n' +
          'Octet widths and ADD-PATH follow from the OPENs of both sides where the capture has them.',
      )
      .argument('[file...]', 'files to read; - or none for standard input')
      .option('--port <number>', 'also follow connections of this port (repeatable)', port, [179])
      .action(decodeCaptures);
  },
} as const satisfies Subcommand;

function port(text: string, before: number[]): number[] {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  }
  return [...before, number];
}

/** What was decoded, for the line at the end. */
class Tally {
  messages = 0;
  problems = 0;
  unreadable = 0;
  readonly #start = performance.now();
  readonly #cpu = process.cpuUsage();

  count(document: object): void {
    this.messages++;
    if ('problems' in document && (document.problems as readonly unknown[]).length > 0) this.problems++;
  }

  /**
   * `2060 messages decoded, 300 with problems, 24810 per second (31020 per second of CPU time)`: the clock also counts
   * what other processes take of the machine, and both count the warming up.
   */
  text(): string {
    const seconds = Math.max((performance.now() - this.#start) / 1000, 1e-6);
    const { user, system } = process.cpuUsage(this.#cpu);
    const perCpu = Math.round((this.messages * 1e6) / Math.max(user + system, 1));
    const unreadable = this.unreadable === 0 ? '' : `, ${this.unreadable} lines unreadable`;
    const rate = Math.round(this.messages / seconds);
    const counts = `${this.messages} messages decoded, ${this.problems} with problems${unreadable}`;
    return `${counts}, ${rate} per second (${perCpu} per second of CPU time)\n`;
  }
}

async function decodeLines(files: readonly string[]): Promise<void> {
  const out = new LineWriter(process.stdout);
  const tally = new Tally();
  for (const { name, stream } of inputs(files)) {
    for await (const batch of lines(stream)) {
      for (const { number, text } of batch) {
        if (out.add(document(text, name, number, tally))) await out.flush();
      }
    }
    await out.flush();
  }
  process.stderr.write(tally.text());
  if (tally.unreadable > 0) process.exitCode = exitCode.failed;
}

/** The document of a line as text; a line that holds no message has one of type `error` that says why. */
function document(text: string | undefined, name: string, number: number, tally: Tally): string {
  try {
    const decoded = decodeLine(text);
    tally.count(decoded);
    return JSON.stringify(decoded);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    tally.unreadable++;
    const because = `${name}:${number}: ${error.message}`;
    process.stderr.write(`${because}\n`);
    return JSON.stringify({
      type: 'error',
      problems: [{ approach: 'session-reset', code: 1, subcode: 0, because }],
    });
  }
}

async function decodeCaptures(
  files: readonly string[],
  options: { readonly port: readonly number[] },
): Promise<void> {
  const out = new LineWriter(process.stdout);
  const tally = new Tally();
  for (const { name, stream } of inputs(files)) {
    const reader = new CaptureReader(options.port);
    try {
      for await (const chunk of stream) {
        for (const document of reader.push(chunk as Buffer)) {
          tally.count(document);
          if (out.add(JSON.stringify(document))) await out.flush();
        }
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      await out.flush();
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
    if (reader.unfinished > 0) process.stderr.write(`${name}: the last packet is cut off\n`);
    if (reader.skipped > 0)
      process.stderr.write(`${name}: ${reader.skipped} octets belong to no whole message\n`);
  }
  await out.flush();
  process.stderr.write(tally.text());
}
