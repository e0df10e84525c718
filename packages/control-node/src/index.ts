export { controlNodeConfig, type ControlNodeConfig, type ControlNodeConfigInput } from './config.ts';
export { ControlNode, type ControlNodeOptions } from './control-node.ts';
export type { Bound } from './listening.ts';
export { rehearse } from './rehearsal.ts';
export { ControlNodeReplay } from './replay.ts';
