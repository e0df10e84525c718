import { neighborsText, type NeighborView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const neighbors = {
  summary: 'sessions by BGP and XMPP: state, age, routes, traffic, the last error',
  kinds: ['control-node', 'gateway', 'agent'],
  build: (command) => command.argument('[name]', 'only the neighbor with this name'),
  view: ([name]) => ({ path: '/neighbors', query: { name } }),
  text: (answer: NeighborView[]) => neighborsText(answer),
  named: 'neighbor',
} as const satisfies Question;
