export { Agent, type AgentOptions } from './agent.ts';
export { AgentError } from './agent-error.ts';
export {
  agentFileConfig,
  fleetConfig,
  type AgentFile,
  type FleetConfig,
  type FleetConfigInput,
} from './agent-file.ts';
export {
  agentConfig,
  floatingIpConfig,
  interfaceConfig,
  vrfConfig,
  type AgentConfig,
  type AgentConfigInput,
  type FloatingIpConfigInput,
  type InterfaceConfigInput,
  type VrfConfigInput,
} from './config.ts';
export {
  haproxyConfig,
  loadBalancerConfig,
  type HaproxyConfig,
  type LoadBalancerConfig,
  type LoadBalancerConfigInput,
} from './load-balancer/config.ts';
export { haproxyConfiguration, type HaproxyFiles } from './load-balancer/haproxy-configuration.ts';
export { Fleet, type FleetOptions } from './fleet.ts';
export { ControlNodePeer, type PeerState } from './control-node-peer.ts';
export type { FiveTuple } from './ecmp.ts';
export type { DropReason, Flow, Packet, TcpFlag } from './flow.ts';
export type { Verdict } from './flow-table.ts';
export type { Direction, FloatingIp, PortMap } from './floating-ip.ts';
export { HIGH_PREFERENCE, type Interface } from './interface.ts';
export type { LocalRoute } from './local-routes.ts';
export type { CompositeNextHop, EncapNextHop, Member, NextHop, TunnelNextHop } from './next-hop.ts';
export { LOCAL, LOCAL_VM_PORT, type Path, type PathSource, type Route } from './route.ts';
export type { TunnelType } from './tunnel-type.ts';
export { FABRIC_VRF, virtualNetworkOf, type Vrf, type VrfFamily } from './vrf.ts';
export { AgentReplay } from './replay.ts';
