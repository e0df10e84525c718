/** `vaportrail certificates`: what the channel between agents and control nodes needs for mutual TLS. */
import { makeCertificates } from '@vaportrail/xmpp';
import { print, printJson, UsageError, type Subcommand } from '../command.ts';

export const certificates = {
  summary: 'make an authority and certificates for TLS between agents and control nodes, with openssl',
  examples: [
    [
      'vaportrail certificates /etc/vaportrail/tls ctrl-1 compute-1 compute-2',
      'an authority and three nodes',
    ],
    ['vaportrail certificates /etc/vaportrail/tls compute-3', 'one more node of the same authority'],
  ],
  build: (command) =>
    command
      .argument('<folder>', 'where ca.pem and ca.key are, or shall be')
      .argument('<names...>', 'a node each: NAME.pem and NAME.key')
      .option('--json', 'the paths as JSON')
      .addHelpText(
        'after',
        '\nThe control node takes them as "xmpp: { tls: { certificate, key, authority } }", an agent as "tls: { … }".\n' +
          'A certificate is good for the agent of its name alone, unless the control node has tls: { names: host } or any.\n' +
          'Keep ca.key where nobody else can read it: who has it can make agents.',
      )
      .action(async (folder: string, names: string[], { json }: { readonly json?: true }) => {
        let made: Awaited<ReturnType<typeof makeCertificates>>;
        try {
          made = await makeCertificates(folder, names);
        } catch (error) {
          if (error instanceof RangeError) throw new UsageError(error.message);
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error('openssl is not installed');
          throw error;
        }
        if (json === true) return printJson(Object.fromEntries(made));
        print([...made.values()].map(({ certificate, key }) => `${certificate}\n${key}`).join('\n'));
      }),
} as const satisfies Subcommand;
