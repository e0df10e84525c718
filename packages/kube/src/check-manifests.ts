/** What is wrong with manifests: they are applied to a configuration that nobody sees. */
import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import type { ObjectGraph, ObjectTypeName } from '@vaportrail/schema';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeManager } from './kube-manager.ts';
import { isOfKubernetes } from './leftover.ts';
import { ManifestSource } from './manifest-source.ts';
import type { ClusterSettings } from './mapping/cluster-settings.ts';

/**
 * Every problem with its file, line and object, as if these manifests were all there is: what cannot be read, and what
 * comes out of it when it is applied, such as a pool that nobody makes or an address that two ask for.
 * @param real a configuration whose pools, networks and addresses are there as well: those that somebody made by hand
 * @throws Error when there is no place for a temporary folder
 */
export async function manifestProblems(
  paths: readonly string[],
  settings: ClusterSettings,
  real?: ObjectGraph,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vaportrail-check-'));
  const store = EmbeddedStore.open(folder);
  try {
    const database = await ConfigDatabase.open(store);
    if (real !== undefined) await copy(real, database);
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

/** What somebody else makes and Services draw from, parents first; of each the references that matter here. */
const copied = [
  ['global-system-config', []],
  ['domain', []],
  ['project', []],
  ['network-ipam', []],
  ['virtual-network', ['network-ipam']],
  ['floating-ip-pool', []],
  ['floating-ip', ['project']],
] as const satisfies readonly (readonly [ObjectTypeName, readonly ObjectTypeName[]])[];

/** Copies what was not made for Kubernetes objects: the manifests may have others now. */
async function copy(from: ObjectGraph, to: ConfigDatabase): Promise<void> {
  for (const [type, targets] of copied) {
    for (const object of from.ofType(type)) {
      const { uuid, fqName, parent, properties, references } = object;
      if (type.startsWith('floating-ip') && isOfKubernetes(object)) continue;
      // Those of instance IPs are the clusterIPs of Services.
      if (parent !== undefined && to.graph.get(parent.uuid) === undefined) continue;
      const kept = targets.map((target) => [target, references[target] ?? []]);
      await to.create(type, {
        uuid,
        fqName,
        ...(parent && { parent }),
        properties,
        references: Object.fromEntries(kept),
      });
    }
  }
}

/** Lines of one file in their order: 8 before 13. */
const { compare: byLine } = new Intl.Collator('en', { numeric: true });
