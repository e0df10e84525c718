/** A routing instance: the tables of one virtual network, what they import and export, and the agents in it. */
import { routeTargetText } from '@vaportrail/net';
import type { ItemGroup, Rib, RuleSetName, Source, Table } from '@vaportrail/rib';
import type { RoutingInstanceView } from '@vaportrail/show';
import { type Item, MASTER_INSTANCE, type Subscription } from '@vaportrail/xmpp';

import { type InstanceTargets, type RoutingInstanceConfig, targetsOf, virtualNetworkOf } from './config.ts';
import { originVirtualNetworkCommunity } from './contrail-communities.ts';
import {
  type InstanceFamily,
  instanceFamilies,
  isMulticast,
  masterFamilies,
  targetsFor,
} from './instance-families.ts';
import { type InstanceMember, TableSubscriber } from './instance-member.ts';
import { type ItemBatch, itemWriter } from './item-writer.ts';
import { type KeptRoute, keptRoutes, restoreRoutes } from './kept-routes.ts';
import { PublishedRoutes } from './published-routes.ts';
import { type ListMembership, ReplicationLists } from './replication-lists.ts';
import { tableView } from './route-view.ts';
import type { VirtualNetworks } from './virtual-networks.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** What an instance needs of the node. */
export interface RoutingInstanceOwner {
  readonly rib: Rib;
  readonly asn: number;
  /** Of route distinguishers; 0 is none. */
  readonly clusterSeed: number;
  readonly selection: RuleSetName;
  networks(): VirtualNetworks;
  /** The instance got its first subscriber, or lost its last one. */
  wanted(instance: RoutingInstance, isWanted: boolean): void;
}

interface InstanceTable {
  readonly table: Table;
  readonly group: ItemGroup<ItemBatch>;
}

/** One for each that is configured, and one for the underlay. */
export class RoutingInstance {
  readonly name: string;
  readonly isMaster: boolean;
  readonly #owner: RoutingInstanceOwner;
  readonly #tables = new Map<InstanceFamily, InstanceTable>();
  readonly #members = new Map<XmppPeer, InstanceMember>();
  #lists: ReplicationLists | undefined;
  readonly #published: PublishedRoutes;
  #config: RoutingInstanceConfig;
  #targets: InstanceTargets;

  constructor(config: RoutingInstanceConfig, owner: RoutingInstanceOwner) {
    this.name = config.name;
    this.isMaster = config.name === MASTER_INSTANCE;
    this.#owner = owner;
    this.#config = config;
    this.#targets = targetsOf(config);
    const index = this.virtualNetworkIndex;
    const families = this.isMaster ? masterFamilies : instanceFamilies;
    for (const [family, suffix] of Object.entries(families) as [InstanceFamily, string][]) {
      const table = owner.rib.createTable({
        name: this.isMaster ? suffix : `${this.name}.${suffix}`,
        family,
        selection: owner.selection,
        main: this.isMaster,
        vpn: false,
        ...targetsFor(family, this.#targets),
        clusterSeed: owner.clusterSeed,
        ...(index !== undefined && { originVn: originVirtualNetworkCommunity(owner.asn, index) }),
      });
      const items = {
        instance: this.name,
        family,
        virtualNetwork: this.virtualNetwork,
        asn: owner.asn,
        networks: () => owner.networks(),
      };
      this.#tables.set(family, { table, group: owner.rib.itemGroup(table, itemWriter(items)) });
      if (family === 'e-vpn')
        this.#lists = new ReplicationLists(table, items, (source, nlri) =>
          this.#published.inclusive(source, nlri),
        );
    }
    this.#published = new PublishedRoutes({
      instance: this.name,
      asn: owner.asn,
      clusterSeed: owner.clusterSeed,
      table: (family) => this.#tables.get(family)?.table,
      vpn: this.isMaster ? owner.rib.table('bgp.l3vpn.0') : undefined,
    });
  }

  /** As it is in force. */
  get config(): RoutingInstanceConfig {
    return this.#config;
  }

  /** `domain:project:network` */
  get virtualNetwork(): string {
    return virtualNetworkOf(this.#config);
  }

  /** Number of the network in origin-VN communities; without one it names none. */
  get virtualNetworkIndex(): number | undefined {
    return this.#config['vn-index'];
  }

  /** Route targets imported, eight octets each. */
  get imports(): readonly Uint8Array[] {
    return this.#targets.imports;
  }

  /** The same as text. */
  get importTargets(): string[] {
    return this.imports.map((target) => routeTargetText(target));
  }

  /** Route targets exported, eight octets each. */
  get exports(): readonly Uint8Array[] {
    return this.#targets.exports;
  }

  /** One for each family of an instance. */
  get tables(): Table[] {
    return Array.from(this.#tables.values(), ({ table }) => table);
  }

  /** Whether an agent has joined. */
  get isWanted(): boolean {
    return this.#members.size > 0;
  }

  /** Changes imports and exports. */
  retarget(config: RoutingInstanceConfig): void {
    this.#config = config;
    const targets = targetsOf(config);
    const { isWanted } = this;
    if (isWanted) this.#owner.wanted(this, false);
    this.#targets = targets;
    for (const { table } of this.#tables.values()) {
      const { imports, exports } = targetsFor(table.family, targets);
      table.setImports(imports);
      table.setExports(exports);
    }
    if (isWanted) this.#owner.wanted(this, true);
  }

  /** Tells every agent everything again: names of networks have changed. */
  refresh(): void {
    for (const { groups } of this.#members.values()) for (const group of groups) group.refresh();
  }

  /** Takes the instance away with all its routes, and back what agents were told of them: it may return with others. */
  remove(): void {
    for (const { group } of this.#tables.values()) group.retract();
    this.#lists?.retract();
    for (const peer of this.#members.keys()) this.#dismiss(peer);
    this.#lists?.close();
    for (const { table } of this.#tables.values()) this.#owner.rib.removeTable(table);
  }

  /** Takes what an agent said of multicast away: it is not kept for its return. */
  dropMulticast(peer: XmppPeer): void {
    for (const { table } of this.#tables.values())
      if (isMulticast(table.family)) withdrawAll(table, peer.source);
  }

  /** Takes an agent in; one that was suspended goes on with the paths it has. */
  join(peer: XmppPeer, subscription: Subscription): void {
    const before = this.#members.get(peer);
    const groups: ListMembership[] = [];
    const member: InstanceMember = { subscription, groups, unsynchronised: 0 };
    this.#members.set(peer, member);
    const isRenumbered = before?.subscription.instanceId !== subscription.instanceId;
    for (const { table, group } of this.#tables.values()) {
      if (!this.isMaster && isRenumbered) table.setInstanceId(peer.source, subscription.instanceId);
      if (!subscription.ribOut) continue;
      member.unsynchronised++;
      groups.push(group.join(new TableSubscriber(peer, member)));
    }
    if (subscription.ribOut && this.#lists !== undefined) groups.push(this.#lists.join(peer));
    if (before === undefined && this.#members.size === 1) this.#owner.wanted(this, true);
  }

  /** The agent is away and may come back: its paths stay. */
  suspend(peer: XmppPeer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    for (const group of member.groups) group.leave();
    member.groups = [];
    member.unsynchronised = 0;
  }

  /** Number of the VRF at an agent; undefined for one that is not in the instance. */
  instanceIdOf(peer: XmppPeer): number | undefined {
    return this.#members.get(peer)?.subscription.instanceId;
  }

  /** Takes an agent out, and its routes. */
  leave(peer: XmppPeer): void {
    this.#published.forgetAll(peer.source);
    for (const { table } of this.#tables.values()) withdrawAll(table, peer.source);
    this.#dismiss(peer);
  }

  /** Takes an agent out that is gone altogether: its routes go with its source. */
  forget(peer: XmppPeer): void {
    this.#published.forgetAll(peer.source);
    this.#dismiss(peer);
  }

  /** Whether an agent has been told all routes; true for one that wants none. */
  isSynchronised(peer: XmppPeer): boolean {
    return (this.#members.get(peer)?.unsynchronised ?? 0) === 0;
  }

  /** The agent has read what was queued for it. */
  ready(peer: XmppPeer): void {
    for (const group of this.#members.get(peer)?.groups ?? []) group.ready();
  }

  /**
   * Puts a route of an agent into its table.
   * @param nativeId number of the workload's own VRF, of a route leaked into the underlay
   * @throws ItemDropped when the item is no route of this instance
   */
  announce(peer: XmppPeer, { instanceId }: Subscription, item: Item, nativeId = 0): void {
    this.#published.announce(peer.source, instanceId, item, nativeId);
  }

  /** What an agent has published. */
  routesOf({ source }: XmppPeer): KeptRoute[] {
    return keptRoutes(this.tables, source, (nlri) => this.#published.inclusive(source, nlri));
  }

  /** Announces what an agent had published before the instance went away. */
  restore(peer: XmppPeer, routes: readonly KeptRoute[]): void {
    restoreRoutes(this.tables, peer.source, routes);
    this.#published.restored(peer.source, routes);
  }

  /** Takes back a route of an agent. @throws ItemDropped when the item is no route of this instance */
  withdraw(peer: XmppPeer, item: Item): void {
    this.#published.withdraw(peer.source, this.instanceIdOf(peer) ?? -1, item);
  }

  /** What operators see of it. */
  view(): RoutingInstanceView {
    const index = this.virtualNetworkIndex;
    return {
      name: this.name,
      virtualNetwork: this.virtualNetwork,
      ...(index !== undefined && { virtualNetworkIndex: index }),
      import: this.importTargets,
      export: this.exports.map((target) => routeTargetText(target)),
      tables: this.tables.map((table) => tableView(table, this.name)),
      subscribers: Array.from(this.#members, ([peer, { subscription }]) => ({
        instance: this.name,
        agent: peer.name,
        instanceId: subscription.instanceId,
        state: peer.isUp ? ('established' as const) : ('stale' as const),
        ...(!subscription.ribOut && { isToldRoutes: false }),
      })),
      ...(this.isMaster && { master: true }),
    };
  }

  #dismiss(peer: XmppPeer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    for (const group of member.groups) group.leave();
    if (!this.isMaster)
      for (const { table } of this.#tables.values()) table.setInstanceId(peer.source, undefined);
    if (this.#members.size === 0) this.#owner.wanted(this, false);
  }
}

function withdrawAll(table: Table, source: Source): void {
  // Looking through a large table for nothing is what an agent that joins and leaves all the time would like.
  if (table.pathsOf(source) === 0) return;
  for (const { prefix, nlri } of Array.from(table.routes({ source, explained: false }))) {
    if (prefix !== undefined) table.withdraw(source, { prefix });
    else if (nlri !== undefined) table.withdraw(source, { bytes: nlri });
  }
}
