/** `vaportrail vif`: interfaces. */
import { interfacesText, type VrouterInterfaceView } from '@vaportrail/show';
import { UsageError, type Subcommand } from '../../command.ts';
import { addVrouterOptions, askAgent, numberOf, show, type VrouterOptions } from './ask.ts';

export const vif = {
  summary: "interfaces of a compute node, as its vRouter's vif prints them",
  examples: [
    ['vaportrail vif --list --from cent222', 'every interface'],
    ['vaportrail vif --get 3 --from cent222', 'one of them, with its counters'],
  ],
  build: (command) =>
    addVrouterOptions(command)
      .option('--list', 'every interface')
      .option('--get <index>', 'one interface')
      .action(async (options: VrouterOptions & { list?: true; get?: string }) => {
        if ((options.get === undefined) === (options.list === undefined)) {
          throw new UsageError('give --list or --get <index>');
        }
        const interfaces = await askAgent<VrouterInterfaceView[]>(options, '/vrouter/interfaces');
        if (options.get === undefined) return show(options, interfaces, interfacesText);
        const index = numberOf('the index of an interface', options.get);
        const one = interfaces.find((each) => each.index === index);
        if (one === undefined) throw new Error(`there is no interface vif0/${index}`);
        show(options, one, (each) => interfacesText([each]));
      }),
} as const satisfies Subcommand;
