/** What a control node has to know: its routing instances, as its configuration file would list them. */
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';

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
    const index = network.properties['virtual_network_network_id'] as number | undefined;
    settings.push({
      name: instanceName(instance),
      'virtual-network': network.fqName.join(':'),
      ...(index === undefined ? {} : { 'vn-index': index }),
      'route-targets': targets(null),
      import: targets('import'),
      export: targets('export'),
    });
  }
  return settings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The name of a routing instance, and of the VRFs that agents have for it. */
export function instanceName({ fqName }: ConfigObject): string {
  return fqName.join(':');
}
