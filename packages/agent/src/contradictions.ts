/** What settings of an agent say against each other, though each is valid by itself. */
import type { AgentConfig, FloatingIpConfig } from './config.ts';
import { FABRIC_VRF } from './vrf.ts';

/** Takes a problem with the path of the field that has it. */
export type Refuse = (path: readonly (string | number)[], message: string) => void;

/** @param at where the agent stands in its file */
export function checkAgent(
  agent: Pick<
    AgentConfig,
    'tls' | 'vrfs' | 'interfaces' | 'load-balancers' | 'config' | 'virtual-machines'
  > & { readonly 'control-nodes'?: AgentConfig['control-nodes'] | undefined },
  at: readonly (string | number)[],
  refuse: Refuse,
): void {
  const unique = (what: string): ((key: string | number | undefined, path: (string | number)[]) => void) => {
    const seen = new Map<string | number, string>();
    return (key, path) => {
      if (key === undefined) return;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, path.slice(0, 2).join('[') + ']');
      else refuse([...at, ...path], `${key} is already the ${what} of ${first}`);
    };
  };
  agent['control-nodes']?.forEach(({ name }, index) => {
    if (name === undefined || (agent.tls?.authority !== undefined && agent.tls.names !== 'any')) return;
    refuse(
      [...at, 'control-nodes', index, 'name'],
      'needs tls with an authority and names: its certificate tells who it is',
    );
  });
  const machines = unique('UUID');
  agent['virtual-machines'].forEach((machine, index) => machines(machine, ['virtual-machines', index]));
  if (agent['virtual-machines'].length > 0 && agent.config !== 'xmpp')
    refuse([...at, 'virtual-machines'], 'needs config: xmpp, as it is control nodes that are asked');
  const vrfNames = unique('name');
  const instances = unique('instance-id');
  agent.vrfs.forEach((vrf, index) => {
    vrfNames(vrf.name, ['vrfs', index, 'name']);
    instances(vrf['instance-id'], ['vrfs', index, 'instance-id']);
    if ((vrf.name === FABRIC_VRF) !== (vrf['instance-id'] === 0) && vrf['instance-id'] !== undefined) {
      refuse(
        [...at, 'vrfs', index, 'instance-id'],
        'the underlay has instance-id 0, every other VRF another',
      );
    }
  });
  const names = unique('name');
  const labels = unique('label');
  const indexes = unique('index');
  agent.interfaces.forEach((one, index) => {
    names(one.name, ['interfaces', index, 'name']);
    labels(one.label, ['interfaces', index, 'label']);
    indexes(one.index, ['interfaces', index, 'index']);
    if (one.vrf === FABRIC_VRF) {
      refuse([...at, 'interfaces', index, 'vrf'], 'workloads do not live in the underlay');
    }
    const floating = unique('address');
    one['floating-ips'].forEach((floatingIp, place) => {
      const path = ['interfaces', index, 'floating-ips', place];
      const problem = floatingIpProblem(one, floatingIp);
      if (problem !== undefined) refuse([...at, ...path, problem.field], problem.because);
      floating(`${floatingIp.address} in ${floatingIp.vrf}`, [...path, 'address']);
    });
  });
  const balancers = unique('uuid');
  agent['load-balancers'].forEach(({ uuid, address, interface: carrier }, index) => {
    const path = ['load-balancers', index];
    balancers(uuid, [...path, 'uuid']);
    const found = agent.interfaces.find((one) => one.name === carrier);
    if (found === undefined) refuse([...at, ...path, 'interface'], `there is no interface ${carrier}`);
    else if (!found.address.includes(address))
      refuse([...at, ...path, 'address'], `${address} is not an address of ${carrier}`);
  });
}

/** What is wrong between an interface and a floating IP for it. */
export function floatingIpProblem(
  to: { readonly address: readonly string[] },
  floatingIp: FloatingIpConfig,
): { readonly field: 'address' | 'fixed-ip'; readonly because: string } | undefined {
  const { address, 'fixed-ip': fixedIp } = floatingIp;
  if (fixedIp !== undefined && !to.address.includes(fixedIp)) {
    return { field: 'fixed-ip', because: `${fixedIp} is not an address of the interface` };
  }
  const inet6 = address.includes(':');
  if (!to.address.some((own) => own.includes(':') === inet6)) {
    return { field: 'address', because: `the interface has no ${inet6 ? 'IPv6' : 'IPv4'} address` };
  }
  return undefined;
}
