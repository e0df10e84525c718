import { routingInstancesText, type RoutingInstanceView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const routingInstances = {
  summary: 'routing instances: route targets, tables, subscribed agents',
  kinds: ['control-node'],
  build: (command) => command.argument('[name]', 'only the instance with this name'),
  view: ([name]) => ({ path: '/routing-instances', query: { name } }),
  text: (answer: RoutingInstanceView[]) => routingInstancesText(answer),
  named: 'routing instance',
} as const satisfies Question;
