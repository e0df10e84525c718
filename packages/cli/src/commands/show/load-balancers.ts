import { loadBalancersText, type LoadBalancerView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const loadBalancers = {
  summary: 'load balancers with a proxy on a compute node: state, members, health and counters',
  kinds: ['agent'],
  view: () => ({ path: '/load-balancers' }),
  text: (answer: LoadBalancerView[]) => loadBalancersText(answer),
} as const satisfies Question;
