/** `vaportrail describe TYPE [NAME…]`: all that objects say, and what hangs on them. */
import { stringify } from 'yaml';
import { print, type Subcommand } from '../../command.ts';
import { addApiOptions, askedFor, found, nameOf, tellMissing, type ApiOptions, type Shown } from './api.ts';

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
  summary: 'show configuration objects with what they refer to and what refers to them',
  examples: [
    ['vaportrail describe loadbalancer service-web-lb', 'its listeners, interface and annotations'],
    ['vaportrail describe vn', 'every virtual network'],
  ],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'loadbalancer, floating-ip, virtual-network …; TYPE/NAME for one of them')
      .argument('[names...]', 'UUID, full name, or last name')
      .action(async (type: string, names: string[], options: ApiOptions) => {
        const { groups, missing } = await found(options, askedFor(type, names));
        const texts = [...groups.values()].flat().map(describedText);
        if (texts.length > 0) print(texts.join('---\n'));
        tellMissing(missing);
      }),
} as const satisfies Subcommand;

function describedText(object: Shown): string {
  const shown = Object.entries(object)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => [key, isLinks(value) ? value.map(({ to }) => to.join(':')) : value]);
  return stringify({ name: nameOf(object), uuid: object.uuid, ...Object.fromEntries(shown) });
}

function isLinks(value: unknown): value is { to: string[] }[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && 'to' in one);
}
