/** `vaportrail cli`: a gateway's command line as a Junos operator knows it, one command or a session of them. */
import { commandHelp, fetchView, postAction, runCommand } from '@vaportrail/show';
import { createInterface } from 'node:readline';
import { endpointOf } from '../endpoint.ts';
import { exitCode, print, type Subcommand } from '../command.ts';

export const cli = {
  summary: 'operate a gateway: show route, show bgp, show route forwarding-table, set, delete, with pipes',
  examples: [
    [
      'vaportrail cli show route table k8s-test.inet.0',
      'active route, the others, multipath, as Junos prints them',
    ],
    ["vaportrail cli 'show route table k8s-test.inet.0 detail | match state'", 'pipes go into the quotes'],
    [
      'vaportrail cli set routing-instances k8s-test routing-options multipath vpn-unequal-cost',
      'turn the knob',
    ],
    ['vaportrail cli --from camaro', 'read commands line by line; ? lists them'],
  ],
  build: (command) =>
    command
      .argument('[words...]', 'a command; without one, lines are read')
      .option('--from <gateway>', 'name of a gateway on this machine, or the address of its views')
      .passThroughOptions()
      .action(async (words: string[], { from }: { from?: string }) => {
        const { url, name = url } = endpointOf(['gateway'], from);
        const run = (line: string): Promise<string> =>
          runCommand(line, {
            view: (path, query) => fetchView(url, path, query),
            act: (path, body) => postAction(url, path, body),
          });
        if (words.length > 0) return printAnswer(await run(words.join(' ')));
        await session(name, run);
      }),
} as const satisfies Subcommand;

/** Reads lines until the input ends or says so; a command that fails does not end the session. */
async function session(name: string, run: (line: string) => Promise<string>): Promise<void> {
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, ...(terminal ? { output: process.stdout } : {}) });
  lines.setPrompt(`${name}> `);
  if (terminal) lines.prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === 'exit' || text === 'quit') break;
    if (text === '?' || text === 'help') print(commandHelp().join('\n'));
    else if (text !== '') await answer(text, run);
    if (terminal) lines.prompt();
  }
}

async function answer(line: string, run: (line: string) => Promise<string>): Promise<void> {
  try {
    printAnswer(await run(line));
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    process.exitCode = exitCode.failed;
  }
}

/** A command that only changes something answers with nothing. */
function printAnswer(text: string): void {
  if (text !== '') print(text);
}
