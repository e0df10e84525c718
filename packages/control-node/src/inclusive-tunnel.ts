/**
 * The tunnel of an inclusive multicast route, which tells what part its router takes in replication. A leaf leaves it to
 * another router, its replicator: nobody else sends copies to a leaf.
 *
 * Contrail writes a leaf as a tunnel of its own number to the replicator. A peer may take a number that it does not know
 * for malformed, so a leaf is written here as RFC 9574 has it, with its own address; both are read.
 * @see RFC 6514 §5, RFC 9574 §4, `PmsiTunnelSpec` of Contrail's bgp_attr.h
 */
import type { AttributeFields } from '@vaportrail/bgp/wire';
import { ipv4Bytes, parseIpv4 } from '@vaportrail/net';
import type { EnetItem } from '@vaportrail/xmpp';

/** The attribute, decoded. @see RFC 6514 §5 */
export type PmsiTunnel = NonNullable<AttributeFields['pmsiTunnel']>;

/** PMSI tunnel type of ingress replication. */
const INGRESS_REPLICATION = 6;
/** Contrail's tunnel type of a leaf, whose identifier is the replicator. */
const CONTRAIL_LEAF = 252;

const LEAF_INFORMATION_REQUIRED = 0x01;
const PART = 0x18;
const REPLICATOR = 0x08;
const LEAF = 0x10;

/** What a router does of the replication of a network's broadcast. */
export type ReplicationPart = 'edge' | 'replicator' | 'leaf';

/** The tunnel of an agent's item, which is `announceable`. */
export function publishedTunnel({ attributes }: EnetItem, labelField: number): PmsiTunnel {
  const replicator = attributes.assistedReplicationSupported ? REPLICATOR | LEAF_INFORMATION_REQUIRED : 0;
  return {
    // Not that edge replication is supported, as Contrail's have: that would be with the help of a tree.
    flags: replicatorOf({ attributes }) === undefined ? replicator : LEAF,
    type: INGRESS_REPLICATION,
    labelField,
    identifier: attributes.nextHops[0]!.address,
  };
}

/** The replicator that an agent names, which makes it a leaf. */
export function replicatorOf({ attributes }: Pick<EnetItem, 'attributes'>): Uint8Array | undefined {
  const { replicatorAddress } = attributes;
  return replicatorAddress === '' ? undefined : ipv4Bytes(parseIpv4(replicatorAddress));
}

/** The part of the router that a tunnel leads to; undefined when nobody can send copies into it. */
export function replicationPart(tunnel: PmsiTunnel | undefined): ReplicationPart | undefined {
  if (tunnel?.type === CONTRAIL_LEAF) return 'leaf';
  if (tunnel?.type !== INGRESS_REPLICATION) return undefined;
  switch (tunnel.flags & PART) {
    case LEAF:
      return 'leaf';
    case REPLICATOR:
      return 'replicator';
    default:
      return 'edge';
  }
}

/** The name that Contrail's introspect has for a tunnel type; the number of others. */
export function tunnelTypeName(type: number): string {
  return typeNames.get(type) ?? String(type);
}

const typeNames: ReadonlyMap<number, string> = new Map([
  [INGRESS_REPLICATION, 'IngressReplication'],
  [CONTRAIL_LEAF, 'AssistedReplication'],
]);

/** The replicator of a leaf, where its tunnel names it. */
export function replicatorOfTunnel(tunnel: PmsiTunnel | undefined): Uint8Array | undefined {
  return tunnel?.type === CONTRAIL_LEAF ? tunnel.identifier : undefined;
}
