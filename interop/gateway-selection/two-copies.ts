// The lab's situation for a gateway: one prefix under two route distinguishers, announced by a daemon nobody here wrote.
import { setTimeout as sleep } from 'node:timers/promises';
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import type { GatewayPathView } from '@vaportrail/show';
import { readConfig } from '@vaportrail/show';

export const floatingIp = '101.101.101.252/32';
export const cent222 = '10.169.25.20';
export const cent333 = '10.169.25.21';
export const AS = 60100;

export interface Neighbor {
  readonly address: string;
  readonly localAddress: string;
  readonly asn?: number;
}

/** The gateway of the lab towards these neighbours, as YAML. */
export function gatewayYaml(neighbors: readonly Neighbor[], families = '[inet-vpn]'): string {
  const peers = neighbors.map(
    ({ address, localAddress, asn = AS }) =>
      `    - { address: ${address}, port: 1790, asn: ${asn}, local-address: ${localAddress}, families: ${families}, connect-retry: 1 }`,
  );
  return `
name: camaro
asn: 13979
local-as: ${AS}
router-id: 192.168.0.204
bgp:
  peers:
${peers.join('\n')}
routing-instances:
  - name: k8s-test
    route-distinguisher: 192.168.0.204:500
    vrf-target: target:500:500
    vrf-table-label: 299776
    interfaces:
      - { name: ge-0/0/1.0, address: 15.15.15.1/24 }
dynamic-tunnels:
  - { name: contrail, source-address: 192.168.0.204, destination-networks: [10.169.25.0/24] }
tunnel-services:
  pics: [2/2/0, 2/3/0]
`;
}

export async function startGateway(yaml: string): Promise<Gateway> {
  const gateway = new Gateway(readConfig(yaml, 'gateway.yaml', gatewayConfig));
  await gateway.start();
  return gateway;
}

/** The entries of the floating IP in the VRF once `ready` holds for them. @throws Error with what was there instead */
export async function entries(
  gateway: Gateway,
  ready: (paths: readonly GatewayPathView[]) => boolean,
  table = 'k8s-test.inet.0',
  prefix = floatingIp,
): Promise<readonly GatewayPathView[]> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const paths = gateway.routeTables({ table, prefix })[0]?.entries[0]?.paths ?? [];
    if (ready(paths)) return paths;
    if (Date.now() > deadline) {
      const seen = paths.map(({ kind, mark, nextHop, inactiveReason }) => ({
        kind,
        mark,
        nextHop,
        inactiveReason,
      }));
      throw new Error(`${prefix} in ${table} did not become as expected: ${JSON.stringify(seen)}`);
    }
    await sleep(20);
  }
}

/** Two copies with the first in use. */
export function firstOfTwo(winner: string): (paths: readonly GatewayPathView[]) => boolean {
  return (paths) => paths.length === 2 && paths[0]?.nextHop === winner && paths[0].mark === '*';
}
