/** `vaportrail rt`: routes of a VRF. */
import { parsePrefix, prefixText } from '@vaportrail/net';
import { bridgeDumpText, routeDumpText, routeGetText, type VrouterRouteTableView } from '@vaportrail/show';
import { Option, UsageError, type Subcommand } from '../../command.ts';
import { addVrouterOptions, askAgent, show, type VrouterOptions } from './ask.ts';

interface RtOptions extends VrouterOptions {
  readonly dump?: string;
  readonly get?: string;
  readonly vrf?: string;
  readonly family: 'inet' | 'inet6' | 'bridge';
}

export const rt = {
  summary: "routes of a VRF on a compute node, as its vRouter's rt prints them",
  examples: [
    ['vaportrail rt --dump 2 --from cent222', 'the VRF with index 2'],
    ['vaportrail rt --get 10.47.255.250/32 --vrf 2 --from cent222', 'one route of it'],
    ['vaportrail rt --dump 2 --family inet6 --from cent222', 'its IPv6 routes'],
  ],
  build: (command) =>
    addVrouterOptions(command)
      .option('--dump <vrf>', 'every route of a VRF, by index or name')
      .option('--get <prefix>', 'one route of the VRF that --vrf names')
      .option('--vrf <vrf>', 'index or name of a VRF')
      .addOption(new Option('--family <family>').choices(['inet', 'inet6', 'bridge']).default('inet'))
      .action(async (options: RtOptions) => {
        const { dump, get, vrf } = options;
        if ((dump === undefined) === (get === undefined)) {
          throw new UsageError('give --dump <vrf>, or --get <prefix> --vrf <vrf>');
        }
        if (options.family === 'bridge') {
          if (dump === undefined) throw new UsageError('--family bridge needs --dump <vrf>');
          const { name, vrf: index } = await table(options, dump, 'inet');
          return show(options, { name, vrf: index, family: 'bridge', routes: [] }, bridgeDumpText);
        }
        if (dump !== undefined)
          return show(options, await table(options, dump, options.family), routeDumpText);
        if (vrf === undefined) throw new UsageError('--get needs --vrf <vrf>');
        const prefix = prefixOf(get!);
        const answer = await table(options, vrf, prefix.includes(':') ? 'inet6' : 'inet');
        const route = answer.routes.find((one) => one.prefix === prefix);
        if (route === undefined) throw new Error(`${answer.name} has no route ${prefix}`);
        show(options, route, (one) => routeGetText(answer, one));
      }),
} as const satisfies Subcommand;

function table(options: RtOptions, vrf: string, family: string): Promise<VrouterRouteTableView> {
  return askAgent(options, '/vrouter/routes', { vrf, family });
}

function prefixOf(text: string): string {
  try {
    return prefixText(parsePrefix(text));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
