/** What of a configuration cannot change while a control node runs. */
import { isDeepStrictEqual } from 'node:util';

import type { ControlNodeConfig } from './config.ts';

const fixed = [
  'name',
  'asn',
  'router-id',
  'cluster-id',
  'rd-cluster-seed',
  'sub-cluster',
  'xmpp',
  'introspect',
  'graceful-restart',
  'mrt',
  'config',
] as const;

const fixedOfBgp = ['listen', 'always-compare-med', 'ignore-as-path'] as const;

/** @throws Error naming the first setting that cannot change and would */
export function refuseFixedChanges(before: ControlNodeConfig, after: ControlNodeConfig): void {
  for (const key of fixed) {
    if (!isDeepStrictEqual(after[key], before[key]))
      throw new Error(`${key} cannot change without a restart`);
  }
  for (const key of fixedOfBgp) {
    if (!isDeepStrictEqual(after.bgp[key], before.bgp[key]))
      throw new Error(`bgp.${key} cannot change without a restart`);
  }
}
