/** What a Service asks for and is not done here, and what an operator would wonder about. */
import type { Note } from './desired-object.ts';
import { providerOf } from './load-balancer-class.ts';
import type { ServiceSurroundings } from './service-surroundings.ts';
import type { Service } from '../kubernetes-object.ts';

/** @param clusterIp the one that is balanced */
export function remark(
  service: Service,
  clusterIp: string,
  around: ServiceSurroundings,
  notes: Note[],
): void {
  const { spec } = service;
  const { type } = spec;
  const isNative = providerOf(service) === 'native';
  const info = (reason: string, message: string): void => void notes.push({ level: 'info', reason, message });
  if (spec.sessionAffinity === 'ClientIP' && isNative)
    info('SessionAffinity', 'sessionAffinity ClientIP: flows of one client may still reach different pods');
  const others = spec.clusterIPs.filter((address) => address !== clusterIp);
  if (others.length > 0) info('DualStack', `${others.join(', ')}: only clusterIP ${clusterIp} is balanced`);
  if (type === 'NodePort' && spec.ports.some(({ nodePort }) => nodePort !== undefined))
    info('NodePort', 'the node ports themselves are served by kube-proxy; here the clusterIP is');
  if (spec.externalTrafficPolicy === 'Local')
    info(
      'ExternalTrafficPolicy',
      isNative
        ? 'externalTrafficPolicy Local: it is never otherwise; only nodes with a pod have the route, and clients keep their address'
        : 'externalTrafficPolicy Local: pods see the address of the proxy, not that of the client',
    );
  if (spec.internalTrafficPolicy === 'Local')
    info(
      'InternalTrafficPolicy',
      'internalTrafficPolicy Local: pods of other nodes are reached as well as those of the own one',
    );
  if (spec.loadBalancerSourceRanges.length > 0)
    notes.push({
      level: 'warning',
      reason: 'SourceRanges',
      message: `loadBalancerSourceRanges ${spec.loadBalancerSourceRanges.join(', ')}: not applied, anybody may connect`,
    });
  const count = (which: 'ready' | 'draining' | 'notReady'): number =>
    around.backends.reduce((sum, set) => sum + set[which].length, 0);
  if (count('ready') > 0) return;
  if (count('draining') > 0)
    info('Draining', `no pod is ready; ${count('draining')} that end and still serve have the traffic`);
  else if (count('notReady') > 0) info('NoEndpoints', `${count('notReady')} pods, none of them ready`);
  else info('NoEndpoints', 'no pod stands behind the Service');
}
