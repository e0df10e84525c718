/** All attributes that can stand beside the routes of an UPDATE, by name. A new one is a file, a line here and a test. */
import { aigp } from './aigp.ts';
import { attrSet } from './attr-set.ts';
import { aggregator, as4Aggregator, atomicAggregate } from './aggregator.ts';
import { as4Path, asPath } from './as-path.ts';
import type { Attribute } from './attribute.ts';
import { bgpsecPath } from './bgpsec-path.ts';
import { communities, largeCommunities } from './communities.ts';
import { domainPath } from './domain-path.ts';
import { extendedCommunities } from './extended-communities.ts';
import { ipv6ExtendedCommunities } from './ipv6-extended-communities.ts';
import { linkState } from './link-state.ts';
import { localPref, med } from './metrics.ts';
import { nextHop } from './next-hop.ts';
import { onlyToCustomer } from './only-to-customer.ts';
import {
  bfdDiscriminator,
  connector,
  edgeDiscovery,
  edgeForwarding,
  originVnPath,
  peDistinguisherLabels,
  serviceFunctionPath,
  trafficEngineering,
} from './opaque.ts';
import { origin } from './origin.ts';
import { pmsiTunnel } from './pmsi-tunnel.ts';
import { prefixSid } from './prefix-sid.ts';
import { clusterList, originatorId } from './route-reflection.ts';
import { tunnelEncapsulation } from './tunnel-encapsulation.ts';

/** @see https://www.iana.org/assignments/bgp-parameters (BGP Path Attributes) */
export const attributes = {
  origin,
  asPath,
  nextHop,
  med,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  connector,
  pmsiTunnel,
  tunnelEncapsulation,
  trafficEngineering,
  ipv6ExtendedCommunities,
  aigp,
  peDistinguisherLabels,
  linkState,
  largeCommunities,
  bgpsecPath,
  onlyToCustomer,
  domainPath,
  serviceFunctionPath,
  bfdDiscriminator,
  prefixSid,
  attrSet,
  edgeDiscovery,
  edgeForwarding,
  originVnPath,
} as const satisfies Record<string, Attribute<unknown>>;

/** The name of an attribute, as `PathAttributes` and plain data have it. */
export type AttributeName = keyof typeof attributes;
/** The value of an attribute as the library hands it out. */
export type AttributeValue<N extends AttributeName> =
  (typeof attributes)[N] extends Attribute<infer V> ? V : never;

/** Row and name by type code; `undefined` for what is not in the table. */
export const attributeByCode: readonly (
  { readonly name: AttributeName; readonly row: Attribute<unknown> } | undefined
)[] = Array.from({ length: 256 }, (_, code) => {
  for (const [name, row] of Object.entries(attributes)) {
    if (row.code === code) return { name: name as AttributeName, row: row as Attribute<unknown> };
  }
  return undefined;
});
