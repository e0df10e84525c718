/** The documentation of every command, made from the commands themselves. */
import { commands, program } from './program.ts';
import type { Command } from './command.ts';

/** Markdown with a section for each command and its subcommands. */
export async function commandsMarkdown(): Promise<string> {
  const sections: string[] = [];
  for (const command of (await program()).commands) {
    if (command.name() === 'help') continue;
    const { examples } = await commands[command.name() as keyof typeof commands]();
    const lines = examples.map(([line, remark]) => `$ ${line}\n    # ${remark}`);
    const parts = command.commands.filter((each) => each.name() !== 'help').map((each) => part(each, '###'));
    sections.push([part(command, '##'), ['```', ...lines, '```'].join('\n'), ...parts].join('\n\n'));
  }
  return `# Commands\n\nMade from the code; \`UPDATE_DOCS=1\` with the tests of the command line writes it anew.\n\n${sections.join('\n\n')}\n`;
}

function part(command: Command, mark: string): string {
  const parent = command.parent?.parent === null ? '' : `${command.parent?.name() ?? ''} `;
  const options = command.options.map(({ flags, description }) => `- \`${flags}\`: ${description}`);
  const title = `${mark} vaportrail ${parent}${command.name()}`;
  const usage = `\`${command.name()} ${command.usage()}\``;
  return [title, command.description(), usage, ...(options.length > 0 ? [options.join('\n')] : [])].join(
    '\n\n',
  );
}
