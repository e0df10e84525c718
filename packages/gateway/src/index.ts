export {
  DynamicTunnels,
  TUNNEL_PREFERENCE,
  type DestinationNetwork,
  type DynamicTunnel,
  type DynamicTunnelSettings,
  type TunnelType,
} from './dynamic-tunnel.ts';
export { chooseLeg, flowHash, type Flow } from './flow-hash.ts';
export {
  ForwardingNextHops,
  legsOf,
  type ForwardingLeg,
  type ForwardingNextHop,
} from './forwarding-next-hop.ts';
export { ForwardingTable, type ForwardingAction, type ForwardingRoute } from './forwarding-table.ts';
export { Resolver, type Resolution, type ResolvingRoute } from './resolution.ts';
export { gatewayConfig, type GatewayConfig, type GatewayConfigInput, type MultipathKnob } from './config.ts';
export { ReloadError, type Change } from './change.ts';
export { Gateway, type GatewayOptions } from './gateway.ts';
export type { TableFilter } from './routing-tables.ts';
export { StatementError } from './statement-row.ts';
export { applyStatement, statementLines } from './statement.ts';
export { writtenConfig, type WrittenConfig } from './written-config.ts';
