/** `vaportrail create -f FILE`: objects as the API takes them, in YAML or JSON. */
import { isObjectTypeName, type ObjectTypeName } from './object-document.ts';
import { print, UsageError, type Subcommand } from '../../command.ts';
import { addApiOptions, ask, type ApiOptions } from './api.ts';
import { readDocuments } from './object-document.ts';

export const create = {
  summary: 'create configuration objects from a file',
  examples: [
    ['vaportrail create -f network.yaml', 'documents of the form {virtual-network: {fq_name: […], …}}'],
    ['cat pool.json | vaportrail create -f -', 'from standard input'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .requiredOption('-f, --filename <file>', 'YAML or JSON, "-" for standard input')
      .action(async ({ filename, ...options }: ApiOptions & { filename: string }) => {
        for (const document of readDocuments(filename)) {
          const [[type, body] = ['', undefined], ...others] = Object.entries(document);
          if (others.length > 0 || !isObjectTypeName(type))
            throw new UsageError(`${filename}: a document must have one key, the type of the object`);
          const answer = await ask(options, 'POST', `/${type}s`, { [type]: body });
          const { fq_name: name } = answer[type] as { fq_name: string[] };
          print(`${type satisfies ObjectTypeName}/${name.join(':')} created`);
        }
      }),
} as const satisfies Subcommand;
