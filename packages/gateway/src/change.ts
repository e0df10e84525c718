/** Changes of the configuration while the gateway runs. */
import { gatewayConfig, type GatewayConfig } from './config.ts';
import { applyStatement } from './statement.ts';
import { StatementError } from './statement-row.ts';
import { writtenConfig } from './written-config.ts';

/** A statement to set or to delete, e.g. `{ set: 'routing-instances k8s-test routing-options multipath' }`. */
export type Change = { readonly set: string } | { readonly delete: string };

/** Thrown for a configuration that needs the gateway to be started anew. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
}

/**
 * A configuration with a change made; the given one stays as it is.
 * @throws StatementError when there is no such statement, nothing to delete, or the result is not valid
 */
export function changedConfig(config: GatewayConfig, change: Change): GatewayConfig {
  const written = writtenConfig(config);
  if ('set' in change) applyStatement(written, 'set', wordsOf(change.set));
  else applyStatement(written, 'delete', wordsOf(change.delete));
  const parsed = gatewayConfig.safeParse(written);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StatementError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}

/** The words of a statement; what is in quotation marks is one. */
function wordsOf(statement: string): string[] {
  return (statement.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
