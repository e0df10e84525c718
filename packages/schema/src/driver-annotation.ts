/** The annotation by which a load-balancer driver knows what it made. */
import { annotationOf, type ConfigObject } from './config-object.ts';

const KEY = 'driver';

/** What marks an object as made by a driver. */
export function madeBy(driver: string): { key_value_pair: { key: string; value: string }[] } {
  return { key_value_pair: [{ key: KEY, value: driver }] };
}

/** The driver that made an object; undefined for those that somebody else made. */
export function driverOf(object: ConfigObject): string | undefined {
  return annotationOf(object, KEY);
}
