/** The configuration as somebody would write it: what statements edit and `show configuration` prints. */
import { ipv4Text, prefixText, routeDistinguisherText, routeTargetText } from '@vaportrail/net';
import type { z } from 'zod';
import type {
  GatewayConfig,
  InterfaceConfig,
  MultipathKnob,
  RoutingInstanceConfig,
  StaticRouteConfig,
  gatewayConfig,
} from './config.ts';

/** What the schema reads: text where {@link GatewayConfig} has nouns. */
export type WrittenConfig = z.input<typeof gatewayConfig>;
/** One of its routing instances. */
export type WrittenInstance = NonNullable<WrittenConfig['routing-instances']>[number];
/** One of its static routes. */
export type WrittenStaticRoute = NonNullable<NonNullable<WrittenConfig['routing-options']>['static']>[number];

/** The text of a configuration; what was left out of the file and got a default is written out. */
export function writtenConfig(config: GatewayConfig): WrittenConfig {
  const options = config['routing-options'];
  return {
    ...config,
    'router-id': ipv4Text(config['router-id']),
    'policy-options': structuredClone(config['policy-options']),
    interfaces: config.interfaces.map(writtenInterface),
    'routing-instances': config['routing-instances'].map(writtenInstance),
    'routing-options': {
      static: options.static.map(writtenStatic),
      'inet.3': { static: options['inet.3'].static.map(writtenStatic) },
      'resolution-ribs': [...options['resolution-ribs']],
    },
    'dynamic-tunnels': config['dynamic-tunnels'].map((tunnel) => ({
      ...tunnel,
      'destination-networks': tunnel['destination-networks'].map(({ prefix, metric }) =>
        metric === 0 ? prefixText(prefix) : { prefix: prefixText(prefix), metric },
      ),
    })),
  };
}

function writtenInstance(instance: RoutingInstanceConfig): WrittenInstance {
  const { 'vrf-target': target, 'routing-options': options, ...rest } = instance;
  const ipv6 = options.rib['inet6.0'].multipath;
  return {
    ...rest,
    'route-distinguisher': routeDistinguisherText(instance['route-distinguisher']),
    ...(target === undefined ? {} : { 'vrf-target': targetText(target) }),
    import: instance.import.map(targetText),
    export: instance.export.map(targetText),
    interfaces: instance.interfaces.map(writtenInterface),
    'routing-options': {
      static: options.static.map(writtenStatic),
      ...(options.multipath === undefined ? {} : { multipath: writtenKnob(options.multipath) }),
      ...(ipv6 === undefined ? {} : { rib: { 'inet6.0': { multipath: writtenKnob(ipv6) } } }),
    },
  };
}

function writtenInterface({ name, address }: InterfaceConfig): { name: string; address: string } {
  return { name, address: `${address.address}/${address.network.length}` };
}

function writtenStatic(route: StaticRouteConfig): WrittenStaticRoute {
  return { ...route, route: prefixText(route.route) };
}

function targetText(target: Uint8Array): string {
  return `target:${routeTargetText(target)}`;
}

/** The knob in its shortest form. */
function writtenKnob(knob: MultipathKnob): boolean | Record<string, boolean> {
  if (!knob.vpnUnequalCost && !knob.equalExternalInternal) return true;
  return {
    'vpn-unequal-cost': knob.vpnUnequalCost,
    ...(knob.equalExternalInternal ? { 'equal-external-internal': true } : {}),
  };
}
