/** `vaportrail nh`: next hops. */
import { nextHopGetText, nextHopListText, type VrouterNextHopView } from '@vaportrail/show';
import { UsageError, type Subcommand } from '../../command.ts';
import { addVrouterOptions, askAgent, numberOf, show, type VrouterOptions } from './ask.ts';

export const nh = {
  summary: "next hops of a compute node, as its vRouter's nh prints them",
  examples: [
    ['vaportrail nh --list --from cent222', 'every next hop'],
    ['vaportrail nh --get 9 --from cent222', 'one, and the members of an ECMP next hop'],
  ],
  build: (command) =>
    addVrouterOptions(command)
      .option('--list', 'every next hop')
      .option('--get <id>', 'one next hop with its members')
      .action(async (options: VrouterOptions & { list?: true; get?: string }) => {
        if ((options.get === undefined) === (options.list === undefined)) {
          throw new UsageError('give --list or --get <id>');
        }
        const nextHops = await askAgent<VrouterNextHopView[]>(options, '/vrouter/next-hops');
        if (options.get === undefined) return show(options, nextHops, nextHopListText);
        const id = numberOf('the id of a next hop', options.get);
        const text = nextHopGetText(nextHops, id);
        if (text === undefined) throw new Error(`there is no next hop ${id}`);
        show(
          options,
          nextHops.find((nextHop) => nextHop.id === id),
          () => text,
        );
      }),
} as const satisfies Subcommand;
