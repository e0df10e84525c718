/** Routing instances that a config node tells, beside those of the file. */
import { type RoutingInstanceConfig, routingInstanceConfig } from './config.ts';

/**
 * Reads a line of `/watch/routing-instances`: `{"routing-instances": […]}`. One that cannot be read does not cost the others.
 * @returns the instances, and what is wrong with those that were left out
 * @throws Error when the line is nothing of the kind
 */
export function readToldInstances(line: unknown): {
  readonly instances: readonly RoutingInstanceConfig[];
  readonly problems: readonly string[];
} {
  const list = (line as { 'routing-instances'?: unknown } | null)?.['routing-instances'];
  if (!Array.isArray(list)) throw new Error('the config node told no routing instances');
  const problems: string[] = [];
  const instances = list.flatMap((entry: unknown, index) => {
    const result = routingInstanceConfig.safeParse(entry);
    if (result.success) return [result.data];
    const [issue] = result.error.issues;
    problems.push(`${['routing-instances', index, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
    return [];
  });
  return { instances, problems };
}

/** Those of the file, and those told under names the file does not use. */
export function allInstances(
  file: readonly RoutingInstanceConfig[],
  told: readonly RoutingInstanceConfig[],
): RoutingInstanceConfig[] {
  const names = new Set(file.map(({ name }) => name));
  return [...file, ...told.filter(({ name }) => !names.has(name))];
}
