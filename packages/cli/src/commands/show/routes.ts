import { familyName, routesText, type RouteView } from '@vaportrail/show';
import { families } from '@vaportrail/bgp/wire';
import { InvalidArgumentError } from '../../command.ts';
import type { Question } from './question.ts';

export const routes = {
  summary: 'routes with all their paths: best (*), multipath (=), and why the others are not',
  kinds: ['control-node', 'gateway', 'agent'],
  build: (command) =>
    command
      .argument('[prefix]', 'only this destination, e.g. 101.101.101.252/32')
      .option('--table <name>', 'only this table, e.g. bgp.l3vpn.0')
      .option('--instance <name>', 'only the tables of this routing instance')
      .option('--family <name>', 'only this family: inet, inet-vpn, …', family)
      .option('--source <name>', 'only paths this neighbor told')
      .option('--limit <n>', 'at most so many routes'),
  view: ([prefix], options) => ({
    path: '/routes',
    query: {
      prefix,
      table: text(options['table']),
      instance: text(options['instance']),
      family: text(options['family']),
      source: text(options['source']),
      limit: text(options['limit']),
    },
  }),
  text: (answer: RouteView[]) => routesText(answer),
} as const satisfies Question;

function text(option: unknown): string | undefined {
  return typeof option === 'string' ? option : undefined;
}

const anyFamily = familyName(Object.keys(families));

/** @throws InvalidArgumentError for what is no family, with its name here where others call one so */
function family(name: string): string {
  const { error } = anyFamily.safeParse(name);
  if (error !== undefined) throw new InvalidArgumentError(error.issues[0]!.message);
  return name;
}
