/** What control nodes say: items become paths of the VRFs, with next hops of this node's own tables. */
import { addressText, parsePrefix, prefixText, sameBytes } from '@vaportrail/net';
import type { ItemAttributes, Items, NextHop as ItemNextHop, Retracts } from '@vaportrail/xmpp';
import { hashFieldsOf } from './ecmp.ts';
import type { MplsTable } from './mpls.ts';
import type { Member, NextHop, NextHopTable } from './next-hop.ts';
import { DEFAULT_LOCAL_PREFERENCE, type Path, type PathSource } from './route.ts';
import { chooseTunnelType, type TunnelType } from './tunnel-type.ts';
import { FABRIC_VRF, type RouteTable, type Vrf } from './vrf.ts';

/** Most members of an ECMP next hop; further hops of an item are passed over, as a vRouter has no place for them. */
export const MAX_ECMP_MEMBERS = 128;

/** Largest label or VNI that a tunnel carries. */
const MAX_LABEL = 0xff_ffff;

/** A control node as a source of paths. */
export interface LearnedSource extends PathSource {
  /** Number of the session with it; paths of an earlier one are stale until they are confirmed. */
  readonly generation: number;
}

export interface LearnedRoutesSettings {
  /** This node's own address, 4 octets: hops with it lead to our own interfaces. */
  readonly address: Uint8Array;
  readonly encapsulationPriority: readonly TunnelType[];
  readonly nextHops: NextHopTable;
  readonly labels: MplsTable;
}

/** A path's next hop, not counted yet. */
interface Resolution {
  readonly nextHop: NextHop;
  readonly label: number;
}

export class LearnedRoutes {
  readonly #settings: LearnedRoutesSettings;

  constructor(settings: LearnedRoutesSettings) {
    this.#settings = settings;
  }

  /**
   * Takes routes of one VRF in; each replaces what the source said of its prefix before.
   * @returns how many were taken; others are of families a compute node does not route, or carry no label
   */
  receive(source: LearnedSource, vrf: Vrf, { family, items }: Items): number {
    if (family !== 'inet' && family !== 'inet6') return 0;
    const table = vrf[family];
    let taken = 0;
    for (const item of items) {
      if (item.family !== family) continue;
      const { attributes, prefix } = item;
      const [first] = attributes.nextHops;
      if (first === undefined || (first.label === 0 && vrf.name !== FABRIC_VRF)) continue;
      this.#set(source, vrf, table, prefixText(prefix), attributes, source.generation);
      taken++;
    }
    return taken;
  }

  /** Takes routes back. Ids that are no prefixes are passed over. */
  retract(source: LearnedSource, vrf: Vrf, { family, ids }: Retracts): number {
    if (family !== 'inet' && family !== 'inet6') return 0;
    let taken = 0;
    for (const id of ids) {
      const prefix = canonicalPrefix(id);
      if (prefix !== undefined && this.#remove(source, vrf[family], prefix)) taken++;
    }
    return taken;
  }

  /** Marks what a source said as stale: it forwards on, but gives way to anything fresh. Yields how many paths. */
  markStale(source: LearnedSource, vrfs: Iterable<Vrf>): number {
    let stale = 0;
    for (const vrf of vrfs) {
      for (const route of vrf.routes()) {
        const path = route.path(source);
        if (path === undefined) continue;
        path.stale = true;
        stale++;
        if (route.paths.length > 1) route.sort();
      }
    }
    return stale;
  }

  /** Forgets what a source said in sessions before this generation. Yields how many paths. */
  sweep(source: LearnedSource, vrfs: Iterable<Vrf>, generation: number): number {
    let swept = 0;
    for (const vrf of vrfs) {
      for (const route of vrf.routes()) {
        const path = route.path(source);
        if (path === undefined || path.generation >= generation) continue;
        if (this.#remove(source, vrf.table(route.prefix), route.prefix)) swept++;
      }
    }
    return swept;
  }

  /** Looks up a label of ours again in the paths that lead to it: what it meant is gone. */
  labelFreed(label: number, vrfs: Iterable<Vrf>): void {
    for (const vrf of vrfs) {
      for (const route of vrf.routes()) {
        for (const path of route.paths) {
          if (path.received === undefined || !this.#uses(path.received, label)) continue;
          const table = vrf.table(route.prefix);
          this.#set(path.source, vrf, table, route.prefix, path.received, path.generation, path.stale);
        }
      }
    }
  }

  #set(
    source: PathSource,
    vrf: Vrf,
    table: RouteTable,
    prefix: string,
    received: ItemAttributes,
    generation: number,
    stale = false,
  ): void {
    const { nextHop, label } = this.#resolve(vrf, received);
    const { localPref, mobility } = received;
    const before = table.ensure(prefix).set({
      source,
      nextHop,
      label,
      received,
      preference: localPref === 0 ? DEFAULT_LOCAL_PREFERENCE : localPref,
      sequence: mobility.sequence,
      generation,
      stale,
    });
    if (before !== undefined) this.#settings.nextHops.release(before.nextHop);
  }

  #remove(source: PathSource, table: RouteTable, prefix: string): boolean {
    const route = table.get(prefix);
    const path: Path | undefined = route?.remove(source);
    if (route === undefined || path === undefined) return false;
    if (route.paths.length === 0) table.delete(prefix);
    this.#settings.nextHops.release(path.nextHop);
    return true;
  }

  /** The next hop of a route, with a reference to it: one hop as it is, several different ones as a composite. */
  #resolve(vrf: Vrf, { nextHops: hops, loadBalance }: ItemAttributes): Resolution {
    const { nextHops } = this.#settings;
    if (hops.length === 1) {
      const member = this.#member(hops[0]!);
      if (member === undefined) return { nextHop: nextHops.share(nextHops.discard), label: -1 };
      return { nextHop: member.nextHop, label: member.nextHop.type === 'composite' ? -1 : member.label };
    }
    const members: Member[] = [];
    for (const hop of hops.slice(0, MAX_ECMP_MEMBERS)) {
      const member = this.#member(hop);
      if (member === undefined) continue;
      if (members.some(({ nextHop, label }) => nextHop === member.nextHop && label === member.label)) {
        nextHops.release(member.nextHop);
      } else members.push(member);
    }
    const [only] = members;
    if (only === undefined) return { nextHop: nextHops.share(nextHops.discard), label: -1 };
    if (members.length === 1) return { nextHop: only.nextHop, label: only.label };
    const hashFields = hashFieldsOf(loadBalance.fields);
    const composite = nextHops.acquire({ type: 'composite', local: false, vrf: vrf.id, members, hashFields });
    // The composite holds its members now.
    for (const { nextHop } of members) nextHops.release(nextHop);
    return { nextHop: composite, label: -1 };
  }

  /** One hop: what our own label leads to, or a tunnel; undefined when neither is there. */
  #member(hop: ItemNextHop): Member | undefined {
    const { address, labels, nextHops, encapsulationPriority } = this.#settings;
    // What was written was not an address, or no label that fits a packet.
    if (hop.address.length === 0 || hop.label > MAX_LABEL) return undefined;
    if (!sameBytes(hop.address, address)) {
      const tunnelType = chooseTunnelType(encapsulationPriority, hop.encapsulations);
      const tunnel = nextHops.acquire({ type: 'tunnel', destination: addressText(hop.address), tunnelType });
      return { nextHop: tunnel, label: hop.label };
    }
    const target = labels.get(hop.label);
    if (target === undefined) return undefined;
    // Routes reach an interface directly; only packets that come with its label pass its policy first.
    const own = target.type === 'encap' ? target.interface.nextHop! : target;
    return { nextHop: nextHops.share(own), label: hop.label };
  }

  #uses({ nextHops: hops }: ItemAttributes, label: number): boolean {
    return hops.some((hop) => hop.label === label && sameBytes(hop.address, this.#settings.address));
  }
}

function canonicalPrefix(text: string): string | undefined {
  try {
    return prefixText(parsePrefix(text));
  } catch {
    return undefined;
  }
}
