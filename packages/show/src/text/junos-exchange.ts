/** `show route receive-protocol bgp` and `advertising-protocol bgp`: one line per route, as the peer and we see it. */
import type { GatewayTableView } from '../gateway-views.ts';
import { pathText, tableHeader } from './junos-route.ts';

const NEXT_HOP_COLUMN = 26;

/** Routes exchanged with one peer; the tables hold no paths but those. */
export function routeExchange(tables: readonly GatewayTableView[]): string {
  const lines: string[] = [];
  for (const table of tables) {
    lines.push('', tableHeader(table));
    if (table.entries.length > 0)
      lines.push('  Prefix                  Nexthop              MED     Lclpref    AS path');
    for (const route of table.entries) {
      for (const path of route.paths) {
        const head = `${path.active ? '*' : ' '} ${route.prefix}`;
        const fields =
          `${(path.nextHop ?? 'Self').padEnd(21)}${String(path.med ?? '').padEnd(8)}` +
          `${String(path.localPref ?? '').padEnd(11)}${pathText(path)}`;
        if (head.length < NEXT_HOP_COLUMN) lines.push(`${head.padEnd(NEXT_HOP_COLUMN)}${fields}`);
        else lines.push(head, `${' '.repeat(NEXT_HOP_COLUMN)}${fields}`);
      }
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
