/** Numbers that a compute node gives by itself: where the topology lists them, a node that is told its pods has those. */
import type { VirtualRouterSettings } from '@vaportrail/schema';
import type { Topology } from './topology.ts';

/** What a node was told, with the VRF numbers and labels that the topology has for it. */
export function numbered(
  told: VirtualRouterSettings,
  topology: Topology,
  podAt: (address: string) => string | undefined,
) {
  const free = topology.pods.filter(({ node }) => node === told.name);
  return {
    'load-balancers': told['load-balancers'],
    vrfs: told.vrfs.map((vrf) => {
      const id = topology.networks.find(({ name }) => name === vrf.name)?.['instance-ids'][told.name];
      return { ...vrf, ...(id !== undefined && { 'instance-id': id }) };
    }),
    interfaces: told.interfaces.map((one) => {
      const workload = workloadOf(podAt(one.address[0]!) ?? '');
      const at = free.findIndex(({ name }) => workloadOf(name) === workload);
      const [pod] = at < 0 ? [] : free.splice(at, 1);
      return { ...one, ...(pod !== undefined && { label: pod.label }) };
    }),
  };
}

/** `webserver` of `webserver-846c9ccb8b-r9zdt`: what a Deployment's pods have in common. */
function workloadOf(pod: string): string {
  return pod.replace(/-[a-z0-9]{6,10}-[a-z0-9]{5}$/, '');
}
