import { routesText, vrfsText, type RouteView, type VrfView } from '@vaportrail/show';
import type { Question } from './question.ts';

export const vrf = {
  summary: 'VRFs of gateways and compute nodes; with a name, the routes in it',
  kinds: ['gateway', 'agent'],
  build: (command) =>
    command.argument('[name]', 'show the routes of this VRF').argument('[prefix]', 'only this destination'),
  view: ([name, prefix]) =>
    name === undefined
      ? { path: '/vrfs' }
      : { path: '/routes', query: { table: name.includes('.inet') ? name : `${name}.inet.0`, prefix } },
  text: (answer: VrfView[] | RouteView[]) =>
    answer.length > 0 && isRoute(answer[0]!)
      ? routesText(answer as RouteView[])
      : vrfsText(answer as VrfView[]),
} as const satisfies Question;

function isRoute(row: VrfView | RouteView): row is RouteView {
  return 'paths' in row && Array.isArray(row.paths);
}
