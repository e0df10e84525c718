/**
 * Creates projects in a store, a few at a time, until the disk takes no more, and says what came of it: how many were
 * acknowledged, with what words the others were refused, and how many the configuration has then.
 */
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';

export interface FullDiskReport {
  readonly acknowledged: number;
  readonly refusals: readonly string[];
  readonly there: number;
}

const AT_ONCE = 20;
/** Enough for any disk that is said to be small. */
const MOST = 20_000;

const store = EmbeddedStore.open(process.argv[2]!);
const database = await ConfigDatabase.open(store);
const domain = await database.create('domain', { fqName: ['d'] });
const annotations = { key_value_pair: [{ key: 'filling', value: 'x'.repeat(3000) }] };
const refusals = new Set<string>();
let acknowledged = 0;
for (let first = 0; first < MOST && refusals.size === 0; first += AT_ONCE) {
  const made = Array.from({ length: AT_ONCE }, (_, i) =>
    database.create('project', {
      fqName: ['d', `p-${first + i}`],
      parent: domain,
      properties: { annotations },
    }),
  );
  for (const outcome of await Promise.allSettled(made)) {
    if (outcome.status === 'fulfilled') acknowledged++;
    else refusals.add((outcome.reason as Error).message);
  }
}
const report: FullDiskReport = {
  acknowledged,
  refusals: [...refusals],
  there: [...database.graph.ofType('project')].length,
};
process.stdout.write(JSON.stringify(report));
database.close();
await store.close();
