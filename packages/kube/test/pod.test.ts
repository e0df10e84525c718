import t from 'tap';
import { podAddresses, type Pod } from '../src/kubernetes-object.ts';
import { defaultSettings } from '../src/mapping/cluster-settings.ts';
import { nodeObjects } from '../src/mapping/node.ts';
import { hasInterface, podObjects } from '../src/mapping/pod.ts';
import { made, namesOf, propertiesOf, reasons } from './sample-cluster.ts';
import type { Node } from '../src/kubernetes-object.ts';

const pod = (status: object, spec: object = {}): Pod =>
  made('Pod', { metadata: { name: 'web' }, spec: { nodeName: 'n', ...spec }, status }).object as Pod;
const both = [{ ip: 'fd00::1' }, { ip: '10.47.255.1' }];

t.test('of the addresses of a pod the one of the family of the pods is routed', async (t) => {
  for (const podIPs of [both, both.toReversed(), both.slice(1)]) {
    const [first] = podIPs;
    const desired = podObjects(defaultSettings, pod({ podIP: first!.ip, podIPs }), undefined);
    t.match(propertiesOf(desired, 'instance-ip'), [
      { instance_ip_address: '10.47.255.1', instance_ip_family: 'v4' },
    ]);
  }
  t.same(podAddresses(pod({ podIP: 'fd00::1', podIPs: both })), ['fd00::1', '10.47.255.1']);
  t.same(podAddresses(pod({})), []);
});

t.test('a pod with addresses of the other family alone has no interface, and says why', async (t) => {
  const six = pod({ podIP: 'fd00::1', podIPs: both.slice(0, 1) });
  t.notOk(hasInterface(defaultSettings, six));
  const desired = podObjects(defaultSettings, six, undefined);
  t.same(desired.objects, []);
  t.match(desired.notes, [
    { level: 'warning', message: 'fd00::1: not of the family of --pod-subnet 10.32.0.0/12' },
  ]);
  const settings = { ...defaultSettings, podSubnet: 'fd00::/64' };
  t.equal(namesOf(podObjects(settings, six, undefined), 'instance-ip').length, 1);
  const onNode = pod({ podIP: 'fd00::1' }, { hostNetwork: true });
  t.same(
    podObjects(defaultSettings, onNode, undefined),
    { objects: [], links: [], notes: [] },
    'none of ours',
  );
});

t.test('a node is reached by its IPv4 address where it has one', async (t) => {
  const node = (...addresses: string[]) =>
    nodeObjects(
      made('Node', {
        metadata: { name: 'n' },
        status: {
          addresses: [
            { type: 'Hostname', address: 'n' },
            { type: 'ExternalIP', address: '192.0.2.1' },
            ...addresses.map((address) => ({ type: 'InternalIP', address })),
          ],
        },
      }).object as Node,
    );
  const address = (...addresses: string[]): unknown =>
    propertiesOf(node(...addresses), 'virtual-router')[0]!['virtual_router_ip_address'];
  t.equal(address('fd00::20', '10.169.25.20'), '10.169.25.20');
  t.equal(address('fd00::20'), 'fd00::20');
  t.same(reasons(node()), ['NoInternalIP']);
});
