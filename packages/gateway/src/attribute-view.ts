/** The attributes of a path as an operator sees them. */
import { attributeTexts, type PathAttributes } from '@vaportrail/bgp/wire';
import type { GatewayPathView } from '@vaportrail/show';
import { junosCommunities } from './junos-communities.ts';

type AttributeFields = Pick<
  GatewayPathView,
  | 'origin'
  | 'asPath'
  | 'routeTargets'
  | 'extendedCommunities'
  | 'communities'
  | 'largeCommunities'
  | 'originatorId'
  | 'clusterList'
  | 'junosCommunities'
>;

/** Thousands of paths share a set of attributes, and its words. */
const attributeFields = new WeakMap<PathAttributes, AttributeFields>();

/** The fields of a view that come from the attributes alone; the same object for the same set. */
export function attributeView(attributes: PathAttributes): AttributeFields {
  let fields = attributeFields.get(attributes);
  if (fields === undefined) attributeFields.set(attributes, (fields = readAttributes(attributes)));
  return fields;
}

function readAttributes(attributes: PathAttributes): AttributeFields {
  // What counts of LOCAL_PREF and MED depends on the path.
  const { localPref: _localPref, med: _med, ...texts } = attributeTexts(attributes);
  return {
    origin: 'incomplete',
    ...texts,
    routeTargets: texts.routeTargets ?? [],
    extendedCommunities: texts.extendedCommunities ?? [],
    junosCommunities: junosCommunities(attributes),
  };
}
