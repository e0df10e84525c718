export {
  DynamicTunnels,
  FIRST_TUNNEL_UNIT,
  TUNNEL_HOLD_DOWN,
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
export { Resolver, type Gateway, type Resolution, type ResolvingRoute } from './resolution.ts';
