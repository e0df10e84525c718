/** `vaportrail why`: where a route is along the way, and why it is not used where it is not. */
import {
  fetchView,
  peerChoice,
  peerChoiceText,
  why as explain,
  whyText,
  type NeighborView,
  type PeerChoice,
  type RouteView,
  type VrfView,
  type Why,
  type Witness,
} from '@vaportrail/show';
import { UsageError, exitCode, print, printJson, type Subcommand } from '../command.ts';
import { endpointsOf, endpointsWithRoutes, type Target } from '../endpoint.ts';
import { prefixArgument } from '../prefix-argument.ts';
import { readRib } from '../rib/read-rib.ts';

export const why = {
  summary: 'why a route is best, or not, or missing: every path in every table along the way',
  examples: [
    ['vaportrail why 101.101.101.252/32', 'from the agents over the control nodes to the gateways'],
    ['vaportrail why 101.101.101.252/32 --at camaro', 'at one daemon alone'],
    ['vaportrail why 101.101.101.252/32 --peer frr', 'and where the FRR of the lab chooses otherwise'],
    ['vaportrail why 101.101.101.252/32 --vrf k8s-test --json', 'only this VRF, as JSON'],
  ],
  build: (command) =>
    command
      .description(`${command.description()} The exit code is 1 when no daemon has a route to the prefix.`)
      .argument('<prefix>', 'a prefix or an address, e.g. 101.101.101.252/32', prefixArgument)
      .option('--vrf <name>', 'only the tables of this VRF or routing instance')
      .option('--at <daemon>', 'name of a daemon on this machine, or the address of its views')
      .option('--peer <router>', 'also what a live router says: frr[:VTY-FOLDER] or gobgp[:ADDRESS[:PORT]]')
      .option('--json', 'the explanation as JSON')
      .action(async (prefix: string, options: WhyOptions) => {
        const targets =
          options.at === undefined
            ? running()
            : endpointsOf(['control-node', 'gateway', 'agent'], options.at);
        const witnesses = await Promise.all(targets.map((target) => witness(target, prefix, options.vrf)));
        const answer = explain(prefix, witnesses);
        const peer = options.peer === undefined ? undefined : await choiceOf(options.peer, prefix, answer);
        if (options.json === true) printJson(peer === undefined ? answer : { ...answer, peer });
        else print(whyText(answer) + (peer === undefined ? '' : `\n${peerChoiceText(peer)}`));
        if (answer.daemons.some(({ tables }) => tables.length > 0)) return;
        const where = options.vrf === undefined ? '' : ` in ${options.vrf}`;
        const asked = answer.daemons.map(({ name }) => name).join(', ');
        process.stderr.write(`no route to ${prefix}${where} at ${asked}\n`);
        process.exitCode = exitCode.failed;
      }),
} as const satisfies Subcommand;

interface WhyOptions {
  readonly vrf?: string;
  readonly at?: string;
  readonly peer?: string;
  readonly json?: true;
}

/** What a live router chose, held against what our daemons chose. */
async function choiceOf(peer: string, prefix: string, answer: Why): Promise<PeerChoice> {
  if (!/^(frr|gobgp)(:|$)/.test(peer)) throw new UsageError(`"${peer}" is none of frr, gobgp`);
  // FRR chooses in the table it imports into; GoBGP shows its choice in the VPN table.
  const table = peer.startsWith('frr') ? 'inet.0' : 'bgp.l3vpn.0';
  const paths = await readRib(peer, { table, prefix });
  const router = peer.startsWith('frr') ? 'FRR' : 'GoBGP';
  return peerChoice(
    router,
    paths.map(({ route, nextHop, best = false, reason }) => ({
      route,
      nextHop,
      best,
      ...(reason !== undefined && { reason }),
    })),
    answer,
  );
}

/** All daemons of this machine that have routes. @throws Error when none runs */
function running(): Target[] {
  const found = endpointsWithRoutes();
  return found.length > 0 ? found : endpointsOf(['control-node'], undefined);
}

/** What a daemon shows of a prefix. */
export async function witness(
  { url, name = url, kind, query }: Target,
  prefix: string,
  vrf: string | undefined,
): Promise<Witness> {
  const daemon = kind ?? (await fetchView<{ kind: Witness['kind'] }>(url, '/daemon', query)).kind;
  const [routes, neighbors, vrfs] = await Promise.all([
    // What a gateway hides is what is to be explained.
    fetchView<RouteView[]>(url, '/routes', {
      ...query,
      prefix,
      ...(daemon === 'gateway' && { hidden: 'also' }),
    }),
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
