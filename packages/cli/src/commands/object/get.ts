/** `vaportrail get TYPE [NAME]`: configuration objects, as kubectl shows those of Kubernetes. */
import { Option, print, type Subcommand } from '../../command.ts';
import { addApiOptions, objectOf, objectsOf, typeOf, type ApiOptions } from './api.ts';
import { formats, objectsText, type Format } from './format.ts';

export const get = {
  summary: 'list configuration objects of a type, or show one',
  examples: [
    ['vaportrail get loadbalancers', 'all load balancers'],
    ['vaportrail get floating-ips -o wide', 'with full names and UUIDs'],
    ['vaportrail get loadbalancer service-web-lb -o yaml', 'one, whole'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancers, floating-ips, virtual-networks …')
      .argument('[name]', 'UUID, full name, or last name')
      .addOption(new Option('-o, --output <format>', 'output format').choices(formats))
      .action(
        async (typeName: string, name: string | undefined, options: ApiOptions & { output?: Format }) => {
          const type = typeOf(typeName);
          const objects =
            name === undefined ? await objectsOf(options, type) : [await objectOf(options, type, name)];
          print(objectsText(type, objects, options.output, name !== undefined));
        },
      ),
} as const satisfies Subcommand;
