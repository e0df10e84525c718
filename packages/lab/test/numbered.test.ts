import t from 'tap';
import { numbered } from '../src/numbered.ts';
import { readTopology } from '../src/topology.ts';

const PODS = 'default-domain:k8s-ns-user-1:k8s-ns-user-1-pod-network:k8s-ns-user-1-pod-network';
const interfaceAt = (name: string, address: string) => ({
  name,
  vrf: PODS,
  address: [address],
  mac: '02:00:00:00:00:01',
  preference: 200,
  'security-groups': [],
  'floating-ips': [],
});

t.test(
  'a node has the labels and VRF numbers that the topology has for it, whatever pods are called',
  async (t) => {
    const told = {
      name: 'cent222',
      address: '10.169.25.20',
      vrfs: [
        { name: PODS, 'virtual-network': 'vn', subnets: [] },
        { name: 'a:b:c:c', 'virtual-network': 'c', subnets: [] },
      ],
      interfaces: [
        interfaceAt('tap1', '10.0.0.1'),
        interfaceAt('tap2', '10.0.0.2'),
        interfaceAt('tap3', '10.0.0.3'),
      ],
      'load-balancers': [],
    };
    const pods: Record<string, string> = {
      '10.0.0.1': 'client',
      '10.0.0.2': 'webserver-7zh8jhhsmw-7vfgq',
      '10.0.0.3': 'webserver-7zh8jhhsmw-aaaaa',
    };
    const { vrfs, interfaces } = numbered(told, readTopology(), (address) => pods[address]);
    t.same(
      interfaces.map((one) => ('label' in one ? one.label : undefined)),
      [47, 43, undefined],
      'a pod the topology does not have is left to the node',
    );
    t.same(
      vrfs.map((vrf) => ('instance-id' in vrf ? vrf['instance-id'] : undefined)),
      [2, undefined],
    );
  },
);
