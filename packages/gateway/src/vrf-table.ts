/** One routing table of a routing instance, with the forwarding table that follows its best paths. */
import { addressText, prefixText, type Prefix } from '@vaportrail/net';
import type { MultipathMode, NextHopResolver, Path, Rib, Route, Table } from '@vaportrail/rib';
import type { MultipathKnob, RoutingInstanceConfig } from './config.ts';
import type { ForwardingLeg, ForwardingNextHops } from './forwarding-next-hop.ts';
import { ForwardingTable, type ForwardingAction } from './forwarding-table.ts';
import type { LocalRoute } from './local-routes.ts';
import { multipathEntry, type MultipathEntry } from './multipath.ts';
import type { Resolver } from './resolution.ts';
import type { PolicyOptions } from './policy/policy-options.ts';
import { targetsOf } from './policy/vrf-policy.ts';
import type { Vrf } from './vrf.ts';

/** What a routing instance needs of its gateway. */
export interface VrfOwner {
  readonly rib: Rib;
  readonly resolver: Resolver;
  readonly nextHops: ForwardingNextHops;
  readonly selection: 'junos' | 'junos-always-compare-med';
  /** Judges the next hops of imported paths; one function for all instances, so that they share its answers. */
  readonly resolve: NextHopResolver;
  /** Next hop of the routes exported: four octets. */
  readonly address: Uint8Array;
  now(): number;
  /** The route of some routing instance of this router behind a path in a table; undefined for what peers told. */
  localRoute(table: string, prefix: string, path: Path): LocalRoute | undefined;
}

/** The family of a table of a routing instance. */
export type VrfFamily = 'inet' | 'inet6';

/** One for each family of a routing instance. */
export class VrfTable {
  readonly family: VrfFamily;
  /** `k8s-test.inet.0` */
  readonly table: Table;
  /** `k8s-test.inet` */
  readonly forwarding: ForwardingTable;
  /** Whether multipath is, or has been, at work here. */
  multipathSeen = false;
  readonly #vrf: Vrf;
  readonly #owner: VrfOwner;
  readonly #unfollow: () => void;
  readonly #multipath = new Map<string, MultipathEntry>();
  /** Protocol next hops in use, by prefix. */
  readonly #nextHops = new Map<string, Uint8Array[]>();

  constructor(vrf: Vrf, family: VrfFamily, owner: VrfOwner) {
    const { config, policies } = vrf;
    this.family = family;
    this.#vrf = vrf;
    this.#owner = owner;
    this.table = owner.rib.createTable({
      name: `${config.name}.${family}.0`,
      family,
      selection: owner.selection,
      imports: importTargets(config, policies.options),
      importPolicy: policies.import,
      exportPolicy: policies.export,
      exports: exportTargets(config),
      routeDistinguisher: config['route-distinguisher'],
      replicates: 'all',
      multipath: multipathMode(multipathKnobOf(config, family)),
      resolve: owner.resolve,
    });
    this.multipathSeen = multipathKnobOf(config, family) !== undefined;
    this.forwarding = new ForwardingTable(`${config.name}.${family}`, family, owner.nextHops);
    this.#unfollow = this.table.follow({ changed: (route) => this.#changed(route) });
  }

  /** The instance it is of. */
  get vrf(): Vrf {
    return this.#vrf;
  }

  /** Multipath entries there are. */
  get multipathEntries(): number {
    return this.#multipath.size;
  }

  /** The `#[Multipath/255]` entry of a prefix, while there is one. */
  multipathEntry(prefix: string): MultipathEntry | undefined {
    return this.#multipath.get(prefix);
  }

  /** Has its routes share the load as the configuration says. */
  setMultipath(knob: MultipathKnob | undefined): void {
    if (knob !== undefined) this.multipathSeen = true;
    const mode = multipathMode(knob);
    if (this.table.multipath !== mode) this.table.setMultipath(mode);
  }

  /** Looks at a route again, because it leads elsewhere now. */
  refresh(prefix: Prefix): void {
    const route = this.table.route({ prefix });
    if (route !== undefined) this.#changed(route);
  }

  /** The way of a path out of this router; undefined when it has none at present. */
  legOf(path: Path): ForwardingLeg | undefined {
    const resolution = this.#owner.resolver.resolution(path.nextHop);
    if (resolution === undefined) return undefined;
    return {
      protocolNextHop: addressText(path.nextHop),
      label: path.label,
      gateways: resolution.gateways,
    };
  }

  /** Follows its routes no longer; what it had in the forwarding table goes. */
  close(): void {
    this.#unfollow();
    for (const nextHops of this.#nextHops.values())
      for (const nextHop of nextHops) this.#owner.resolver.untrack(nextHop);
    this.#nextHops.clear();
    this.forwarding.clear();
    this.#owner.rib.removeTable(this.table);
  }

  #changed(route: Route): void {
    if (route.prefix === undefined) return;
    const prefix = prefixText(route.prefix);
    this.#track(prefix, route);
    const { best } = route;
    if (best === undefined) {
      this.#multipath.delete(prefix);
      this.forwarding.remove(prefix);
      return;
    }
    const local = this.#owner.localRoute(this.table.name, prefix, best);
    if (local?.action !== undefined) {
      this.#multipath.delete(prefix);
      this.forwarding.install(prefix, local.protocol === 'Static' ? 'user' : 'intf', local.action);
      return;
    }
    const action = this.#imported(prefix, best, route.multipath);
    if (action === undefined) this.forwarding.remove(prefix);
    else this.forwarding.install(prefix, 'user', action);
  }

  /** What becomes of packets for a prefix whose best path was imported. */
  #imported(prefix: string, best: Path, sharing: readonly Path[]): ForwardingAction | undefined {
    const members = [best, ...sharing.filter((path) => path !== best)].flatMap((path) => {
      const leg = this.legOf(path);
      if (leg === undefined) return [];
      return [{ leg, med: path.attributes.med, metric2: path.resolution?.metric ?? 0 }];
    });
    const before = this.#multipath.get(prefix);
    const entry =
      this.table.multipath === 'off' ? undefined : multipathEntry(prefix, members, before, this.#owner.now());
    if (entry === undefined) this.#multipath.delete(prefix);
    else this.#multipath.set(prefix, entry);
    const [first] = members;
    if (first === undefined) return undefined;
    return { type: 'forward', legs: entry?.legs ?? [first.leg] };
  }

  /** Keeps a hold on the next hops of a prefix's paths, usable or not: the way to each may come and go. */
  #track(prefix: string, route: Route): void {
    const { resolver } = this.#owner;
    const before = this.#nextHops.get(prefix) ?? [];
    const now = route.paths.filter(({ source }) => source.protocol === 'bgp').map((path) => path.nextHop);
    for (const nextHop of now) resolver.track(nextHop);
    for (const nextHop of before) resolver.untrack(nextHop);
    if (now.length === 0) this.#nextHops.delete(prefix);
    else this.#nextHops.set(prefix, now);
  }
}

/** Route targets of routes that may come into an instance; its policies have the last word where it has some. */
export function importTargets(config: RoutingInstanceConfig, options: PolicyOptions): Uint8Array[] {
  const both = config['vrf-target'];
  const named = targetsOf(config['vrf-import'], options);
  return [...(both === undefined ? [] : [both]), ...config.import, ...named];
}

/** Route targets that an instance puts on its routes; its policies do where it has some. */
export function exportTargets(config: RoutingInstanceConfig): Uint8Array[] {
  if (config['vrf-export'].length > 0) return [];
  const both = config['vrf-target'];
  return both === undefined ? config.export : [both, ...config.export];
}

function multipathMode(knob: MultipathKnob | undefined): MultipathMode {
  if (knob === undefined) return 'off';
  if (knob.equalExternalInternal) return 'equal-external-internal';
  return knob.vpnUnequalCost ? 'vpn-unequal-cost' : 'multipath';
}

/** The knob of the table of a family. */
export function multipathKnobOf(
  { 'routing-options': options }: RoutingInstanceConfig,
  family: 'inet' | 'inet6',
): MultipathKnob | undefined {
  return family === 'inet' ? options.multipath : options.rib['inet6.0'].multipath;
}
