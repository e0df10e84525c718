import t from 'tap';
import { UsageError } from '../src/command.ts';
import { clusterSettings } from '../src/run-kube.ts';

const given = { clusterName: 'k8s', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/12' };

t.test('a cluster has the name and the subnets that are given', (t) => {
  t.match(clusterSettings({ ...given, pool: 'public' }), {
    name: 'k8s',
    domain: 'default-domain',
    podSubnet: '10.244.0.0/16',
    serviceSubnet: '10.96.0.0/12',
    publicPool: 'public',
  });
  t.equal(clusterSettings({ ...given, podSubnet: 'fd00:10:244::/56' }).podSubnet, 'fd00:10:244::/56');
  t.end();
});

t.test('what cannot be a name or a subnet is refused by the name of its option', (t) => {
  const wrong = (options: Partial<typeof given>): string => {
    try {
      clusterSettings({ ...given, ...options });
    } catch (error) {
      if (error instanceof UsageError) return error.message;
    }
    return 'accepted';
  };
  t.match(wrong({ podSubnet: '10.244.0.0' }), /^--pod-subnet: "10.244.0.0" is no subnet/);
  t.match(wrong({ podSubnet: '10.244.0.1/16' }), /^--pod-subnet/);
  t.match(wrong({ podSubnet: '' }), /^--pod-subnet/);
  t.match(wrong({ serviceSubnet: '10.96.0.0/33' }), /^--service-subnet/);
  t.match(wrong({ serviceSubnet: '10.0.0.0/8' }), /overlap/);
  t.match(wrong({ clusterName: 'K8S:x' }), /^--cluster-name/);
  t.end();
});
