/** Where the choice of another router differs from that of one of our daemons, and what each says of it. */
import type { Why } from './why.ts';

/** A path as the other router shows it. */
export interface PeerChoicePath {
  readonly route: string;
  readonly nextHop: string;
  readonly best: boolean;
  /** In its own words; many routers say it of the best path only. */
  readonly reason?: string;
}

export interface PeerChoice {
  /** `FRR`, `GoBGP`. */
  readonly router: string;
  readonly paths: readonly PeerChoicePath[];
  /** Held against each of our tables that chooses among the same next hops. */
  readonly comparisons: readonly Comparison[];
}

export interface Comparison {
  readonly daemon: string;
  readonly table: string;
  readonly agrees: boolean;
  readonly because: string;
}

/** Holds the paths of another router against the tables of our daemons. */
export function peerChoice(router: string, paths: readonly PeerChoicePath[], { daemons }: Why): PeerChoice {
  const chosen = paths.find(({ best }) => best);
  const nextHops = new Set(paths.map(({ nextHop }) => nextHop));
  const comparisons: Comparison[] = [];
  for (const { name, kind, tables } of daemons) {
    if (kind === 'agent') continue;
    for (const { table, paths: ours } of tables) {
      const known = ours.filter(({ nextHop }) => nextHops.has(nextHop));
      // A table that cannot choose (one path a route distinguisher) has no opinion.
      if (known.length < 2) continue;
      const used = ours.filter(({ verdict }) => verdict === 'used' || verdict === 'shares the load');
      const first = used[0];
      if (chosen === undefined || first === undefined) {
        const who = chosen === undefined ? router : name;
        comparisons.push({ daemon: name, table, agrees: false, because: `${who} uses no path` });
        continue;
      }
      const theirReason = chosen.reason === undefined ? '' : ` (${chosen.reason})`;
      const all =
        used.length > 1 ? `shares the load over ${used.map(({ nextHop }) => nextHop).join(', ')}` : '';
      if (used.some(({ nextHop }) => nextHop === chosen.nextHop)) {
        const also = all === '' ? '' : `, ${name} ${all}`;
        comparisons.push({
          daemon: name,
          table,
          agrees: true,
          because: `both use ${chosen.nextHop}${theirReason}${also}`,
        });
        continue;
      }
      const loser = ours.find(({ nextHop }) => nextHop === chosen.nextHop);
      const ourReason =
        loser === undefined
          ? `${name} does not have ${chosen.nextHop}`
          : `for ${name} ${chosen.nextHop} is ${loser.verdict}: ${loser.because ?? 'no reason given'}`;
      comparisons.push({
        daemon: name,
        table,
        agrees: false,
        because: `${router} uses ${chosen.nextHop}${theirReason}, ${name} ${all || `uses ${first.nextHop}`}; ${ourReason}`,
      });
    }
  }
  return { router, paths, comparisons };
}

/** The comparison for a terminal. */
export function peerChoiceText({ router, paths, comparisons }: PeerChoice): string {
  const lines = [router];
  if (paths.length === 0) lines.push('  has no route to it');
  for (const { route, nextHop, best, reason } of paths) {
    const words = best ? `best${reason === undefined ? '' : ` (${reason})`}` : (reason ?? 'not best');
    lines.push(`    ${best ? '*' : ' '} ${nextHop} ${route}, ${words}`);
  }
  for (const { daemon, table, agrees, because } of comparisons)
    lines.push(`  ${agrees ? 'agrees with' : 'differs from'} ${daemon} ${table}: ${because}`);
  if (paths.length > 0 && comparisons.length === 0)
    lines.push('  none of our tables chooses between these next hops');
  return `${lines.join('\n')}\n`;
}
