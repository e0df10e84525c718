/** `vaportrail describe TYPE NAME`: all that an object says, and what hangs on it. */
import { stringify } from 'yaml';
import { print, type Subcommand } from '../../command.ts';
import { addApiOptions, nameOf, objectOf, typeOf, type ApiOptions } from './api.ts';

/** Keys that say nothing to a person. */
const hidden = new Set([
  'href',
  'parent_href',
  'id_perms',
  'perms2',
  'name',
  'fq_name',
  'uuid',
  'display_name',
]);

export const describe = {
  summary: 'show a configuration object with what it refers to and what refers to it',
  examples: [['vaportrail describe loadbalancer service-web-lb', 'its listeners, interface and annotations']],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancer, floating-ip, virtual-network …')
      .argument('<name>', 'UUID, full name, or last name')
      .action(async (typeName: string, name: string, options: ApiOptions) => {
        const type = typeOf(typeName);
        const object = await objectOf(options, type, name);
        const shown = Object.entries(object)
          .filter(([key]) => !hidden.has(key))
          .map(([key, value]) => [key, isLinks(value) ? value.map(({ to }) => to.join(':')) : value]);
        print(stringify({ name: nameOf(object), uuid: object.uuid, ...Object.fromEntries(shown) }));
      }),
} as const satisfies Subcommand;

function isLinks(value: unknown): value is { to: string[] }[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && 'to' in one);
}
