/** Routing instances that a config node tells, beside those of the file. */
import { type ToldList, besideFile, readToldList } from '@vaportrail/show';

import { type RoutingInstanceConfig, routingInstanceConfig } from './config.ts';

/**
 * Reads a line of `/watch/routing-instances`: `{"routing-instances": […]}`. One that cannot be read does not cost the others.
 * @returns the instances, and what is wrong with those that were left out
 * @throws Error when the line is nothing of the kind
 */
export function readToldInstances(line: unknown): ToldList<RoutingInstanceConfig> {
  const list = (line as { 'routing-instances'?: unknown } | null)?.['routing-instances'];
  if (!Array.isArray(list)) throw new Error('the config node told no routing instances');
  return readToldList(list, routingInstanceConfig, 'routing-instances');
}

/** Those of the file, and those told under names the file does not use. */
export function allInstances(
  file: readonly RoutingInstanceConfig[],
  told: readonly RoutingInstanceConfig[],
): RoutingInstanceConfig[] {
  return besideFile(file, told, ({ name }) => name);
}
