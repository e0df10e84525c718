/** `vaportrail mpls`: labels. */
import { labelsText, type VrouterLabelView } from '@vaportrail/show';
import { UsageError, type Subcommand } from '../../command.ts';
import { addVrouterOptions, askAgent, numberOf, show, type VrouterOptions } from './ask.ts';

export const mpls = {
  summary: "labels of a compute node, as its vRouter's mpls prints them",
  examples: [
    ['vaportrail mpls --dump --from cent222', 'every label with its next hop'],
    ['vaportrail mpls --get 43 --from cent222', 'one label'],
  ],
  build: (command) =>
    addVrouterOptions(command)
      .option('--dump', 'every label')
      .option('--get <label>', 'one label')
      .action(async (options: VrouterOptions & { dump?: true; get?: string }) => {
        if ((options.get === undefined) === (options.dump === undefined)) {
          throw new UsageError('give --dump or --get <label>');
        }
        const labels = await askAgent<VrouterLabelView[]>(options, '/vrouter/labels');
        if (options.get === undefined) return show(options, labels, labelsText);
        const label = numberOf('a label', options.get);
        const one = labels.find((each) => each.label === label);
        if (one === undefined) throw new Error(`there is no label ${label}`);
        show(options, one, (each) => labelsText([each]));
      }),
} as const satisfies Subcommand;
