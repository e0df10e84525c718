import { neighborText, neighborsText, type NeighborView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const neighbors = {
  summary: 'sessions by BGP and XMPP: state, age, routes, traffic, the last error',
  kinds: ['control-node', 'gateway', 'agent'],
  build: (command) => command.argument('[name]', 'a neighbor by name or address, in detail'),
  view: ([name]) => ({ path: '/neighbors', query: { name } }),
  detail: (answer: NeighborView[]) => answer.map((one) => neighborText(one)).join('\n\n'),
  text: (answer: NeighborView[]) => neighborsText(answer),
  named: 'neighbor',
} as const satisfies Question;
