/** What of a configuration cannot change while a gateway runs. */
import { ReloadError } from './change.ts';
import type { GatewayConfig } from './config.ts';

const fixed = ['name', 'asn', 'local-as', 'router-id', 'introspect', 'tunnel-services', 'mrt'] as const;
const fixedOfBgp = ['listen', 'always-compare-med'] as const;

/** @throws ReloadError naming the first setting that cannot change and would */
export function refuseFixedChanges(before: GatewayConfig, after: GatewayConfig): void {
  for (const field of fixed) if (!isSame(after[field], before[field])) throw new ReloadError(refusal(field));
  for (const field of fixedOfBgp)
    if (!isSame(after.bgp[field], before.bgp[field])) throw new ReloadError(refusal(`bgp.${field}`));
}

/** As a file would have them: a key that is undefined is not there. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function refusal(field: string): string {
  return `${field} cannot be changed while the gateway runs: start it anew`;
}
