/** What an operator sees of dynamic tunnels: the database, and the table they live in. */
import { ipv4Bytes, ipv4Text, prefixText, covers } from '@vaportrail/net';
import type { DynamicTunnelView, DynamicTunnelsView } from '@vaportrail/show';
import type { DynamicTunnel, DynamicTunnels } from './dynamic-tunnel.ts';

/** Every destination network with the tunnels it brought forth; a tunnel stands under the longest network only. */
export function dynamicTunnelsView(tunnels: DynamicTunnels): DynamicTunnelsView {
  const networks = tunnels.settings.flatMap((settings) =>
    settings.destinations.map((network) => ({ settings, network })),
  );
  const home = (tunnel: DynamicTunnel) =>
    networks
      .filter(
        ({ settings, network }) =>
          settings.name === tunnel.name &&
          covers(network.prefix, { bytes: ipv4Bytes(tunnel.destination), length: 32 }),
      )
      .sort((a, b) => b.network.prefix.length - a.network.prefix.length)[0];
  const all = tunnels.tunnels();
  return {
    table: 'inet.3',
    networks: networks.map((each) => ({
      name: each.settings.name,
      prefix: prefixText(each.network.prefix),
      type: each.settings.type,
      source: ipv4Text(each.settings.source),
      metric: each.network.metric,
      tunnels: all.filter((tunnel) => home(tunnel) === each).map(tunnelView),
    })),
  };
}

function tunnelView(tunnel: DynamicTunnel): DynamicTunnelView {
  return {
    name: tunnel.name,
    type: tunnel.type,
    source: ipv4Text(tunnel.source),
    destination: ipv4Text(tunnel.destination),
    interface: tunnel.interface,
    state: tunnel.state,
    references: tunnel.references,
    metric: tunnel.metric,
    since: new Date(tunnel.since).toISOString(),
    index: tunnel.index,
    snmpIndex: tunnel.snmpIndex,
    inputPackets: 0,
    outputPackets: tunnel.outputPackets,
  };
}
