/** `vaportrail flow`: flows. */
import { addressText, parseAddress } from '@vaportrail/net';
import { flowListText, matchingFlows, type VrouterFlowTableView } from '@vaportrail/show';
import { UsageError, type Subcommand } from '../../command.ts';
import { addVrouterOptions, askAgent, show, type VrouterOptions } from './ask.ts';

interface Endpoint {
  readonly address: string;
  readonly port?: number;
}

export const flow = {
  summary: "flows of a compute node, as its vRouter's flow prints them",
  examples: [
    ['vaportrail flow -l --from cent222', 'every flow'],
    [
      'vaportrail flow --match 10.47.255.237:42332,10.101.102.27:9999 --from cent222',
      'between two endpoints',
    ],
    ['vaportrail flow --match 10.47.255.237 --from cent222', 'to and from an address'],
  ],
  build: (command) =>
    addVrouterOptions(command)
      .option('-l, --list', 'every flow')
      .option('--match <endpoints>', 'flows of ADDRESS[:PORT][,ADDRESS[:PORT]]; IPv6 addresses in brackets')
      .action(async (options: VrouterOptions & { list?: true; match?: string }) => {
        if ((options.match === undefined) === (options.list === undefined)) {
          throw new UsageError('give -l or --match <endpoints>');
        }
        const endpoints = options.match === undefined ? [] : endpointsOf(options.match);
        const table = await askAgent<VrouterFlowTableView>(options, '/vrouter/flows');
        show(options, { ...table, flows: matchingFlows(table.flows, endpoints) }, flowListText);
      }),
} as const satisfies Subcommand;

function endpointsOf(text: string): Endpoint[] {
  const parts = text.split(',');
  if (parts.length > 2) throw new UsageError('--match takes one or two endpoints');
  return parts.map((part) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(part.trim()) ?? [];
    try {
      const address = addressText(parseAddress(bracketed ?? plain ?? part));
      return { address, ...(port !== undefined && { port: Number(port) }) };
    } catch (error) {
      throw new UsageError(`--match: ${(error as Error).message}`);
    }
  });
}
