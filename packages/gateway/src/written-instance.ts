/** The routing instances of a written configuration, as statements find and make them. */
import { StatementError } from './statement-row.ts';
import type { WrittenConfig, WrittenInstance } from './written-config.ts';

/** Those that are written; empty without any. */
export function instances(config: WrittenConfig): WrittenInstance[] {
  return config['routing-instances'] ?? [];
}

/** @throws StatementError when there is none of that name */
export function existing(config: WrittenConfig, name: string): WrittenInstance {
  const instance = instances(config).find((known) => known.name === name);
  if (instance === undefined) throw new StatementError(`there is no routing instance "${name}"`);
  return instance;
}

/** The instance of that name; a new one still lacks what the schema asks for. */
export function made(config: WrittenConfig, name: string): WrittenInstance {
  const known = instances(config).find((instance) => instance.name === name);
  if (known !== undefined) return known;
  const instance = { name } as WrittenInstance;
  config['routing-instances'] = [...instances(config), instance];
  return instance;
}

/** Its `routing-options`, made if there are none. */
export function optionsOf(instance: WrittenInstance): NonNullable<WrittenInstance['routing-options']> {
  return (instance['routing-options'] ??= {});
}
