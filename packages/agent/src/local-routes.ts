/**
 * What this node itself has to say: one host route for each address of its interfaces, fixed or floating. Interfaces
 * that share an address in a VRF become one local ECMP next hop with a label of its own, so that control nodes see one
 * route per node however many workloads are behind it.
 */
import { hashFieldNames } from './ecmp.ts';
import type { Interface } from './interface.ts';
import type { LabelNextHop, MplsTable } from './mpls.ts';
import type { NextHopTable } from './next-hop.ts';
import { LOCAL_VM_PORT } from './route.ts';
import { hostPrefix, type Vrf } from './vrf.ts';

/** A host route of this node, as it is published. */
export interface LocalRoute {
  readonly vrf: Vrf;
  readonly prefix: string;
  /** Interfaces with the address, in the order in which they came. */
  readonly interfaces: readonly Interface[];
  /** Those of the highest preference: where packets go. */
  readonly active: readonly Interface[];
  readonly label: number;
  readonly preference: number;
  readonly sequence: number;
}

/** Told of every change; an announcement replaces the earlier one of the prefix. */
export interface LocalRouteListener {
  announce(route: LocalRoute): void;
  withdraw(route: LocalRoute): void;
  /** A label of ours means nothing any more. */
  labelFreed(label: number): void;
}

const NOBODY: readonly Interface[] = [];

interface Entry extends LocalRoute {
  interfaces: readonly Interface[];
  active: readonly Interface[];
  label: number;
  preference: number;
  sequence: number;
  nextHop: LabelNextHop | undefined;
  /** Whether the label is that of a composite, held by this route. */
  composite: boolean;
}

export class LocalRoutes {
  readonly #nextHops: NextHopTable;
  readonly #labels: MplsTable;
  readonly #listener: LocalRouteListener;
  /** By VRF and prefix. */
  readonly #routes = new Map<Vrf, Map<string, Entry>>();

  constructor(nextHops: NextHopTable, labels: MplsTable, listener: LocalRouteListener) {
    this.#nextHops = nextHops;
    this.#labels = labels;
    this.#listener = listener;
  }

  get(vrf: Vrf, prefix: string): LocalRoute | undefined {
    return this.#routes.get(vrf)?.get(prefix);
  }

  /** The routes of a VRF, in the order in which they came. */
  *of(vrf: Vrf): IterableIterator<LocalRoute> {
    yield* this.#routes.get(vrf)?.values() ?? [];
  }

  /** An interface has an address in a VRF. */
  add(vrf: Vrf, address: string, from: Interface): void {
    let routes = this.#routes.get(vrf);
    if (routes === undefined) this.#routes.set(vrf, (routes = new Map()));
    const prefix = hostPrefix(address);
    let entry = routes.get(prefix);
    if (entry === undefined) {
      entry = {
        vrf,
        prefix,
        interfaces: NOBODY,
        active: NOBODY,
        label: -1,
        preference: 0,
        sequence: 0,
        nextHop: undefined,
        composite: false,
      };
      routes.set(prefix, entry);
    }
    if (entry.interfaces.includes(from)) return;
    entry.interfaces = [...entry.interfaces, from];
    this.#update(entry);
  }

  /** An interface no longer has the address. */
  remove(vrf: Vrf, address: string, from: Interface): void {
    const routes = this.#routes.get(vrf);
    const entry = routes?.get(hostPrefix(address));
    if (routes === undefined || entry?.interfaces.includes(from) !== true) return;
    const left = entry.interfaces.filter((other) => other !== from);
    if (left.length > 0) {
      entry.interfaces = left;
      return this.#update(entry);
    }
    this.#listener.withdraw(entry);
    routes.delete(entry.prefix);
    if (routes.size === 0) this.#routes.delete(vrf);
    const table = vrf.table(entry.prefix);
    const route = table.get(entry.prefix);
    route?.remove(LOCAL_VM_PORT);
    if (route?.paths.length === 0) table.delete(entry.prefix);
    this.#letGo(entry.nextHop, entry.label, entry.composite);
  }

  /** The preference of an interface changed: its addresses may move to another one, or be published anew. */
  refresh(changed: Interface): void {
    for (const { vrf, address } of changed.places()) {
      const entry = this.#routes.get(vrf)?.get(hostPrefix(address));
      if (entry !== undefined) this.#update(entry);
    }
  }

  #update(entry: Entry): void {
    const before = { ...entry };
    entry.preference = Math.max(...entry.interfaces.map(({ preference }) => preference));
    const preferred = entry.interfaces.filter(({ preference }) => preference === entry.preference);
    entry.active = preferred.length === entry.interfaces.length ? entry.interfaces : preferred;
    entry.sequence = Math.max(...entry.active.map(({ sequence }) => sequence));
    entry.composite = entry.active.length > 1;
    if (entry.composite) {
      const members = entry.active.map(({ nextHop, label }) => ({ nextHop: nextHop!, label: label! }));
      entry.nextHop = this.#nextHops.acquire({
        type: 'composite',
        local: true,
        vrf: entry.vrf.id,
        members,
        hashFields: hashFieldNames,
      });
      entry.label = this.#labels.acquire(entry.nextHop);
    } else {
      entry.nextHop = this.#nextHops.share(entry.active[0]!.nextHop!);
      entry.label = entry.active[0]!.label!;
    }
    entry.vrf.table(entry.prefix).ensure(entry.prefix).set({
      source: LOCAL_VM_PORT,
      nextHop: entry.nextHop,
      label: entry.label,
      received: undefined,
      preference: entry.preference,
      sequence: entry.sequence,
      generation: 0,
      stale: false,
    });
    if (
      entry.label !== before.label ||
      entry.preference !== before.preference ||
      entry.sequence !== before.sequence
    ) {
      this.#listener.announce(entry);
    }
    this.#letGo(before.nextHop, before.label, before.composite);
  }

  #letGo(nextHop: LabelNextHop | undefined, label: number, composite: boolean): void {
    if (nextHop === undefined) return;
    if (composite && this.#labels.release(label)) this.#listener.labelFreed(label);
    this.#nextHops.release(nextHop);
  }
}
