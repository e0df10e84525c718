export {
  BGP_PORT,
  XMPP_PORT,
  controlNodeConfig,
  type ControlNodeConfig,
  type ControlNodeConfigInput,
} from './config.ts';
export { ControlNode, type Bound, type ControlNodeOptions } from './control-node.ts';
export { rehearse } from './rehearsal.ts';
export { ControlNodeReplay } from './replay.ts';
