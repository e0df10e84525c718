/** `vaportrail delete TYPE NAME`: removes a configuration object. */
import { print, type Subcommand } from '../../command.ts';
import { addApiOptions, ask, nameOf, objectOf, typeOf, type ApiOptions } from './api.ts';

export const deleteObject = {
  summary: 'delete a configuration object',
  examples: [['vaportrail delete floating-ip service-web-lb', 'refused while something refers to it']],
  build: (command) =>
    void addApiOptions(command)
      .argument('<type>', 'floating-ip, virtual-network …')
      .argument('<name>', 'UUID, full name, or last name')
      .action(async (typeName: string, name: string, options: ApiOptions) => {
        const type = typeOf(typeName);
        const object = await objectOf(options, type, name);
        await ask(options, 'DELETE', `/${type}/${object.uuid}`);
        print(`${type}/${nameOf(object)} deleted`);
      }),
} as const satisfies Subcommand;
