/** `vaportrail delete TYPE NAME…`: removes configuration objects. */
import { print, UsageError, type Subcommand } from '../../command.ts';
import {
  addApiOptions,
  ask,
  askedFor,
  found,
  nameOf,
  tellMissing,
  type ApiOptions,
  type Asked,
} from './api.ts';
import { documentsOf } from './object-document.ts';

export const deleteObject = {
  summary: 'delete configuration objects',
  examples: [
    ['vaportrail delete floating-ip service-web-lb', 'refused while something refers to it'],
    ['vaportrail delete -f network.yaml', 'what create made of that file, last first'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('[type]', 'floating-ip, virtual-network …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .option('-f, --filename <file...>', 'YAML or JSON as create takes it, "-" for standard input')
      .action(
        async (
          type: string | undefined,
          names: string[],
          { filename = [], ...options }: ApiOptions & { filename?: string[] },
        ) => {
          if ((type === undefined) === (filename.length === 0))
            throw new UsageError('either TYPE NAME, or -f');
          const asked = type === undefined ? inFiles(filename) : askedFor(type, names);
          // Everything of a type at once is a slip more often than a wish.
          if (asked.some(({ name }) => name === undefined)) throw new UsageError('delete needs a name');
          const missing: Error[] = [];
          for (const each of asked) {
            const { groups, missing: none } = await found(options, [each]);
            missing.push(...none);
            for (const object of groups.get(each.type)!) {
              await ask(options, 'DELETE', `/${each.type}/${object.uuid}`);
              print(`${each.type}/${nameOf(object)} deleted`);
            }
          }
          tellMissing(missing);
        },
      ),
} as const satisfies Subcommand;

/** Last first: what comes later hangs on what comes before. */
function inFiles(files: readonly string[]): Asked[] {
  return files
    .flatMap(documentsOf)
    .map(({ type, body: { fq_name: name, uuid } }) => ({
      type,
      name: typeof uuid === 'string' ? uuid : (name as string[]).join(':'),
    }))
    .reverse();
}
