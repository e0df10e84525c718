/** What a load-balancer driver wrote stands in nobody's way: it goes with the object that it was written for. */
import { driverOf } from '@vaportrail/schema';
import type { WriteRule } from '../write-rule.ts';

/** A floating IP that a driver made on an instance IP goes with it. */
export const leaveWithInstanceIp: WriteRule = ({ before, after }, { graph }) => {
  if (before?.type !== 'instance-ip' || after !== undefined) return undefined;
  const own = graph.children(before.uuid, 'floating-ip').filter((child) => driverOf(child) !== undefined);
  return { companions: own.map((child) => ({ before: child })) };
};

/** A floating IP that a driver looks after lets go of an interface that is removed. */
export const letGoOfInterface: WriteRule = ({ before, after }, { graph }) => {
  if (before?.type !== 'virtual-machine-interface' || after !== undefined) return undefined;
  const referrers = graph.referrers(before.uuid, 'floating-ip').filter((one) => driverOf(one) !== undefined);
  return {
    companions: referrers.map((one) => {
      const left =
        one.references['virtual-machine-interface']?.filter(({ uuid }) => uuid !== before.uuid) ?? [];
      return {
        before: one,
        after: { ...one, references: { ...one.references, 'virtual-machine-interface': left } },
      };
    }),
  };
};
