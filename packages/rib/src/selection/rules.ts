/** All rule sets, by name. */
import { contrail, contrailAdjusted } from './contrail.ts';
import { junos, junosAlwaysCompareMed } from './junos.ts';
import { rfc4271 } from './rfc4271.ts';
import type { RuleSet } from './step.ts';

/** Each row is what a table can be made with; its name stands in configuration. */
export const ruleSets = {
  rfc4271,
  contrail,
  ...contrailAdjusted,
  junos,
  'junos-always-compare-med': junosAlwaysCompareMed,
} as const satisfies Record<string, RuleSet>;
/** What selection of a table can be configured as. */
export type RuleSetName = keyof typeof ruleSets;
