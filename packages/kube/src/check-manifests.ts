/** What is wrong with manifests: they are applied to a configuration that nobody sees. */
import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeManager } from './kube-manager.ts';
import { ManifestSource } from './manifest-source.ts';
import type { ClusterSettings } from './mapping/cluster-settings.ts';

/**
 * Every problem with its file, line and object, as if these manifests were all there is: what cannot be read, and what
 * comes out of it when it is applied, such as a pool that nobody makes or an address that two ask for.
 * @throws Error when there is no place for a temporary folder
 */
export async function manifestProblems(
  paths: readonly string[],
  settings: ClusterSettings,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vaportrail-check-'));
  const store = EmbeddedStore.open(folder);
  try {
    const database = await ConfigDatabase.open(store);
    const manager = new KubeManager({ client: database, settings });
    const source = new ManifestSource(manager, { paths, serviceSubnet: settings.serviceSubnet });
    await manager.start();
    source.read();
    manager.synced();
    await manager.settled();
    const applied = Array.from(manager.warnings(), ([key, { message }]) => {
      const place = source.placeOf(key);
      return place === undefined ? `${key}: ${message}` : `${place}: ${message} (${key})`;
    });
    await manager.stop();
    database.close();
    return [...source.problems, ...applied.sort(byLine)];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** Lines of one file in their order: 8 before 13. */
const { compare: byLine } = new Intl.Collator('en', { numeric: true });
