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
export { Frr, findFrr, frrConfig, type FrrNeighbor, type FrrSettings } from './peers/frr.ts';
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
