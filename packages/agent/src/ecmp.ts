/** Equal-cost choice: which member of a composite next hop carries a flow. */
import { parseAddress } from '@vaportrail/net';
import type { Member } from './next-hop.ts';

/** The five fields of a flow. Addresses are canonical text; the protocol is an IANA number. */
export interface FiveTuple {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** The fields a choice may hash over, as items name them. */
const hashFields = {
  'l3-source-address': (flow, hash) => mixAddress(hash, flow.source),
  'l3-destination-address': (flow, hash) => mixAddress(hash, flow.destination),
  'l4-protocol': (flow, hash) => mix(hash, flow.protocol),
  'l4-source-port': (flow, hash) => mix(mix(hash, flow.sourcePort >>> 8), flow.sourcePort & 0xff),
  'l4-destination-port': (flow, hash) =>
    mix(mix(hash, flow.destinationPort >>> 8), flow.destinationPort & 0xff),
} as const satisfies Record<string, (flow: FiveTuple, hash: number) => number>;

export type HashField = keyof typeof hashFields;

export const hashFieldNames = Object.keys(hashFields) as readonly HashField[];

/** The fields a control node named; none, all or unknown ones only are {@link hashFieldNames}. */
export function hashFieldsOf(names: readonly string[]): readonly HashField[] {
  const known = hashFieldNames.filter((field) => names.includes(field));
  return known.length === 0 || known.length === hashFieldNames.length ? hashFieldNames : known;
}

/** A hash of a flow over some of its fields: an unsigned 32-bit number, the same for every packet of the flow. */
export function flowHash(flow: FiveTuple, fields: readonly HashField[] = hashFieldNames, seed = 0): number {
  let hash = (0x811c_9dc5 ^ seed) >>> 0;
  for (const field of fields) hash = hashFields[field](flow, hash);
  // Final mix of MurmurHash3: flows that differ in one low bit must not land on neighbouring members only.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The index of the member for a hash. */
export function chooseMember(members: readonly Member[], hash: number): number {
  return hash % members.length;
}

/** One step of FNV-1a. */
function mix(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, 0x0100_0193);
}

function mixAddress(hash: number, address: string): number {
  for (const octet of parseAddress(address)) hash = mix(hash, octet);
  return hash;
}
