/** Routes a routing instance has of itself: the networks it is attached to, its own addresses, its static routes. */
import { covers, parsePrefix, prefixText, type Prefix } from '@vaportrail/net';
import type { InterfaceConfig, StaticRouteConfig } from './config.ts';
import type { ForwardingAction } from './forwarding-table.ts';
import type { Gateway, ResolvingRoute } from './resolution.ts';

/** Preference by protocol, lower wins. */
const localPreference = { Direct: 0, Local: 0, Static: 5 } as const;

/** A route that no peer told. */
export interface LocalRoute {
  readonly prefix: Prefix;
  readonly protocol: 'Direct' | 'Local' | 'Static';
  readonly preference: number;
  readonly metric: number;
  /** What packets meet; `undefined` when the next hop of a static route is on no network of the instance. */
  readonly action: ForwardingAction | undefined;
}

/** The routes of an instance, those of one prefix and protocol united, in the order of the configuration. */
export function localRoutes(
  interfaces: readonly InterfaceConfig[],
  statics: readonly StaticRouteConfig[],
): LocalRoute[] {
  const direct = interfaces.flatMap(({ name, address }): LocalRoute[] => [
    route('Direct', address.network, { type: 'resolve', interface: name }),
    route('Local', parsePrefix(address.address), { type: 'local', interface: name }),
  ]);
  return [...direct, ...staticRoutes(interfaces, statics)];
}

function route(protocol: 'Direct' | 'Local', prefix: Prefix, action: ForwardingAction): LocalRoute {
  return { prefix, protocol, preference: localPreference[protocol], metric: 0, action };
}

function staticRoutes(
  interfaces: readonly InterfaceConfig[],
  statics: readonly StaticRouteConfig[],
): LocalRoute[] {
  const byPrefix = new Map<string, StaticRouteConfig[]>();
  for (const each of statics) {
    const key = `${prefixText(each.route)} ${each.preference}`;
    byPrefix.set(key, [...(byPrefix.get(key) ?? []), each]);
  }
  return [...byPrefix.values()].map((same): LocalRoute => {
    const [first] = same as [StaticRouteConfig];
    const { route: prefix, preference, metric } = first;
    return { prefix, protocol: 'Static', preference, metric, action: staticAction(interfaces, same) };
  });
}

function staticAction(
  interfaces: readonly InterfaceConfig[],
  same: readonly StaticRouteConfig[],
): ForwardingAction | undefined {
  for (const type of ['discard', 'reject'] as const)
    if (same.some((each) => each['next-hop'] === type)) return { type };
  const gateways = same.flatMap((each) => gatewayOf(interfaces, each['next-hop']) ?? []);
  if (gateways.length === 0) return undefined;
  return { type: 'forward', legs: [{ protocolNextHop: undefined, label: undefined, gateways }] };
}

/** The way to a next hop that is an interface, or an address on the network of one. */
function gatewayOf(interfaces: readonly InterfaceConfig[], nextHop: string): Gateway | undefined {
  if (!isAddress(nextHop)) return { interface: nextHop };
  const host = parsePrefix(nextHop);
  const on = interfaces.find(({ address }) => covers(address.network, host));
  return on === undefined ? undefined : { interface: on.name, address: nextHop };
}

function isAddress(text: string): boolean {
  return text.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

/** Routes of `inet.0` or `inet.3`, over which protocol next hops resolve; those that lead nowhere are left out. */
export function resolvingRoutes(routes: readonly LocalRoute[], now: number): ResolvingRoute[] {
  return routes.flatMap(({ prefix, protocol, preference, metric, action }) => {
    const gateways = gatewaysOf(action);
    if (protocol === 'Local' || gateways.length === 0) return [];
    return [{ prefix, protocol, preference, metric, since: now, gateways }];
  });
}

/** The interfaces that an action sends packets out of. */
export function gatewaysOf(action: ForwardingAction | undefined): readonly Gateway[] {
  if (action?.type === 'forward') return action.legs.flatMap((leg) => leg.gateways);
  return action?.type === 'resolve' && action.interface !== undefined
    ? [{ interface: action.interface }]
    : [];
}
