/** `vaportrail get TYPE [NAME…]`: configuration objects, as kubectl shows those of Kubernetes. */
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
import { formatOf, ObjectPrinter, tables, type Format } from './format.ts';
import { orderOf, type Order } from './order.ts';
import { ofNamespace, selectorOf, type Selector } from './selector.ts';
import { changedObjects } from './watch.ts';

export const get = {
  summary: 'list configuration objects of a type, or show some of them',
  examples: [
    ['vaportrail get loadbalancers', 'all load balancers; "loadbalancer" and "lb" mean the same'],
    ['vaportrail get fip,iip -o wide', 'several types, with full names and UUIDs'],
    ['vaportrail get loadbalancer service-web-lb -o yaml', 'one, whole'],
    ['vaportrail get iip -n ns-user-1 --sort-by .instance_ip_address', 'those of a namespace, in order'],
    ['vaportrail get fip -o name | xargs vaportrail describe', 'names that other commands take'],
    [
      'vaportrail get fip -l kind=Service,name=web --watch',
      'those of a Service, and every change from now on',
    ],
    [`vaportrail get fip -o jsonpath='{.items[*].floating_ip_address}'`, 'what a script needs'],
    [
      'vaportrail get fip -o custom-columns=IP:.floating_ip_address,OF:.annotations.key_value_pair[4].value',
      'columns of your own',
    ],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancers, floating-ips, virtual-networks …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .option(
        '-o, --output <format>',
        'json, yaml, wide, name, jsonpath=TEMPLATE or custom-columns=TITLE:PATH,…',
        formatOf,
      )
      .option('-l, --selector <selector>', 'by annotations, as kubectl selects by labels', selectorOf)
      .option('-n, --namespace <namespace>', 'only what is of a namespace of Kubernetes')
      .option('-A, --all-namespaces', 'of all namespaces, as without -n')
      .option('--sort-by <path>', 'order by the value of a JSONPath, e.g. .instance_ip_address', orderOf)
      .option('-w, --watch', 'go on with every change; one that goes is shown as it last was')
      .option('--no-headers', 'tables without headings')
      .action(async (type: string, names: string[], options: GetOptions) => {
        const asked = askedFor(type, names);
        if (options.selector !== undefined && names.length > 0)
          throw new UsageError('name cannot be provided when a selector is specified');
        if (options.namespace !== undefined && options.allNamespaces === true)
          throw new UsageError('-n and -A exclude each other');
        const typed = new Set(asked.map((each) => each.type)).size > 1;
        const printer = new ObjectPrinter(options.output ?? tables, typed, options.headers);
        const known = new Map<string, Shown>();
        // Followed before it is listed, so that nothing is missed in between.
        const changes = options.watch === true ? changedObjects(options, asked, known) : undefined;
        await changes?.next();
        try {
          const objects = await list(options, asked, printer);
          if (changes === undefined) return;
          for (const object of objects) known.set(object.uuid, object);
          for await (const change of changes) {
            if (change === undefined || !isSelected(options, change.object)) continue;
            print(printer.one(change.type, change.object));
          }
        } finally {
          await changes?.return(undefined);
        }
      }),
} as const satisfies Subcommand;

type GetOptions = ApiOptions & {
  readonly output?: Format;
  readonly selector?: Selector;
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly sortBy?: Order;
  readonly watch?: true;
  readonly headers: boolean;
};

function isSelected({ selector, namespace }: GetOptions, object: Shown): boolean {
  if (namespace !== undefined && !ofNamespace(namespace)(object)) return false;
  return selector?.(object) !== false;
}

/** Shows what there is. @throws Error that names what is not there */
async function list(
  options: GetOptions,
  asked: readonly Asked[],
  printer: ObjectPrinter,
): Promise<readonly Shown[]> {
  const { output = tables, sortBy } = options;
  const { groups, missing } = await found(options, asked, (object) => isSelected(options, object));
  if (sortBy !== undefined) for (const [type, group] of groups) groups.set(type, sortBy(group));
  const objects = [...groups.values()].flat();
  const single = asked.length === 1 && asked[0]!.name !== undefined;
  if (!single || missing.length === 0) process.stdout.write(printer.all(groups, single));
  tellMissing(missing);
  if (objects.length === 0 && (output.kind === 'table' || output.kind === 'wide'))
    process.stderr.write('No resources found\n');
  return objects;
}
