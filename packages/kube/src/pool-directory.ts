/** The floating-IP pools there are, whoever made them, and which of their networks gateways may import. */
import type { ConfigObject, ObjectGraph } from '@vaportrail/schema';
import { nameText, type ObjectName } from './mapping/desired-object.ts';

export class PoolDirectory {
  readonly #graph: ObjectGraph;
  /** UUIDs of pools by name. */
  readonly #pools = new Map<string, string>();
  /** Networks by name: whether they have a route target of their own. */
  readonly #routed = new Map<string, boolean>();

  constructor(graph: ObjectGraph) {
    this.#graph = graph;
  }

  /** Takes in all there are. */
  read(): void {
    for (const type of ['floating-ip-pool', 'virtual-network'] as const)
      for (const object of this.#graph.ofType(type)) this.take(object);
  }

  has(pool: ObjectName): boolean {
    return this.#pools.has(nameText(pool));
  }

  /** Whether the network of a pool has a route target of its own. */
  hasRouteTarget({ fqName }: ObjectName): boolean {
    return this.#routed.get(nameText({ type: 'virtual-network', fqName: fqName.slice(0, -1) })) ?? false;
  }

  /** An object came, changed or went; yields whether those who draw from pools have to look again. */
  take({ type, fqName }: ConfigObject): boolean {
    if (type !== 'floating-ip-pool' && type !== 'virtual-network') return false;
    const now = this.#graph.byName(type, fqName);
    const name = nameText({ type, fqName });
    if (type === 'virtual-network') {
      const has = hasRouteTargets(now);
      if ((this.#routed.get(name) ?? false) === has) return false;
      this.#routed.set(name, has);
    } else if (this.#pools.get(name) === now?.uuid) {
      return false;
    } else if (now === undefined) {
      this.#pools.delete(name);
    } else {
      this.#pools.set(name, now.uuid);
    }
    return true;
  }
}

function hasRouteTargets(network: ConfigObject | undefined): boolean {
  const lists = ['route_target_list', 'export_route_target_list'] as const;
  return lists.some((key) => {
    const list = network?.properties[key] as { route_target: string[] } | undefined;
    return (list?.route_target.length ?? 0) > 0;
  });
}
