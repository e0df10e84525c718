/** Tables of one address family that exchange routes by route target: the VPN table and the VRFs. */
import type { RouteStore } from './route-store.ts';
import type { TargetedTable } from './targeted-table.ts';

const noTables: readonly TargetedTable[] = [];

/** Made with the first table of its family. */
export class Exchange {
  /** The VPN table, `bgp.l3vpn.0`; the first one, where a family has several. */
  vpn: TargetedTable | undefined;
  /** The VRFs. */
  readonly members = new Set<TargetedTable>();
  readonly #store: RouteStore;
  /** VRFs that import one of a list of targets, by number of the list; emptied when imports change. */
  #importers: (readonly TargetedTable[] | undefined)[] = [];
  /** Whether there is a VRF that imports anything; unknown when imports changed. */
  #hasImporters: boolean | undefined;

  constructor(store: RouteStore) {
    this.#store = store;
    store.targets.listFreed.push((list) => {
      this.#importers[list] = undefined;
    });
  }

  /** The VRFs that import one of the targets of a list, by its number. */
  importers(targetList: number): readonly TargetedTable[] {
    return (this.#importers[targetList] ??= this.#find(targetList));
  }

  /** Whether any VRF imports anything. */
  get hasImporters(): boolean {
    return (this.#hasImporters ??= [...this.members].some(({ imports }) => imports.size > 0));
  }

  /** Members came or went, or import other targets. */
  forgetImporters(): void {
    this.#importers = [];
    this.#hasImporters = undefined;
  }

  #find(targetList: number): readonly TargetedTable[] {
    const targets = this.#store.targets.list(targetList);
    const found = [...this.members].filter((table) => targets.some((target) => table.imports.has(target)));
    return found.length === 0 ? noTables : found;
  }
}
