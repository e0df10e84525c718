/** `vaportrail encode`: UPDATEs from JSON, the inverse of `vaportrail decode`. */
import { type UpdateFields, encodeUpdate, updateFieldsOf } from '@vaportrail/bgp/wire';
import { hexText } from '@vaportrail/net';
import { type Subcommand, exitCode } from '../command.ts';
import { LineWriter, inputs, lines } from '../decode/line-stream.ts';

export const encode = {
  summary: 'encode UPDATE messages from JSON, the inverse of decode',
  examples: [
    ['vaportrail decode bgp messages.txt | vaportrail encode', 'the same messages again'],
    [
      `echo '{"routes":[{"op":"withdraw","prefix":"198.51.100.0/24"}]}' | vaportrail encode`,
      'a message made up',
    ],
  ],
  build: (command) =>
    command
      .description(
        'Reads one JSON document per line as `vaportrail decode bgp` writes them and writes one message per line in\n' +
          'hexadecimal. Exit code 1 when a document is no UPDATE that can be written.',
      )
      .argument('[file...]', 'files to read; - or none for standard input')
      .option('--asn2', 'AS numbers of two octets, for a peer without the four-octet-as capability')
      .action(encodeLines),
} as const satisfies Subcommand;

async function encodeLines(files: readonly string[], options: { readonly asn2?: true }): Promise<void> {
  const out = new LineWriter(process.stdout);
  const context = { asn4: options.asn2 !== true };
  for (const { name, stream } of inputs(files)) {
    for await (const batch of lines(stream)) {
      for (const { number, text } of batch) {
        try {
          if (out.add(hexText(encodeUpdate(updateFields(text), context)))) await out.flush();
        } catch (error) {
          if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
          process.stderr.write(`${name}:${number}: ${error.message}\n`);
          process.exitCode = exitCode.failed;
        }
      }
    }
  }
  await out.flush();
}

function updateFields(text: string | undefined): UpdateFields {
  if (text === undefined) throw new RangeError('the line is too long');
  const document: unknown = JSON.parse(text);
  const type = (document as { type?: unknown } | null)?.type ?? 'update';
  if (type !== 'update') {
    throw new RangeError(`a message of type ${JSON.stringify(type)} is not encoded, only "update"`);
  }
  return updateFieldsOf(document);
}
