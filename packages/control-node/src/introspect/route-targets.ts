/** `ShowRtGroupReq`: who imports and exports a route target, and which peers asked for it. */
import type { RouteView, RoutingInstanceView } from '@vaportrail/show';
import { type Field, type Fields, laidOut, strings, structures, text } from '@vaportrail/show/sandesh';

import { routeTargetGroup } from './layouts.ts';

/** A route target, and who has to do with it. */
export interface RouteTargetGroup {
  /** `target:64512:8000004` */
  readonly target: string;
  /** Names of tables by family. */
  readonly importers: ReadonlyMap<string, readonly string[]>;
  readonly exporters: ReadonlyMap<string, readonly string[]>;
  readonly peers: readonly string[];
}

/**
 * The groups of all targets that an instance has or a peer asks for.
 * @param memberships routes of `bgp.rtarget.0`
 */
export function routeTargetGroups(
  instances: readonly RoutingInstanceView[],
  memberships: readonly RouteView[],
): RouteTargetGroup[] {
  const interested = new Map<string, string[]>();
  for (const { prefix, paths } of memberships) {
    const target = /target:[^/]+/.exec(prefix)?.[0];
    if (target === undefined) continue;
    const peers = paths.filter(({ protocol }) => protocol === 'bgp').map(({ source }) => source);
    interested.set(target, [...(interested.get(target) ?? []), ...peers]);
  }
  const configured = instances.flatMap((instance) => [...instance.import, ...instance.export]);
  const targets = new Set([...configured.map((target) => `target:${target}`), ...interested.keys()]);
  return Array.from(targets, (target) => ({
    target,
    importers: tablesOf(instances.filter((one) => one.import.some((own) => `target:${own}` === target))),
    exporters: tablesOf(instances.filter((one) => one.export.some((own) => `target:${own}` === target))),
    peers: [...new Set(interested.get(target))],
  }));
}

function tablesOf(instances: readonly RoutingInstanceView[]): Map<string, string[]> {
  const byFamily = new Map<string, string[]>();
  for (const { family, name } of instances.flatMap(({ tables }) => tables)) {
    byFamily.set(family, [...(byFamily.get(family) ?? []), name]);
  }
  return byFamily;
}

/** The fields of a group; the routes that carry its target are not listed, a summary of tables counts them. */
export function routeTargetFields({ target, importers, exporters, peers }: RouteTargetGroup): Fields {
  return laidOut(routeTargetGroup, {
    rtarget: text(target, 'ShowRtGroupReq'),
    import_members: members(importers),
    export_members: members(exporters),
    peers_interested: strings(peers),
    dep_route: undefined,
  });
}

function members(byFamily: ReadonlyMap<string, readonly string[]>): Field {
  return structures(
    'ShowRtGroupMemberTableList',
    Array.from(byFamily, ([family, tables]) => ({ family: text(family), tables: strings(tables) })),
  );
}
