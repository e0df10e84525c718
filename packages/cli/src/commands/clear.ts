/** `vaportrail clear neighbor`: begins a session, or the routes of it, anew. */
import { fetchView, isCalled, postAction, type ClearedView, type NeighborView } from '@vaportrail/show';
import { Option, print, UsageError, type Subcommand } from '../command.ts';
import { endpointsOf, type Target } from '../endpoint.ts';

interface ClearOptions {
  readonly soft?: 'in' | 'out';
  readonly from?: string;
}

export const clear = {
  summary: 'begin the session with a neighbor anew, or tell the routes of it again',
  examples: [
    ['vaportrail clear neighbor camaro', 'Cease/Administrative Reset, and another session'],
    ['vaportrail clear neighbor camaro --soft out', 'tell it all routes again'],
    ['vaportrail clear neighbor camaro-frr --soft in', 'ask it for all of its routes (route refresh)'],
    ['vaportrail clear neighbor cent222', 'an agent of a control node: its XMPP session is closed'],
    ['vaportrail clear neighbor cent111 --from camaro', "a gateway's session"],
  ],
  build: (parent) => {
    const command = parent
      .command('neighbor')
      .summary('a BGP neighbor of a control node or gateway, or an agent of a control node')
      .description('A BGP neighbor of a control node or gateway, or an agent of a control node.')
      .argument('<name>', 'name or address, as "show neighbors" has it');
    command.copyInheritedSettings(parent).exitOverride();
    command
      .addOption(
        new Option(
          '--soft <direction>',
          'keep the session: in asks for its routes, out tells it ours',
        ).choices(['in', 'out']),
      )
      .option('--from <daemon>', 'name of a daemon on this machine, or the address of its views')
      .action(async (neighbor: string, { soft, from }: ClearOptions) => {
        const { url } = await daemonOf(neighbor, from);
        const cleared = await postAction<ClearedView[]>(url, '/clear', { neighbor, soft });
        print(cleared.map(clearedText).join('\n'));
      });
  },
} as const satisfies Subcommand;

/** The daemon that has this neighbour; any when only one runs. @throws UsageError when several have one of that name */
async function daemonOf(neighbor: string, from: string | undefined): Promise<Target> {
  const targets = endpointsOf(['control-node', 'gateway'], from);
  if (targets.length === 1) return targets[0]!;
  const neighbors = await Promise.all(
    targets.map(({ url, query }) => fetchView<NeighborView[]>(url, '/neighbors', query)),
  );
  const having = targets.filter((_, index) => neighbors[index]!.some(isCalled(neighbor)));
  if (having.length === 1) return having[0]!;
  const who = having.length === 0 ? 'none of the daemons here has' : 'several daemons here have';
  const names = (having.length === 0 ? targets : having).map(({ name }) => name).join(', ');
  throw new UsageError(`${who} a neighbor called "${neighbor}" (${names}): name one with --from`);
}

function clearedText({ neighbor, soft, families }: ClearedView): string {
  if (soft === undefined) return `${neighbor}: the session begins anew`;
  const what = soft === 'in' ? 'is asked for its routes' : 'is told our routes again';
  return `${neighbor} ${what}: ${families?.join(' ')}`;
}
