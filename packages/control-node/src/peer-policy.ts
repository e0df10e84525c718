/** What is changed about the routes of one kind of BGP peer on their way in and out. */
import { type Negotiated, type Role, counterpart } from '@vaportrail/bgp';
import { type FamilyName, sortExtendedCommunities } from '@vaportrail/bgp/wire';
import { type AttributeSet, type ImportPolicy, editedAttributes } from '@vaportrail/rib';
import { bgpRoles } from '@vaportrail/show';

import type { BgpPeerConfig } from './config.ts';
import { encapsulationCommunities, originVirtualNetworkOf } from './contrail-communities.ts';

type Encapsulations = NonNullable<BgpPeerConfig['default-tunnel-encapsulation']>;

/**
 * What is done to routes of a peer: from a control node of another AS LOCAL_PREF comes back out of MED, which has survived
 * the external session; and routes that name no encapsulation get the peer's own. Undefined when nothing is.
 */
export function importPolicy(config: BgpPeerConfig, isExternal: boolean): ImportPolicy | undefined {
  const { 'router-type': type, 'default-tunnel-encapsulation': encapsulations } = config;
  const recovers = isExternal && (type === 'control-node' || type === 'external-control-node');
  if (!recovers && encapsulations === undefined) return undefined;
  return ({ attributes }) => {
    const { med, bytes, extendedCommunities } = attributes;
    const preference = recovers && med !== undefined && med !== 0 ? localPreference(med) : undefined;
    // What has no extended community is no route of a VPN.
    const tunnels =
      encapsulations !== undefined &&
      extendedCommunities.length > 0 &&
      !namesEncapsulation(extendedCommunities)
        ? withEncapsulations(extendedCommunities, encapsulations)
        : undefined;
    if (preference === undefined && tunnels === undefined) return { action: 'accept' };
    return {
      action: 'modify',
      attributes: editedAttributes(bytes, {
        ...(preference !== undefined && { localPref: preference }),
        ...(tunnels !== undefined && { extendedCommunities: tunnels }),
      }),
    };
  };
}

type ExportPolicy = (set: AttributeSet, encoded: Uint8Array) => Uint8Array;

const exportPolicies = new Map<string, ExportPolicy>();

/**
 * What is done to routes for a peer: in another AS plain IPv4 routes have no extended community but the origin VN, and the
 * peer's encapsulations stand in the place of those of each route. The same function for peers that are treated alike.
 */
export function exportPolicy(
  { 'default-tunnel-encapsulation': encapsulations }: BgpPeerConfig,
  family: FamilyName,
  isExternal: boolean,
): ExportPolicy | undefined {
  if (isExternal && family === 'inet') return withOriginAlone;
  if (encapsulations === undefined) return undefined;
  const key = encapsulations.join();
  let policy = exportPolicies.get(key);
  if (policy === undefined) {
    policy = ({ attributes: { extendedCommunities } }, encoded) =>
      extendedCommunities.length === 0
        ? encoded
        : editedAttributes(encoded, {
            extendedCommunities: withEncapsulations(extendedCommunities, encapsulations),
          });
    exportPolicies.set(key, policy);
  }
  return policy;
}

function withOriginAlone(
  { attributes: { extendedCommunities } }: AttributeSet,
  encoded: Uint8Array,
): Uint8Array {
  const origin = originVirtualNetworkOf(extendedCommunities);
  if (extendedCommunities.length === (origin?.length ?? 0)) return encoded;
  return origin === undefined
    ? editedAttributes(encoded, {}, ['extendedCommunities'])
    : editedAttributes(encoded, { extendedCommunities: origin });
}

/** The preference that an agent's metric was made of: the reverse of `multiExitDiscriminator`. */
export function localPreference(med: number): number {
  if (med === 100) return 200;
  if (med === 200) return 100;
  return 0xffff_ffff - med;
}

function isEncapsulation(value: Uint8Array, at: number): boolean {
  return value[at] === 0x03 && value[at + 1] === 0x0c;
}

function namesEncapsulation(value: Uint8Array): boolean {
  for (let at = 0; at + 8 <= value.length; at += 8) if (isEncapsulation(value, at)) return true;
  return false;
}

function withEncapsulations(value: Uint8Array, encapsulations: Encapsulations): Uint8Array {
  const communities = encapsulationCommunities(encapsulations);
  for (let at = 0; at + 8 <= value.length; at += 8) {
    if (!isEncapsulation(value, at)) communities.push(value.subarray(at, at + 8));
  }
  return sortExtendedCommunities(communities);
}

/** What the peer is to us, whether it said so itself or not; roles are for sessions with another AS. */
export function peerRole({ role }: BgpPeerConfig, { internal }: Negotiated): { peerRole?: Role } {
  return role === undefined || internal ? {} : { peerRole: counterpart[bgpRoles[role]] };
}
