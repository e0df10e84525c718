/** Who looks after a LoadBalancer, and how it is balanced. */
import type { Service } from '../kubernetes-object.ts';

/**
 * The `loadBalancerClass`es that are ours, by provider. A LoadBalancer without a class is ours as well, and `native`, as
 * every other Service is.
 */
const loadBalancerClasses = {
  'vaportrail.io/native': 'native',
  'vaportrail.io/opencontrail': 'opencontrail',
} as const satisfies Record<string, string>;

/** Whether another controller looks after a LoadBalancer. @see https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class */
export function isOfAnother({ spec: { type, loadBalancerClass } }: Service): boolean {
  return (
    type === 'LoadBalancer' &&
    loadBalancerClass !== undefined &&
    !Object.hasOwn(loadBalancerClasses, loadBalancerClass)
  );
}

/** Equal-cost routes, or an active and a standby proxy. */
export function providerOf(service: Service): 'native' | 'opencontrail' {
  const { type, loadBalancerClass = '' } = service.spec;
  if (type !== 'LoadBalancer' || !Object.hasOwn(loadBalancerClasses, loadBalancerClass)) return 'native';
  return loadBalancerClasses[loadBalancerClass as keyof typeof loadBalancerClasses];
}
