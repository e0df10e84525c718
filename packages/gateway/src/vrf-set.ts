/** The routing instances of a gateway: made, changed and removed as the configuration says, and found by table. */
import {
  FIRST_UNRESERVED_LABEL,
  type Prefix,
  routeDistinguisherText,
  routeTargetText,
} from '@vaportrail/net';
import type { Path, Table } from '@vaportrail/rib';
import type { ForwardingTableView, VrfView } from '@vaportrail/show';
import type { RoutingInstanceConfig } from './config.ts';
import { forwardingTableView } from './forwarding-view.ts';
import type { LocalRoute } from './local-routes.ts';
import type { PolicyOptions } from './policy/policy-options.ts';
import { Vrf } from './vrf.ts';
import { exportTargets, importTargets, type VrfOwner, type VrfTable } from './vrf-table.ts';

/** Which forwarding tables to show, and which routes of them. */
export interface ForwardingFilter {
  /** `k8s-test`, or a table of it: `k8s-test.inet`. */
  readonly instance?: string | undefined;
  /** A prefix, or an address to look up. */
  readonly destination?: string | undefined;
}

/** Routing instances by name. */
export class VrfSet {
  readonly #owner: VrfOwner;
  readonly #vrfs = new Map<string, Vrf>();

  constructor(owner: Omit<VrfOwner, 'localRoute'>) {
    this.#owner = { ...owner, localRoute: (table, prefix, path) => this.localRoute(table, prefix, path) };
  }

  /** How many there are. */
  get size(): number {
    return this.#vrfs.size;
  }

  /** In the order in which they were made. */
  [Symbol.iterator](): Iterator<Vrf> {
    return this.#vrfs.values();
  }

  /** The instance of a name. */
  named(name: string): Vrf | undefined {
    return this.#vrfs.get(name);
  }

  /** Makes, changes and removes instances until they are those of the configuration. */
  configure(instances: readonly RoutingInstanceConfig[], options: PolicyOptions): void {
    const wanted = new Map(instances.map((instance) => [instance.name, instance]));
    for (const vrf of this.#vrfs.values()) {
      const instance = wanted.get(vrf.name);
      if (instance !== undefined && !vrf.mustRestart(instance)) continue;
      vrf.close();
      this.#vrfs.delete(vrf.name);
    }
    for (const [name, instance] of wanted) {
      const vrf = this.#vrfs.get(name);
      if (vrf !== undefined) vrf.reconfigure(instance, options);
      else this.#vrfs.set(name, new Vrf(instance, options, this.#labelOf(instance, instances), this.#owner));
    }
  }

  /** The table of an instance that a table of the RIB is. */
  tableOf(table: Table): VrfTable | undefined {
    for (const vrf of this.#vrfs.values())
      for (const candidate of vrf.tables) if (candidate.table === table) return candidate;
    return undefined;
  }

  /** The route of an instance behind a path; copies in VPN tables and in other instances stand for the original. */
  localRoute(table: string, prefix: string, path: Path): LocalRoute | undefined {
    if (path.source.protocol === 'bgp') return undefined;
    const home = path.primaryTable ?? table;
    for (const vrf of this.#vrfs.values())
      if (vrf.tables.some((candidate) => candidate.table.name === home))
        return vrf.localRoute(prefix, path.pathId);
    return undefined;
  }

  /** Which term of which policy rejected a copy of a path; undefined when none did. */
  rejectedBy(table: string, prefix: Prefix, path: Path): string | undefined {
    if (path.because !== 'rejected-by-policy') return undefined;
    for (const { tables, policies, config } of this.#vrfs.values()) {
      for (const candidate of tables) {
        const [list, policy] =
          candidate.table.name === table
            ? (['vrf-import', policies.import] as const)
            : candidate.table.name === path.primaryTable
              ? (['vrf-export', policies.export] as const)
              : [];
        if (policy === undefined || list === undefined) continue;
        const { term } = policy.explain(path, prefix);
        return term === undefined
          ? `no term of ${list} ${config[list].join(' ')} accepts it`
          : `rejected by ${term}`;
      }
    }
    return undefined;
  }

  /** What operators see of each. */
  views(): VrfView[] {
    return [...this.#vrfs.values()].map(({ name, config, policies, tables }) => {
      const summaries = tables.map(({ table }) => table.summary());
      return {
        name,
        routeDistinguisher: routeDistinguisherText(config['route-distinguisher']),
        import: importTargets(config, policies.options).map((target) => routeTargetText(target)),
        export: exportTargets(config).map((target) => routeTargetText(target)),
        routes: summaries.reduce((sum, { routes }) => sum + routes, 0),
        paths: summaries.reduce((sum, { paths }) => sum + paths, 0),
      };
    });
  }

  /** @throws RangeError when the destination is neither prefix nor address */
  forwardingViews({ instance, destination }: ForwardingFilter): ForwardingTableView[] {
    const views: ForwardingTableView[] = [];
    let index = 0;
    for (const vrf of this.#vrfs.values()) {
      for (const table of vrf.tables) {
        index++;
        if (instance !== undefined && ![vrf.name, table.forwarding.name].includes(instance)) continue;
        const wanted = destinationTest(table, destination);
        if (wanted !== undefined)
          views.push(forwardingTableView(table.forwarding, table.family, index, wanted));
      }
    }
    return views;
  }

  /** The configured label, or the lowest that no instance has or will have. */
  #labelOf(instance: RoutingInstanceConfig, all: readonly RoutingInstanceConfig[]): number {
    const configured = instance['vrf-table-label'];
    if (typeof configured === 'number') return configured;
    const taken = new Set([...this.#vrfs.values()].map(({ label }) => label));
    for (const { 'vrf-table-label': label } of all) if (typeof label === 'number') taken.add(label);
    let label = FIRST_UNRESERVED_LABEL;
    while (taken.has(label)) label++;
    return label;
  }
}

/** Which destinations of a forwarding table are asked for; undefined when it cannot have them. */
function destinationTest(
  table: VrfTable,
  destination: string | undefined,
): ((destination: string) => boolean) | undefined {
  if (destination === undefined) return () => true;
  const isIpv6 = destination.includes(':');
  return isIpv6 === (table.family === 'inet6') ? table.forwarding.matching(destination) : undefined;
}
