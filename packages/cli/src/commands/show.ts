/** `vaportrail show …`: asks running daemons for their views. One file per question in `show/`. */
import { loadBalancers } from './show/load-balancers.ts';
import { neighbors } from './show/neighbors.ts';
import { routes } from './show/routes.ts';
import { routingInstances } from './show/routing-instances.ts';
import { tables } from './show/tables.ts';
import { vrf } from './show/vrf.ts';
import { addQuestion, type Question } from './show/question.ts';
import type { Subcommand } from '../command.ts';

/** Every question, in the order of `--help`. */
export const questions = {
  neighbors,
  routes,
  'routing-instances': routingInstances,
  tables,
  vrf,
  'load-balancers': loadBalancers,
} as const satisfies Record<string, Question>;

export const show = {
  summary: 'ask running daemons: neighbors, routes, routing instances, tables, VRFs, load balancers',
  examples: [
    ['vaportrail show neighbors', 'of the control nodes that run on this machine'],
    [
      'vaportrail show routes 101.101.101.252/32',
      'in every table, with the reason why a path is not the best',
    ],
    ['vaportrail show routes --table bgp.l3vpn.0 --json', 'the VPN routes as JSON'],
    ['vaportrail show vrf --from cent222', 'the VRFs of one compute node'],
    ['vaportrail show load-balancers', 'with the health of their members'],
    ['vaportrail show neighbors --from http://10.0.0.7:8083', 'of a daemon on another machine'],
  ],
  build: (command) => {
    for (const [name, question] of Object.entries(questions)) addQuestion(command, name, question);
  },
} as const satisfies Subcommand;
