/** `vaportrail get TYPE [NAME…]`: configuration objects, as kubectl shows those of Kubernetes. */
import type { ObjectTypeName } from '@vaportrail/schema';
import { print, UsageError, type Subcommand } from '../../command.ts';
import {
  addApiOptions,
  askedFor,
  found,
  tellMissing,
  type ApiOptions,
  type Asked,
  type Shown,
} from './api.ts';
import { formatOf, groupsText, rowText, type Format } from './format.ts';
import { selectorOf, type Selector } from './selector.ts';
import { changedObjects, type Changed } from './watch.ts';

export const get = {
  summary: 'list configuration objects of a type, or show some of them',
  examples: [
    ['vaportrail get loadbalancers', 'all load balancers; "loadbalancer" and "lb" mean the same'],
    ['vaportrail get fip,iip -o wide', 'several types, with full names and UUIDs'],
    ['vaportrail get loadbalancer service-web-lb -o yaml', 'one, whole'],
    ['vaportrail get fip -o name | xargs vaportrail describe', 'names that other commands take'],
    [
      'vaportrail get fip -l kind=Service,name=web --watch',
      'those of a Service, and every change from now on',
    ],
    [`vaportrail get fip -o jsonpath='{.items[*].floating_ip_address}'`, 'what a script needs'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancers, floating-ips, virtual-networks …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .option('-o, --output <format>', 'json, yaml, wide, name or jsonpath=TEMPLATE', formatOf)
      .option('-l, --selector <selector>', 'by annotations, as kubectl selects by labels', selectorOf)
      .option('-w, --watch', 'go on with every change; one that goes is shown as it last was')
      .action(async (type: string, names: string[], options: GetOptions) => {
        const asked = askedFor(type, names);
        if (options.selector !== undefined && names.length > 0)
          throw new UsageError('either names or a selector');
        const known = new Map<string, Shown>();
        // Followed before it is listed, so that nothing is missed in between.
        const changes = options.watch === true ? changedObjects(options, asked, known) : undefined;
        await changes?.next();
        try {
          const groups = await list(options, asked);
          if (changes === undefined) return;
          for (const object of [...groups.values()].flat()) known.set(object.uuid, object);
          for await (const change of changes) if (change !== undefined) follow(options, change, groups);
        } finally {
          await changes?.return(undefined);
        }
      }),
} as const satisfies Subcommand;

type GetOptions = ApiOptions & {
  readonly output?: Format;
  readonly selector?: Selector;
  readonly watch?: true;
};

/** Shows what there is. @throws Error that names what is not there */
async function list(
  options: GetOptions,
  asked: readonly Asked[],
): Promise<ReadonlyMap<ObjectTypeName, Shown[]>> {
  const { output, selector } = options;
  const { groups, missing } = await found(options, asked, selector);
  const single = asked.length === 1 && asked[0]!.name !== undefined;
  const text = single && missing.length > 0 ? '' : groupsText(groups, output, single);
  if (output?.startsWith('jsonpath') === true) process.stdout.write(text);
  else if (text !== '') print(text);
  tellMissing(missing);
  for (const [each, objects] of groups)
    if (objects.length === 0) process.stderr.write(`No ${each}s found.\n`);
  return groups;
}

/** Shows one that changed, in the columns of those that were shown before it. */
function follow(
  { output, selector }: GetOptions,
  { type, object }: Changed,
  groups: ReadonlyMap<ObjectTypeName, Shown[]>,
): void {
  if (selector?.(object) === false) return;
  const group = groups.get(type)!;
  const at = group.findIndex(({ uuid }) => uuid === object.uuid);
  group.splice(at < 0 ? group.length : at, 1, object);
  print(rowText(type, object, group, output));
}
