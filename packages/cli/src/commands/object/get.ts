/** `vaportrail get TYPE [NAME…]`: configuration objects, as kubectl shows those of Kubernetes. */
import { Option, print, type Subcommand } from '../../command.ts';
import { addApiOptions, askedFor, found, tellMissing, type ApiOptions } from './api.ts';
import { formats, groupsText, type Format } from './format.ts';

export const get = {
  summary: 'list configuration objects of a type, or show some of them',
  examples: [
    ['vaportrail get loadbalancers', 'all load balancers; "loadbalancer" and "lb" mean the same'],
    ['vaportrail get fip,iip -o wide', 'several types, with full names and UUIDs'],
    ['vaportrail get loadbalancer service-web-lb -o yaml', 'one, whole'],
    ['vaportrail get fip -o name | xargs vaportrail describe', 'names that other commands take'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancers, floating-ips, virtual-networks …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .addOption(new Option('-o, --output <format>', 'output format').choices(formats))
      .action(async (type: string, names: string[], options: ApiOptions & { output?: Format }) => {
        const asked = askedFor(type, names);
        const { groups, missing } = await found(options, asked);
        const single = asked.length === 1 && asked[0]!.name !== undefined;
        const text = single && missing.length > 0 ? '' : groupsText(groups, options.output, single);
        if (text !== '') print(text);
        tellMissing(missing);
        for (const [each, objects] of groups)
          if (objects.length === 0) process.stderr.write(`No ${each}s found.\n`);
      }),
} as const satisfies Subcommand;
