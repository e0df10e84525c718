export { LoopbackBlock, Namespace, run, thisNetwork, type Place } from './namespace.ts';
export {
  DaemonProcess,
  findProgram,
  removeFolder,
  temporaryFolder,
  writeConfig,
  type Found,
} from './daemon-process.ts';
export { PeerMissing, type Peer, type PeerPath, type Shown } from './peers/peer.ts';
export { Frr, findFrr } from './peers/frr.ts';
export { frrConfig, type FrrNeighbor, type FrrSettings } from './peers/frr-config.ts';
export {
  Gobgp,
  findGobgp,
  gobgpConfig,
  type GobgpNeighbor,
  type GobgpSettings,
  type GobgpVrf,
} from './peers/gobgp.ts';
export { Exabgp, exabgpConfig, findExabgp, type ExabgpEvent, type ExabgpSettings } from './peers/exabgp.ts';
export {
  Bird,
  birdConfig,
  findBird,
  parseBirdRoutes,
  type BirdNeighbor,
  type BirdSettings,
} from './peers/bird.ts';
export { Pmbmpd, findPmbmpd, type PmbmpdEvent, type PmbmpdSettings } from './peers/pmbmpd.ts';
export { lanAddresses, loopbackAddresses, realAddresses, type Addressing } from './addressing.ts';
export {
  agentSettings,
  controlNodeSettings,
  frrSettings,
  gatewaySettings,
  gobgpSettings,
} from './daemon-settings.ts';
export type { Daemon } from './daemon.ts';
export { deploymentFiles, writeDeployment } from './deployment.ts';
export { Fabric, existingNamespace } from './fabric.ts';
export { Configuration, type ConfigurationSettings } from './configuration.ts';
export { StoryManifests, type PlacedPod } from './story-manifests.ts';
export { Lab, type LabSettings } from './lab.ts';
export type { MissingPeer } from './gateways.ts';
export { Narrator, type NarratorSettings } from './narrator.ts';
export { GatewayPeer } from './peers/gateway.ts';
export { story, type Seen, type StoryStep } from './story.ts';
export { tell, type Listener, type StepReport, type StoryReport, type TellSettings } from './tell.ts';
export {
  bookManifests,
  defaultTopologyFile,
  gatewayKinds,
  readTopology,
  topologySchema,
  type GatewayKind,
  type GatewayTopology,
  type NetworkTopology,
  type PodTopology,
  type ServiceTopology,
  type Topology,
} from './topology.ts';
