/**
 * Routes of workloads that agents leak into the underlay, and the virtual networks they come from.
 *
 * The underlay has no route distinguishers. But with the number of the workload's own VRF (the last field of the node
 * `1/1/…ip-fabric…/ADDR/LEN/NATIVE_ID`) and the next hop of the item, one is named: that of the VPN route which the same
 * agent's path in the workload's network is exported as. While that route has a path of the agent, the one in the
 * underlay carries its origin VN towards BGP peers, and nothing else of it.
 * @see `InetTable::GetFabricAttributes` and `UpdateRoute` of Contrail's inet_table.cc
 */
import { hexText, prefixText } from '@vaportrail/net';
import type { Route, Source, Table } from '@vaportrail/rib';
import type { UnicastItem } from '@vaportrail/xmpp';

import { originVirtualNetworkOf } from './contrail-communities.ts';

/** A route of the underlay that names the VPN route it was leaked beside. */
interface LeakedRoute {
  readonly source: Source;
  readonly item: UnicastItem;
  /** Of the VPN route. */
  readonly distinguisher: Uint8Array;
  /** The origin VN it has been announced with: an extended community, as text. */
  origin: string;
}

/** Gives the underlay a route of an agent, with an origin VN when there is one. */
export type AnnounceLeaked = (source: Source, item: UnicastItem, origin: Uint8Array | undefined) => void;

/** One for the underlay; it announces its leaked routes, and again when the origin of one changes. */
export class UnderlayOrigins {
  readonly #underlay: Table;
  readonly #vpn: Table;
  readonly #announce: AnnounceLeaked;
  readonly #bySource = new Map<Source, Map<string, LeakedRoute>>();
  /** By distinguisher and prefix of the VPN route; agents may claim the same next hop. */
  readonly #byVpnRoute = new Map<string, Set<LeakedRoute>>();
  /** Ends following the VPN table, which costs a look at each of its changes: only while there is a leaked route. */
  #unfollow: (() => void) | undefined;

  constructor(underlay: Table, vpn: Table, announce: AnnounceLeaked) {
    this.#underlay = underlay;
    this.#vpn = vpn;
    this.#announce = announce;
  }

  /** Announces a route of the underlay with the origin of the VPN route of `distinguisher`, and keeps to it. */
  announce(source: Source, item: UnicastItem, distinguisher: Uint8Array): void {
    this.forget(source, item);
    const { prefix } = item;
    const route = this.#vpn.route({ prefix, routeDistinguisher: distinguisher });
    const origin = route && originOf(route, source);
    const leaked: LeakedRoute = { source, item, distinguisher, origin: textOf(origin) };
    let ofSource = this.#bySource.get(source);
    if (ofSource === undefined) this.#bySource.set(source, (ofSource = new Map()));
    ofSource.set(prefixText(prefix), leaked);
    const key = vpnKey(leaked);
    const alike = this.#byVpnRoute.get(key);
    if (alike === undefined) this.#byVpnRoute.set(key, new Set([leaked]));
    else alike.add(leaked);
    this.#unfollow ??= this.#vpn.follow({ changed: (changed) => this.#changed(changed) }, false);
    this.#announce(source, item, origin);
  }

  /** The route has been withdrawn, or published without a number. */
  forget(source: Source, { prefix }: Pick<UnicastItem, 'prefix'>): void {
    const ofSource = this.#bySource.get(source);
    const leaked = ofSource?.get(prefixText(prefix));
    if (ofSource === undefined || leaked === undefined) return;
    ofSource.delete(prefixText(prefix));
    if (ofSource.size === 0) this.#bySource.delete(source);
    this.#unlist(leaked);
  }

  /** All routes of a source are gone. */
  forgetAll(source: Source): void {
    const ofSource = this.#bySource.get(source);
    if (ofSource === undefined) return;
    this.#bySource.delete(source);
    for (const leaked of ofSource.values()) this.#unlist(leaked);
  }

  #unlist(leaked: LeakedRoute): void {
    const key = vpnKey(leaked);
    const alike = this.#byVpnRoute.get(key);
    alike?.delete(leaked);
    if (alike?.size === 0) this.#byVpnRoute.delete(key);
    if (this.#byVpnRoute.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  #changed(route: Route): void {
    const { routeDistinguisher, prefix } = route;
    if (routeDistinguisher === undefined || prefix === undefined) return;
    const leakedRoutes = this.#byVpnRoute.get(`${hexText(routeDistinguisher)} ${prefixText(prefix)}`);
    for (const leaked of Array.from(leakedRoutes ?? [])) {
      const { source, item } = leaked;
      const origin = originOf(route, source);
      if (textOf(origin) === leaked.origin) continue;
      const path = this.#underlay.route({ prefix })?.paths.find((one) => one.source === source);
      // Swept after a restart. A stale one waits for its agent, which publishes it anew.
      if (path === undefined) this.forget(source, item);
      else if (!path.stale) {
        leaked.origin = textOf(origin);
        this.#announce(source, item, origin);
      }
    }
  }
}

function originOf({ paths }: Route, source: Source): Uint8Array | undefined {
  const path = paths.find((one) => one.source === source);
  return path && originVirtualNetworkOf(path.attributes.extendedCommunities);
}

function textOf(origin: Uint8Array | undefined): string {
  return origin === undefined ? '' : hexText(origin);
}

function vpnKey({ distinguisher, item }: Pick<LeakedRoute, 'distinguisher' | 'item'>): string {
  return `${hexText(distinguisher)} ${prefixText(item.prefix)}`;
}
