import t from 'tap';
import { behind, mapped, namesOf, reasons, service } from './sample-cluster.ts';

const backends = behind('webserver-1');
const proxied = { type: 'LoadBalancer', loadBalancerClass: 'vaportrail.io/opencontrail' };

t.test('what a Service asks for and is done otherwise, or not, is said; the rest is mapped', (t) => {
  const cases: [object, string, RegExp][] = [
    [{ sessionAffinity: 'ClientIP' }, 'SessionAffinity', /may still reach different pods/],
    [
      { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] },
      'NodePort',
      /node ports themselves are served by kube-proxy; here the clusterIP is/,
    ],
    [
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
      'ExternalTrafficPolicy',
      /only nodes with a pod have the route, and clients keep their address/,
    ],
    [{ ...proxied, externalTrafficPolicy: 'Local' }, 'ExternalTrafficPolicy', /the address of the proxy/],
    [{ internalTrafficPolicy: 'Local' }, 'InternalTrafficPolicy', /pods of other nodes are reached/],
    [
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24', '198.51.100.7/32'] },
      'SourceRanges',
      /^loadBalancerSourceRanges 192\.0\.2\.0\/24, 198\.51\.100\.7\/32: not applied, anybody may connect$/,
    ],
    [
      { clusterIPs: ['10.105.139.153', 'fd00::99'] },
      'DualStack',
      /^fd00::99: only clusterIP 10\.105\.139\.153 is balanced$/,
    ],
  ];
  for (const [spec, reason, message] of cases) {
    const desired = mapped(service(spec), { backends });
    t.match(desired.notes, [{ reason, message }], reason);
    t.equal(desired.notes.length, 1, reasons(desired).join());
    t.equal(namesOf(desired, 'loadbalancer').length, 1);
    t.equal(namesOf(desired, 'loadbalancer-listener').length, 1);
  }
  t.end();
});

t.test('who connects though they should not is worth a warning; the rest is for the curious', (t) => {
  const level = (spec: object): string => mapped(service(spec), { backends }).notes[0]!.level;
  t.equal(level({ loadBalancerSourceRanges: ['192.0.2.0/24'] }), 'warning');
  t.equal(level({ sessionAffinity: 'ClientIP' }), 'info');
  t.end();
});

t.test('what is the default, or makes no difference here, is not worth a word', (t) => {
  const plain = mapped(service({ type: 'LoadBalancer' }), { backends });
  t.same(plain.notes, []);
  for (const spec of [
    { externalTrafficPolicy: 'Cluster', internalTrafficPolicy: 'Cluster', sessionAffinity: 'None' },
    { allocateLoadBalancerNodePorts: false },
    { allocateLoadBalancerNodePorts: true, ports: [{ port: 8888, targetPort: 80, nodePort: 32_653 }] },
    { healthCheckNodePort: 30_000, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
    { publishNotReadyAddresses: true },
    { ...proxied, loadBalancerClass: 'vaportrail.io/native' },
  ])
    t.same(mapped(service({ type: 'LoadBalancer', ...spec }), { backends }), plain, JSON.stringify(spec));
  t.end();
});
