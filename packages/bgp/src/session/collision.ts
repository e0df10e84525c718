/** Which of two connections with one peer survives. @see RFC 4271 §6.8, RFC 6286 §2.3 */

/** What identifies a speaker when connections collide. */
export interface SpeakerIdentity {
  /** BGP Identifier as an unsigned 32-bit number. */
  readonly routerId: number;
  readonly asn: number;
}

/**
 * The survivor of a collision: the connection that the speaker with the higher BGP Identifier initiated; if the
 * identifiers are equal, which they may be between two ASes, the one of the higher AS number.
 */
export function survivor(us: SpeakerIdentity, peer: SpeakerIdentity): 'ours' | 'theirs' {
  if (us.routerId !== peer.routerId) return us.routerId > peer.routerId ? 'ours' : 'theirs';
  return us.asn > peer.asn ? 'ours' : 'theirs';
}
