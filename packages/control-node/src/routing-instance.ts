/** A routing instance: the tables of one virtual network, what they import and export, and the agents in it. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { computeNodeDistinguisher, routeTargetText } from '@vaportrail/net';
import type { ItemGroup, Rib, RuleSetName, Source, Subscriber, Table } from '@vaportrail/rib';
import type { RoutingInstanceView } from '@vaportrail/show';
import {
  type Item,
  MASTER_INSTANCE,
  type MulticastItem,
  type MvpnItem,
  type Subscription,
  type UnicastItem,
} from '@vaportrail/xmpp';

import { type RoutingInstanceConfig, targetsOf, virtualNetworkOf } from './config.ts';
import { originVirtualNetworkCommunity } from './contrail-communities.ts';
import { type ItemBatch, itemWriter } from './item-writer.ts';
import { evpnNlri } from './evpn-route.ts';
import { ItemDropped } from './item-dropped.ts';
import { multicastNlri, multicastPath } from './multicast-route.ts';
import { publishedEvpnPath, publishedPath } from './published-path.ts';
import { type ListMembership, ReplicationLists } from './replication-lists.ts';
import { tableView } from './route-view.ts';
import { UnderlayOrigins } from './underlay-origins.ts';
import type { VirtualNetworks } from './virtual-networks.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** Families of a routing instance, with the end of their tables' names. */
const instanceFamilies = {
  inet: 'inet.0',
  inet6: 'inet6.0',
  'e-vpn': 'evpn.0',
  'erm-vpn': 'ermvpn.0',
  'inet-mvpn': 'mvpn.0',
} as const;
/** The master instance has the labelled routes of the underlay, and its tables have short names. */
const masterFamilies = { inet: 'inet.0', inet6: 'inet6.0', 'inet-labeled': 'inet.3' } as const;

type InstanceFamily = keyof typeof instanceFamilies | keyof typeof masterFamilies;

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

/** An agent in the instance. */
interface Member {
  readonly subscription: Subscription;
  /** What it is told; nothing while it is away. */
  groups: readonly ListMembership[];
  /** Tables it has not been told in full yet. */
  unsynchronised: number;
}

/** An agent as the subscriber of one table. */
class Reader implements Subscriber<ItemBatch> {
  readonly #peer: XmppPeer;
  readonly #member: Member;

  constructor(peer: XmppPeer, member: Member) {
    this.#peer = peer;
    this.#member = member;
  }

  get isCongested(): boolean {
    return this.#peer.isCongested;
  }

  send(batch: ItemBatch): void {
    this.#peer.send(batch);
  }

  synchronised(): void {
    this.#member.unsynchronised--;
  }
}

export class RoutingInstance {
  readonly name: string;
  readonly isMaster: boolean;
  readonly #owner: RoutingInstanceOwner;
  readonly #tables = new Map<InstanceFamily, InstanceTable>();
  readonly #members = new Map<XmppPeer, Member>();
  #lists: ReplicationLists | undefined;
  /** Of the underlay. */
  #origins: UnderlayOrigins | undefined;
  #config: RoutingInstanceConfig;
  #targets: ReturnType<typeof targetsOf>;

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
      if (family === 'e-vpn') this.#lists = new ReplicationLists(table, items);
    }
    const vpn = owner.rib.table('bgp.l3vpn.0');
    if (this.isMaster && vpn !== undefined) {
      this.#origins = new UnderlayOrigins(this.#table('inet'), vpn, (source, item, origin) =>
        this.#announceUnicast(source, item, origin),
      );
    }
  }

  get config(): RoutingInstanceConfig {
    return this.#config;
  }

  get virtualNetwork(): string {
    return virtualNetworkOf(this.#config);
  }

  get virtualNetworkIndex(): number | undefined {
    return this.#config['vn-index'];
  }

  get imports(): readonly Uint8Array[] {
    return this.#targets.imports;
  }

  get importTargets(): string[] {
    return this.imports.map((target) => routeTargetText(target));
  }

  get exports(): readonly Uint8Array[] {
    return this.#targets.exports;
  }

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

  /** Takes the instance away with all its routes. */
  remove(): void {
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
    const member: Member = { subscription, groups, unsynchronised: 0 };
    this.#members.set(peer, member);
    const isRenumbered = before?.subscription.instanceId !== subscription.instanceId;
    for (const { table, group } of this.#tables.values()) {
      if (!this.isMaster && isRenumbered) table.setInstanceId(peer.source, subscription.instanceId);
      if (!subscription.ribOut) continue;
      member.unsynchronised++;
      groups.push(group.join(new Reader(peer, member)));
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

  instanceIdOf(peer: XmppPeer): number | undefined {
    return this.#members.get(peer)?.subscription.instanceId;
  }

  /** Takes an agent out, and its routes. */
  leave(peer: XmppPeer): void {
    this.#origins?.forgetAll(peer.source);
    for (const { table } of this.#tables.values()) withdrawAll(table, peer.source);
    this.#dismiss(peer);
  }

  /** Takes an agent out that is gone altogether: its routes go with its source. */
  forget(peer: XmppPeer): void {
    this.#origins?.forgetAll(peer.source);
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
   * @param nativeId number of the workload's own VRF, of a route leaked into the underlay
   * @throws ItemDropped when the item is no route of this instance
   */
  announce(peer: XmppPeer, { instanceId }: Subscription, item: Item, nativeId = 0): void {
    if (item.family === 'e-vpn') {
      const { nlri, nextHop, attributes, infeasible } = publishedEvpnPath(item, this.#owner);
      this.#table('e-vpn').announce(peer.source, { bytes: nlri }, { attributes, nextHop, infeasible });
      return;
    }
    if (item.family === 'ermvpn' || item.family === 'inet-mvpn') {
      const { nextHop, attributes } = multicastPath(item);
      const nlri = this.#multicastNlri(peer, item, instanceId);
      this.#table(multicastFamilies[item.family]).announce(
        peer.source,
        { bytes: nlri },
        { attributes, nextHop },
      );
      return;
    }
    if (this.#origins !== undefined && item.family === 'inet') {
      this.#announceInUnderlay(this.#origins, peer.source, item, nativeId);
    } else this.#announceUnicast(peer.source, item);
  }

  /** A route that names the VRF of its workload has the origin of the VPN route with its distinguisher. */
  #announceInUnderlay(origins: UnderlayOrigins, source: Source, item: UnicastItem, nativeId: number): void {
    if (nativeId === 0) {
      origins.forget(source, item);
      this.#announceUnicast(source, item);
      return;
    }
    const [hop] = item.attributes.nextHops;
    const { clusterSeed } = this.#owner;
    origins.announce(source, item, computeNodeDistinguisher(hop!.address, nativeId, clusterSeed));
  }

  /** @param origin the origin VN of a leaked route */
  #announceUnicast(source: Source, item: UnicastItem, origin?: Uint8Array): void {
    const { family, prefix } = item;
    const path = publishedPath(item, { asn: this.#owner.asn, master: this.isMaster, origin });
    this.#table(family).announce(
      source,
      { prefix },
      {
        attributes: path.attributes,
        nextHop: path.nextHop,
        labelField: path.labelField,
        infeasible: path.infeasible,
      },
    );
  }

  /** @throws ItemDropped when the item is no route of this instance */
  withdraw(peer: XmppPeer, item: Item): void {
    if (item.family === 'e-vpn') {
      this.#table('e-vpn').withdraw(peer.source, { bytes: evpnNlri(item) });
      return;
    }
    if (item.family === 'ermvpn' || item.family === 'inet-mvpn') {
      const nlri = this.#multicastNlri(peer, item, this.instanceIdOf(peer) ?? -1);
      this.#table(multicastFamilies[item.family]).withdraw(peer.source, { bytes: nlri });
      return;
    }
    const { family, prefix } = item;
    this.#origins?.forget(peer.source, item);
    this.#table(family).withdraw(peer.source, { prefix });
  }

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

  /** @throws ItemDropped when it withdraws a route of a type that there is none of */
  #multicastNlri(peer: XmppPeer, item: MulticastItem | MvpnItem, instanceId: number): Uint8Array {
    return multicastNlri(item, { asn: this.#owner.asn, agent: peer.source.routerId, instanceId });
  }

  #table(family: InstanceFamily): Table {
    const row = this.#tables.get(family);
    if (row === undefined) throw new ItemDropped(`${this.name} has no table of ${family}`);
    return row.table;
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

const multicastFamilies = { ermvpn: 'erm-vpn', 'inet-mvpn': 'inet-mvpn' } as const;

function isMulticast(family: FamilyName): boolean {
  return family === 'erm-vpn' || family === 'inet-mvpn';
}

/** Native ermvpn routes stay where they are: nobody computes trees of them. */
function targetsFor(family: FamilyName, targets: ReturnType<typeof targetsOf>): ReturnType<typeof targetsOf> {
  return family === 'erm-vpn' ? { imports: targets.imports, exports: [] } : targets;
}

function withdrawAll(table: Table, source: Source): void {
  for (const { prefix, nlri } of Array.from(table.routes({ source, explained: false }))) {
    if (prefix !== undefined) table.withdraw(source, { prefix });
    else if (nlri !== undefined) table.withdraw(source, { bytes: nlri });
  }
}
