/** `ShowRoutingInstanceReq`: instances with their targets, tables and members. */
import type { RoutingInstanceView } from '@vaportrail/show';

import { answer, bool, number, strings, structure, structures, text } from '@vaportrail/show/sandesh';

/** `<ShowRoutingInstanceResp>` */
export function routingInstanceAnswer(instances: readonly RoutingInstanceView[]): string {
  return answer('ShowRoutingInstanceResp', {
    instances: structures(
      'ShowRoutingInstance',
      instances.map((instance) => ({
        name: text(instance.name),
        virtual_network: text(instance.virtualNetwork),
        vn_index: number(instance.virtualNetworkIndex ?? 0, 'i32'),
        vxlan_id: number(0, 'i32'),
        import_target: strings(instance.import.map((target) => `target:${target}`)),
        export_target: strings(instance.export.map((target) => `target:${target}`)),
        always_subscribe: bool(false),
        allow_transit: bool(false),
        pbb_evpn_enable: bool(false),
        deleted: bool(false),
        tables: structures(
          'ShowRoutingInstanceTable',
          instance.tables.map((table) => ({
            name: text(table.name, 'ShowRouteReq'),
            prefixes: number(table.prefixes),
            paths: number(table.paths),
            primary_paths: number(table.primaryPaths ?? 0),
            secondary_paths: number(table.secondaryPaths ?? 0),
            infeasible_paths: number(table.infeasiblePaths ?? 0),
            membership: structure('ShowTableMembershipInfo', {
              peers: structures(
                'ShowMembershipPeerInfo',
                instance.subscribers.map(({ agent, instanceId, state }) => ({
                  peer: text(agent, 'BgpNeighborReq'),
                  ribin_registered: bool(state === 'established'),
                  ribout_registered: bool(state === 'established'),
                  instance_id: number(instanceId, 'i32'),
                })),
              ),
            }),
          })),
        ),
      })),
    ),
  });
}
