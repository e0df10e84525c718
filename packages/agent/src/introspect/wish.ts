/** Fields of introspect requests. */
import type { Query } from '@vaportrail/show';

/** A field of a request; empty means that it was not given. Requests with one field take it as `x` too. */
export function wish(query: Query, field: string): string | undefined {
  return query[field] || query['x'] || undefined;
}
