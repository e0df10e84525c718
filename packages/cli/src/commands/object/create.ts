/** `vaportrail create -f FILE`: objects as the API takes them, in YAML or JSON. */
import { print, type Subcommand } from '../../command.ts';
import { addApiOptions, ask, type ApiOptions } from './api.ts';
import { documentsOf } from './object-document.ts';

export const create = {
  summary: 'create configuration objects from files',
  examples: [
    ['vaportrail create -f network.yaml', 'documents of the form {virtual-network: {fq_name: […], …}}'],
    ['cat pool.json | vaportrail create -f -', 'from standard input'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .requiredOption('-f, --filename <file...>', 'YAML or JSON, "-" for standard input')
      .action(async ({ filename, ...options }: ApiOptions & { filename: string[] }) => {
        // What is wrong with a file is said before anything is made.
        for (const { type, body, where } of filename.flatMap(documentsOf)) {
          const answer = await ask(options, 'POST', `/${type}s`, { [type]: body }).catch((error: Error) => {
            error.message = `${where}: ${error.message}`;
            throw error;
          });
          const { fq_name: name } = answer[type] as { fq_name: string[] };
          print(`${type}/${name.join(':')} created`);
        }
      }),
} as const satisfies Subcommand;
