import { tablesText, type TableView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const tables = {
  summary: 'tables: prefixes and paths, own and copied, stale and unusable',
  kinds: ['control-node', 'gateway'],
  view: () => ({ path: '/tables' }),
  text: (answer: TableView[]) => tablesText(answer),
} as const satisfies Question;
