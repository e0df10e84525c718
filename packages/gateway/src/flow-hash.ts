/**
 * Which leg of an ECMP set a flow takes. Every (flow, leg) pair gets a score and the best one wins (rendezvous hashing):
 * flows spread evenly, a flow stays on its leg, and when a leg goes only the flows that were on it move.
 */
import { ipv4At } from '@vaportrail/net';

/** The five fields that make packets one flow. */
export interface Flow {
  /** 4 or 16 octets. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A 32-bit hash of the five fields; `seed` differs per router so that routers in a row do not polarize. */
export function flowHash(flow: Flow, seed = 0): number {
  let hash = mix(seed ^ 0x9e3779b9);
  hash = hashAddress(flow.source, hash);
  hash = hashAddress(flow.destination, hash);
  hash = mix(hash ^ flow.protocol);
  return mix(hash ^ ((flow.sourcePort << 16) | flow.destinationPort));
}

/**
 * Position of the leg that a flow takes.
 * @param keys a number that identifies each leg for as long as it exists, e.g. its next-hop index
 * @throws RangeError when there is no leg
 */
export function chooseLeg(hash: number, keys: readonly number[]): number {
  if (keys.length === 0) throw new RangeError('a flow needs at least one leg');
  let best = 0;
  let bestScore = -1;
  for (let i = 0; i < keys.length; i++) {
    const score = mix(mix(keys[i]! ^ 0x85ebca6b) ^ hash) >>> 0;
    if (score > bestScore) [best, bestScore] = [i, score];
  }
  return best;
}

function hashAddress(address: Uint8Array, hash: number): number {
  for (let at = 0; at + 4 <= address.length; at += 4) hash = mix(hash ^ ipv4At(address, at));
  return hash;
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with a chance of about one half. */
function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
