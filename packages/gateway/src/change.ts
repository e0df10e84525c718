/** Changes of the configuration while the gateway runs. */
import { settingMessage } from '@vaportrail/show';
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
  const parsed = gatewayConfig.safeParse(written, { reportInput: true, error: settingMessage });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined;
  const message = isMissing ? 'is missing' : (issue?.message ?? 'not valid');
  throw new StatementError(`${statementPath(written, issue?.path ?? [])}: ${message}`);
}

/** Where something stands, in the words of a statement: entries of lists by their names. */
function statementPath(written: object, path: readonly PropertyKey[]): string {
  let at: unknown = written;
  return path
    .map((key) => {
      at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
      const { name } = (at ?? {}) as { readonly name?: unknown };
      return typeof key === 'number' && typeof name === 'string' ? name : String(key);
    })
    .join(' ');
}

/** The words of a statement; what is in quotation marks is one. */
function wordsOf(statement: string): string[] {
  return (statement.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
