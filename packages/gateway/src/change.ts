/** Changes of the configuration while the gateway runs. */

/** A statement to set or to delete. */
export type Change = { readonly set: string } | { readonly delete: string };

/** Thrown for a configuration that needs the gateway to be started anew. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
}
