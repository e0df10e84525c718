/** The rules that every write goes through, in this order. */
import { allocateAddress } from './rules/address.ts';
import { leaveWithInstanceIp, letGoOfInterface } from './rules/driver-floating-ip.ts';
import { completeSubnets } from './rules/subnets.ts';
import { networkNumber, securityGroupNumber } from './rules/number.ts';
import { defaultRoutingInstance } from './rules/routing-instance.ts';
import type { WriteRule } from './write-rule.ts';

export const writeRules: readonly WriteRule[] = [
  networkNumber,
  securityGroupNumber,
  completeSubnets,
  defaultRoutingInstance,
  allocateAddress,
  leaveWithInstanceIp,
  letGoOfInterface,
];
