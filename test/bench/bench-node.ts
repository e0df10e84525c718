/** The control node of `npm run bench -- agents`, in a process of its own; answers by IPC how it is. */
import { setImmediate as turn } from 'node:timers/promises';
import { ControlNode, controlNodeConfig, rehearse } from '@vaportrail/control-node';
import { instanceOf } from './agent-crowd.ts';
import { OwnUsage } from './own-usage.ts';

export interface BenchNodePlan {
  readonly networks: number;
  /** Address of the BGP peer that connects to it. */
  readonly peer: string;
}

export interface BenchNodeAddress {
  readonly address: string;
  readonly port: number;
  readonly bgpPort: number;
}

/** How the node is, and what it has used since it was asked before. */
export interface BenchNodeUsage {
  readonly residentOctets: number;
  readonly heapOctets: number;
  readonly cpuSeconds: number;
  /** Longest time that the event loop did not turn, in milliseconds. */
  readonly longestStall: number;
  /** Paths in tables of instances, copies left out, and in `bgp.l3vpn.0`. */
  readonly instancePaths: number;
  readonly vpnPaths: number;
  readonly agents: number;
}

const ASN = 65000;
const MASTER = 'default-domain:default-project:ip-fabric:__default__';

async function run({ networks, peer }: BenchNodePlan): Promise<void> {
  await rehearse();
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'bench',
      asn: ASN,
      'router-id': '10.0.0.1',
      'cluster-id': '10.0.0.1',
      bgp: {
        listen: [{ address: '127.0.0.1', port: 0 }],
        peers: [{ address: peer, passive: true, families: ['inet-vpn'] }],
      },
      xmpp: { listen: { address: '127.0.0.1', port: 0 } },
      introspect: { address: '127.0.0.1', port: 0 },
      'routing-instances': Array.from({ length: networks }, (_, network) => ({
        name: instanceOf(network),
        'vn-index': network + 1,
        'route-targets': [`${ASN}:${8_000_000 + network}`],
      })),
    }),
  );
  await node.start();
  const own = new OwnUsage();
  const usage = async (): Promise<BenchNodeUsage> => {
    const used = own.read();
    // Garbage is not what a route takes.
    globalThis.gc?.();
    await turn();
    let instancePaths = 0;
    let vpnPaths = 0;
    for (const { name, primaryPaths = 0, paths } of node.tables()) {
      if (name === 'bgp.l3vpn.0') vpnPaths = paths;
      else if (!name.startsWith('bgp.') && !name.startsWith(MASTER)) instancePaths += primaryPaths;
    }
    const { rss, heapUsed } = process.memoryUsage();
    const { established } = node.xmppConnections();
    own.restart();
    return {
      residentOctets: rss,
      heapOctets: heapUsed,
      ...used,
      instancePaths,
      vpnPaths,
      agents: established,
    };
  };
  process.on('message', () => void usage().then((answer) => process.send!(answer)));
  const address: BenchNodeAddress = { ...node.xmppAddress!, bgpPort: node.bgpAddresses[0]!.port };
  process.send!(address);
}

if (process.send !== undefined && process.argv[2] === '--node') {
  process.on('disconnect', () => process.exit(0));
  await run(JSON.parse(process.argv[3]!) as BenchNodePlan);
}
