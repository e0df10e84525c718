/** `vaportrail delete TYPE NAME…`: removes configuration objects. */
import { print, RefusedError, UsageError, type Subcommand } from '../../command.ts';
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
import { selectorOf, type Selector } from './selector.ts';

export const deleteObject = {
  summary: 'delete configuration objects',
  examples: [
    ['vaportrail delete floating-ip service-web-lb', 'refused while something refers to it'],
    ['vaportrail delete -f network.yaml', 'what create made of that file, last first'],
    ['vaportrail delete fip -l namespace=ns-user-1', 'those of a namespace; --all for all of a type'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('[type]', 'floating-ip, virtual-network …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .option('-f, --filename <file...>', 'YAML or JSON as create takes it, "-" for standard input')
      .option('-l, --selector <selector>', 'by annotations, as kubectl selects by labels', selectorOf)
      .option('--all', 'all of the type')
      .option('--ignore-not-found', 'what is not there is no error')
      .action(
        async (
          type: string | undefined,
          names: string[],
          { filename = [], selector, all, ignoreNotFound, ...options }: DeleteOptions,
        ) => {
          if ((type === undefined) === (filename.length === 0))
            throw new UsageError('either TYPE NAME, or -f');
          const asked = type === undefined ? inFiles(filename) : askedFor(type, names);
          const isWhole = asked.some(({ name }) => name === undefined);
          // Everything of a type at once is a slip more often than a wish.
          if (isWhole && all !== true && selector === undefined)
            throw new UsageError(
              'resource(s) were provided, but no name was specified: name some, or --all, or -l',
            );
          if (!isWhole && (all === true || selector !== undefined))
            throw new UsageError('name cannot be provided when --all or a selector is specified');
          const missing: Error[] = [];
          for (const each of asked) {
            const { groups, missing: none } = await found(options, [each], selector);
            missing.push(...none);
            for (const object of groups.get(each.type)!) {
              await ask(options, 'DELETE', `/${each.type}/${object.uuid}`);
              print(`${each.type} "${nameOf(object)}" deleted`);
            }
          }
          tellMissing(missing.filter((each) => ignoreNotFound !== true || !isAbsence(each)));
        },
      ),
} as const satisfies Subcommand;

type DeleteOptions = ApiOptions & {
  readonly filename?: string[];
  readonly selector?: Selector;
  readonly all?: true;
  readonly ignoreNotFound?: true;
};

function isAbsence(error: Error): boolean {
  return error instanceof RefusedError && error.reason === 'NotFound';
}

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
