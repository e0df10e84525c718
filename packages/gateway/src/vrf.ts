/** A routing instance: its routing tables, and the routes it has of itself. */
import { isDeepStrictEqual } from 'node:util';
import { encodeAttributes, wellKnownCommunity } from '@vaportrail/bgp/wire';
import { prefixText } from '@vaportrail/net';
import type { Source } from '@vaportrail/rib';
import type { RoutingInstanceConfig } from './config.ts';
import { localRoutes, type LocalRoute } from './local-routes.ts';
import type { PolicyOptions } from './policy/policy-options.ts';
import { VrfPolicy } from './policy/vrf-policy.ts';
import { VrfTable, exportTargets, importTargets, multipathKnobOf, type VrfOwner } from './vrf-table.ts';

/** Routes of the instance carry these alone; route targets are added on export. */
const exported = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 });
/** The router's own addresses are nobody else's business: the networks they are in are told. */
const kept = encodeAttributes({
  origin: 'igp',
  asPath: [],
  localPref: 100,
  communities: [wellKnownCommunity['no-advertise']],
});

interface Announced {
  readonly table: VrfTable;
  readonly source: Source;
  readonly route: LocalRoute;
}

/** The policies of an instance in force. */
interface Policies {
  readonly options: PolicyOptions;
  readonly import: VrfPolicy | undefined;
  readonly export: VrfPolicy | undefined;
}

/** Made, changed and closed by the set that it is in. */
export class Vrf {
  readonly name: string;
  /** Label that peers put on packets for this instance. */
  readonly label: number;
  readonly tables: readonly VrfTable[];
  readonly #owner: VrfOwner;
  /** Sources of the instance's own paths, by protocol and preference. */
  readonly #sources = new Map<string, Source>();
  #config: RoutingInstanceConfig;
  #policies: Policies;
  #announced = new Map<string, Announced>();

  constructor(config: RoutingInstanceConfig, options: PolicyOptions, label: number, owner: VrfOwner) {
    this.name = config.name;
    this.label = label;
    this.#config = config;
    this.#policies = policiesOf(config, options);
    this.#owner = owner;
    this.tables = (['inet', 'inet6'] as const).map((family) => new VrfTable(this, family, owner));
    this.#announce();
  }

  /** As it is in force. */
  get config(): RoutingInstanceConfig {
    return this.#config;
  }

  /** What decides about imported and exported routes. */
  get policies(): Policies {
    return this.#policies;
  }

  /** Whether another configuration gives its routes other names for all peers, so that the instance has to be made anew. */
  mustRestart(config: RoutingInstanceConfig): boolean {
    const { 'route-distinguisher': rd, 'vrf-table-label': label } = this.#config;
    return Buffer.compare(rd, config['route-distinguisher']) !== 0 || label !== config['vrf-table-label'];
  }

  /** Puts another configuration in force; what it has in common with the old one is not disturbed. */
  reconfigure(config: RoutingInstanceConfig, options: PolicyOptions): void {
    const before = this.#config;
    const names = (one: RoutingInstanceConfig) => [one['vrf-import'], one['vrf-export']];
    const sameNames = isDeepStrictEqual(names(before), names(config));
    const named = names(config).some((list) => list.length > 0);
    const samePolicies = sameNames && (!named || isDeepStrictEqual(this.#policies.options, options));
    this.#config = config;
    if (!samePolicies) this.#policies = policiesOf(config, options);
    for (const { table } of this.tables) {
      table.setImports(importTargets(config, options));
      table.setExports(exportTargets(config));
      if (!samePolicies) table.setPolicies(this.#policies.import, this.#policies.export);
    }
    for (const table of this.tables) table.setMultipath(multipathKnobOf(config, table.family));
    this.#announce();
  }

  /** The route of this instance itself that a path, or the original of a copy, was announced for. */
  localRoute(prefix: string, pathId: number): LocalRoute | undefined {
    return this.#announced.get(key(prefix, pathId))?.route;
  }

  /** Takes away everything that the instance has brought. */
  close(): void {
    for (const table of this.tables) table.close();
    for (const source of this.#sources.values()) this.#owner.rib.removeSource(source);
  }

  #announce(): void {
    const before = this.#announced;
    this.#announced = new Map();
    const routes = localRoutes(this.#config.interfaces, this.#config['routing-options'].static);
    for (const route of routes) {
      const table = this.tables[route.prefix.bytes.length === 4 ? 0 : 1]!;
      const source = this.#sourceOf(route);
      this.#announced.set(key(prefixText(route.prefix), pathId(route)), { table, source, route });
      table.table.announce(
        source,
        { prefix: route.prefix },
        {
          attributes: route.protocol === 'Local' ? kept : exported,
          nextHop: this.#owner.address,
          label: this.label,
          pathId: pathId(route),
          ...(route.action === undefined ? { infeasible: 'unresolved-next-hop' as const } : {}),
        },
      );
      // Where it leads may have changed although nothing that is announced has.
      table.refresh(route.prefix);
    }
    for (const [name, { table, source, route }] of before)
      if (!this.#announced.has(name)) table.table.withdraw(source, { prefix: route.prefix }, pathId(route));
  }

  #sourceOf({ protocol, preference }: LocalRoute): Source {
    const name = protocol === 'Static' ? `static ${preference}` : 'interfaces';
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = this.#owner.rib.addSource({
        name: `${this.name} ${name}`,
        protocol: protocol === 'Static' ? 'static' : 'local',
        preference,
      });
      this.#sources.set(name, source);
    }
    return source;
  }
}

function policiesOf(config: RoutingInstanceConfig, options: PolicyOptions): Policies {
  const policy = (names: readonly string[]): VrfPolicy | undefined =>
    names.length === 0 ? undefined : new VrfPolicy(names, options);
  return { options, import: policy(config['vrf-import']), export: policy(config['vrf-export']) };
}

const protocolIds = { Direct: 1, Local: 2, Static: 3 } as const;

/** Tells apart the routes an instance may have for one prefix. */
function pathId({ protocol, preference }: LocalRoute): number {
  return protocolIds[protocol] + (protocol === 'Static' ? preference * 4 : 0);
}

function key(prefix: string, id: number): string {
  return `${prefix} ${id >>> 0}`;
}
