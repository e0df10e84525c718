/** `vaportrail trace service`: a Service from its name to the gateways, and where it stops. */
import {
  FetchViewError,
  fetchView,
  hostPrefix,
  traceStops,
  traceText,
  why,
  type ServiceChainView,
} from '@vaportrail/show';
import { exitCode, print, printJson, RefusedError, type Subcommand } from '../command.ts';
import { endpointOf, endpointsWithRoutes } from '../endpoint.ts';
import { witness } from './why.ts';

export const trace = {
  summary: 'follow a Service from its name over load balancer, members and routes to the gateways',
  examples: [
    ['vaportrail trace service service-web-lb', 'every step, and where it stops and why'],
    ['vaportrail trace service service-web-lb -n ns-user-1 --json', 'as JSON, with the stops as a list'],
  ],
  build: (command) => {
    command
      .command('service')
      .description('Follows a Service. The exit code is 1 when something stops it.')
      .argument('<name>', 'name of the Service')
      .option('-n, --namespace <namespace>', 'its namespace, where several have a Service of that name')
      .option('--from <kube>', 'name of the kube daemon, or the address of its views')
      .option('--json', 'the trace as JSON')
      .action(async (name: string, options: { namespace?: string; from?: string; json?: true }) => {
        const { url } = endpointOf(['kube'], options.from);
        const { namespace } = options;
        const chain = await fetchView<ServiceChainView>(url, '/service', { name, namespace }).catch(
          (error: unknown) => {
            if (!(error instanceof FetchViewError) || error.status !== 404) throw error;
            const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
            throw new RefusedError('NotFound', `services "${name}" not found${where}`);
          },
        );
        const daemons = endpointsWithRoutes();
        const routes = await Promise.all(
          chain.floatingIps.map(async ({ address }) => {
            const prefix = hostPrefix(address);
            return why(prefix, await Promise.all(daemons.map((each) => witness(each, prefix, undefined))));
          }),
        );
        const stops = traceStops({ chain, routes });
        if (options.json === true) printJson({ chain, routes, stops });
        else print(traceText({ chain, routes }));
        if (daemons.length === 0)
          process.stderr.write('no control node, agent or gateway runs here: no routes were looked at\n');
        if (stops.length > 0) process.exitCode = exitCode.failed;
      });
  },
} as const satisfies Subcommand;
