/** A floating IP that a load-balancer driver made on an instance IP goes with it. */
import type { ConfigObject } from '../config-object.ts';
import type { WriteRule } from '../write-rule.ts';

/** The annotation by which a driver knows its own. */
const KEY = 'driver';

export const leaveWithInstanceIp: WriteRule = ({ before, after }, { graph }) => {
  if (before?.type !== 'instance-ip' || after !== undefined) return undefined;
  const own = graph.children(before.uuid, 'floating-ip').filter((child) => driverOf(child) !== undefined);
  return { companions: own.map((child) => ({ before: child })) };
};

/** What marks an object as made by a driver. */
export function madeBy(driver: string): { key_value_pair: { key: string; value: string }[] } {
  return { key_value_pair: [{ key: KEY, value: driver }] };
}

export function driverOf({ properties }: ConfigObject): string | undefined {
  const { key_value_pair: pairs = [] } = (properties['annotations'] ?? {}) as {
    key_value_pair?: { key: string; value: string }[];
  };
  return pairs.find(({ key }) => key === KEY)?.value;
}
