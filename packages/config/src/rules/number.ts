/** Numbers that the configuration gives out: of virtual networks, of security groups. */
import { ConfigRequestError, type ObjectTypeName } from '@vaportrail/schema';
import { numberRow } from '../index-pool.ts';
import type { WriteRule } from '../write-rule.ts';

export const networkNumber = numbered('virtual-network', 'virtual_network_network_id', 1, 16_777_215);

/** Numbers below are kept for groups that mean something by themselves. */
export const securityGroupNumber = numbered('security-group', 'security_group_id', 8_000_001, 8_000_000);

/** Gives a property of a type its number: the one asked for, or the lowest that is free. */
function numbered(type: ObjectTypeName, property: string, first: number, size: number): WriteRule {
  const pool = property.replaceAll('_', '-');
  return ({ before, after }, { claims }) => {
    if (after?.type !== type) return undefined;
    const had = before?.properties[property] as number | undefined;
    const wanted = after.properties[property] as number | undefined;
    if (had !== undefined && wanted === had) return undefined;
    const name = String(wanted ?? had ?? claims.first(pool, String(first), () => numberRow(first, size)));
    if (name === 'undefined') throw new ConfigRequestError(409, `no ${property} is left`);
    return {
      after: { ...after, properties: { ...after.properties, [property]: Number(name) } },
      ...(name === String(had)
        ? {}
        : { claims: [{ pool, name }], releases: had === undefined ? [] : [{ pool, name: String(had) }] }),
    };
  };
}
