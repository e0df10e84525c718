/** `vaportrail why`: where a route is along the way, and why it is not used where it is not. */
import {
  fetchView,
  findEndpoints,
  why as explain,
  whyText,
  type NeighborView,
  type RouteView,
  type VrfView,
  type Witness,
} from '@vaportrail/show';
import { print, printJson, type Subcommand } from '../command.ts';
import { endpointsOf, type Target } from '../endpoint.ts';

export const why = {
  summary: 'why a route is best, or not, or missing: every path in every table along the way',
  examples: [
    ['vaportrail why 101.101.101.252/32', 'from the agents over the control nodes to the gateways'],
    ['vaportrail why 101.101.101.252/32 --at camaro', 'at one daemon alone'],
    ['vaportrail why 101.101.101.252/32 --vrf k8s-test --json', 'only this VRF, as JSON'],
  ],
  build: (command) =>
    command
      .argument('<prefix>', 'a prefix, e.g. 101.101.101.252/32')
      .option('--vrf <name>', 'only the tables of this VRF or routing instance')
      .option('--at <daemon>', 'name of a daemon on this machine, or the address of its views')
      .option('--json', 'the explanation as JSON')
      .action(async (prefix: string, options: { vrf?: string; at?: string; json?: true }) => {
        const targets = options.at === undefined ? running() : endpointsOf(['gateway'], options.at);
        const witnesses = await Promise.all(targets.map((target) => witness(target, prefix, options.vrf)));
        const answer = explain(prefix, witnesses);
        if (options.json === true) printJson(answer);
        else print(whyText(answer));
      }),
} as const satisfies Subcommand;

/** All daemons of this machine. @throws Error when none runs */
function running(): Target[] {
  const found = findEndpoints();
  return found.length > 0 ? found : endpointsOf(['control-node'], undefined);
}

async function witness(
  { url, name = url, kind, query }: Target,
  prefix: string,
  vrf: string | undefined,
): Promise<Witness> {
  const daemon = kind ?? (await fetchView<{ kind: Witness['kind'] }>(url, '/daemon', query)).kind;
  const [routes, neighbors, vrfs] = await Promise.all([
    fetchView<RouteView[]>(url, '/routes', { ...query, prefix }),
    fetchView<NeighborView[]>(url, '/neighbors', query),
    daemon === 'control-node' ? undefined : fetchView<VrfView[]>(url, '/vrfs', query),
  ]);
  return {
    name,
    kind: daemon,
    routes: vrf === undefined ? routes : routes.filter(({ table }) => table.startsWith(`${vrf}.`)),
    neighbors,
    ...(vrfs === undefined ? {} : { vrfs }),
  };
}
