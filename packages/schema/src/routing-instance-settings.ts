/** What a control node has to know: its routing instances, as its configuration file would list them. */
import type { ConfigObject } from './config-object.ts';
import { connectedNetworks } from './connected-networks.ts';
import type { ObjectGraph } from './object-graph.ts';

/** An instance, in the words of a control node's file. */
export interface RoutingInstanceSettings {
  /** `domain:project:network:instance` */
  readonly name: string;
  readonly 'virtual-network': string;
  readonly 'vn-index'?: number;
  /** Imported and exported. */
  readonly 'route-targets': readonly string[];
  readonly import: readonly string[];
  readonly export: readonly string[];
}

/** All routing instances, by name. */
export function routingInstanceSettings(graph: ObjectGraph): RoutingInstanceSettings[] {
  const settings: RoutingInstanceSettings[] = [];
  for (const instance of graph.ofType('routing-instance')) {
    const network = graph.get(instance.parent?.uuid ?? '');
    if (network === undefined) continue;
    const targets = (direction: 'import' | 'export' | null): string[] =>
      (instance.references['route-target'] ?? []).flatMap(({ uuid, attr }) => {
        const said = (attr as { import_export?: string | null } | null)?.import_export ?? null;
        const target = graph.get(uuid);
        return said === direction && target !== undefined ? [target.fqName[0]!] : [];
      });
    const connected =
      instance.properties['routing_instance_is_default'] === true
        ? connectedNetworks(network, graph).flatMap((other) => ownTarget(other, graph) ?? [])
        : [];
    const imported = targets('import');
    const index = network.properties['virtual_network_network_id'] as number | undefined;
    settings.push({
      name: instanceName(instance),
      'virtual-network': network.fqName.join(':'),
      ...(index === undefined ? {} : { 'vn-index': index }),
      'route-targets': targets(null),
      import: [...imported, ...connected.filter((target) => !imported.includes(target)).toSorted()],
      export: targets('export'),
    });
  }
  return settings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The route target that no other network has: the one its owner did not list. */
function ownTarget(network: ConfigObject, graph: ObjectGraph): string | undefined {
  const listed = new Set(
    ['route_target_list', 'import_route_target_list', 'export_route_target_list'].flatMap((key) => {
      const { route_target: texts = [] } = (network.properties[key] ?? {}) as { route_target?: string[] };
      return texts;
    }),
  );
  const instance = graph
    .children(network.uuid, 'routing-instance')
    .find(({ properties }) => properties['routing_instance_is_default'] === true);
  const targets = instance === undefined ? [] : graph.references(instance, 'route-target');
  return targets.map(({ fqName }) => fqName[0]!).find((text) => !listed.has(text));
}

/** The name of a routing instance, and of the VRFs that agents have for it. */
export function instanceName({ fqName }: ConfigObject): string {
  return fqName.join(':');
}
