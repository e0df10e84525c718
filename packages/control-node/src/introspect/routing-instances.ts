/** `ShowRoutingInstanceReq` and its summary: instances with their targets, tables and members. */
import type { RoutingInstanceView, SubscriptionView, TableView } from '@vaportrail/show';

import {
  type Field,
  type Fields,
  bool,
  laidOut,
  number,
  strings,
  structure,
  structures,
  text,
} from '@vaportrail/show/sandesh';

import { routingInstance, routingInstanceTable } from './layouts.ts';
import { pathCounts, tableWork } from './show-route.ts';

/** A `<ShowRoutingInstance>` with its tables and their members. */
export function routingInstanceFields(instance: RoutingInstanceView): Fields {
  const tables = instance.tables.map((table) => tableFields(table, instance.subscribers));
  return fieldsOf(instance, {
    tables: structures('ShowRoutingInstanceTable', tables),
    // There are none: an instance has its route targets, and BGP peers are those of the underlay.
    routing_policies: structures('ShowInstanceRoutingPolicyInfo', []),
    neighbors: strings([]),
  });
}

/** A `<ShowRoutingInstance>` of a summary. */
export function routingInstanceSummaryFields(instance: RoutingInstanceView): Fields {
  return fieldsOf(instance, { tables: undefined, routing_policies: undefined, neighbors: undefined });
}

function fieldsOf(
  instance: RoutingInstanceView,
  detail: Readonly<Record<'tables' | 'routing_policies' | 'neighbors', Field | undefined>>,
): Fields {
  return laidOut(routingInstance, {
    name: text(instance.name, 'ShowRoutingInstanceReq'),
    virtual_network: text(instance.virtualNetwork),
    vn_index: number(instance.virtualNetworkIndex ?? 0, 'i32'),
    vxlan_id: number(0, 'i32'),
    import_target: strings(instance.import.map((target) => `target:${target}`)),
    export_target: strings(instance.export.map((target) => `target:${target}`)),
    always_subscribe: bool(false),
    allow_transit: bool(false),
    pbb_evpn_enable: bool(false),
    deleted: bool(false),
    deleted_at: text(''),
    ...detail,
  });
}

function tableFields(table: TableView, subscribers: readonly SubscriptionView[]): Fields {
  const peers = subscribers.map(({ agent, instanceId, state, isToldRoutes }) => ({
    peer: text(agent, 'BgpNeighborReq'),
    ribout_registered: bool(state === 'established' && isToldRoutes !== false),
    ribin_registered: bool(state === 'established'),
    instance_id: number(Math.max(instanceId, 0)),
    generation_id: number(1, 'u64'),
  }));
  return laidOut(routingInstanceTable, {
    name: text(table.name, 'ShowRouteReq'),
    deleted: bool(false),
    ...pathCounts(table),
    ...tableWork,
    membership: structure('ShowTableMembershipInfo', {
      requests: number(0),
      walks: number(0),
      peers: structures('ShowMembershipPeerInfo', peers),
    }),
  });
}
