// Every router a process of its own, with the addresses of the real lab: FRR with zebra and the VRF k8s-test on one end of
// a cable, `vaportrail control-node` and two agents on the other. Zebra's routing table has both next hops with labels.
import {
  DaemonProcess,
  agentSettings,
  controlNodeSettings,
  readTopology,
  realAddresses,
  removeFolder,
  temporaryFolder,
  writeConfig,
  type GatewayTopology,
} from '@vaportrail/lab';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { stringify } from 'yaml';
import { floatingIp, until } from '../running-lab.ts';
import { FrrWithZebra } from './frr-with-zebra.ts';

const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));

interface ZebraRoute {
  readonly selected?: boolean;
  readonly nexthops: readonly { readonly ip: string; readonly labels?: readonly number[] }[];
}

t.test('a named VRF of FRR balances over both nodes', { skip: FrrWithZebra.unavailable() }, async (t) => {
  const topology = readTopology();
  const frr = await FrrWithZebra.start({
    asn: topology.asn,
    vrf: 'k8s-test',
    routeTargets: ['500:500'],
    controlNode: '10.169.25.19/24',
    gateway: '10.169.25.1/24',
  });
  t.teardown(() => frr.stop());
  const folder = await temporaryFolder('named-vrf');
  t.teardown(() => removeFolder(folder));
  const start = async (kind: string, name: string, settings: object): Promise<DaemonProcess> => {
    const file = await writeConfig(folder, `${name}.yaml`, stringify(settings));
    const daemon = new DaemonProcess(name, [process.execPath, vaportrail, kind, '-c', file], frr.fabric);
    t.teardown(() => daemon.stop());
    await daemon.answers(async () => (daemon.output.includes(`${kind} is up`) ? true : undefined));
    return daemon;
  };
  const gateway: GatewayTopology = {
    name: 'gateway',
    kind: 'frr',
    address: '10.169.25.1',
    vrf: 'k8s-test',
    'route-targets': ['500:500'],
  };
  const control = await start(
    'control-node',
    'cent111',
    controlNodeSettings(topology, 'cent111', realAddresses, [gateway]),
  );
  const agents = new Map<string, DaemonProcess>();
  for (const { name, address } of topology.nodes) {
    await frr.addFabricAddress(address);
    agents.set(
      name,
      await start(
        'agent',
        name,
        agentSettings(topology, name, realAddresses, () => 2),
      ),
    );
  }

  const inVrf = async () =>
    Object.values(
      (await frr.json(`show ip route vrf k8s-test ${floatingIp}`)) as Record<string, ZebraRoute[]>,
    ).flat();
  const [route] = await until(inVrf, (routes) => routes[0]?.nexthops.length === 2, 20_000);
  t.equal(route!.selected, true);
  t.same(
    route!.nexthops.map(({ ip, labels }) => [ip, ...(labels ?? [])]).sort(),
    [
      ['10.169.25.20', 43],
      ['10.169.25.21', 28],
    ],
    'one next hop per compute node, with the label of its pod',
  );

  await agents.get('cent222')!.stop();
  await until(inVrf, (routes) => routes[0]?.nexthops.length === 1);
  await control.stop();
  await until(inVrf, (routes) => routes.length === 0);
  t.notOk(control.running);
});
