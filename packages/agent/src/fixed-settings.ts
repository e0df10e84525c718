/** What of a configuration cannot change while an agent runs: all of the node itself but its neighbours and workloads. */
import { AgentError } from './agent-error.ts';
import type { AgentConfig } from './config.ts';
import type { NodeContents } from './told-settings.ts';

/** The settings of the node itself; what is on it comes and goes. */
export type NodeConfig = Omit<AgentConfig, keyof NodeContents>;

const changeable: ReadonlySet<string> = new Set(['neighbors', 'virtual-machines']);

/** A configuration without what is on the node. */
export function nodeConfig(config: AgentConfig): NodeConfig {
  const { vrfs: _vrfs, interfaces: _interfaces, 'load-balancers': _balancers, ...node } = config;
  return node;
}

/** @throws AgentError naming the first setting that cannot change and would */
export function refuseFixedChanges(before: NodeConfig, after: NodeConfig): void {
  for (const key of Object.keys(after) as (keyof NodeConfig)[]) {
    if (!changeable.has(key) && JSON.stringify(after[key]) !== JSON.stringify(before[key]))
      throw new AgentError(`${key} cannot change while the agent runs`);
  }
}
