/** The NLRI of route target membership. */

/**
 * The thirteen octets with which a speaker of an AS asks for routes with a route target; one octet, the default, without
 * a target: everything.
 * @see RFC 4684 §4
 */
export function routeTargetNlri(originAs: number, routeTarget?: Uint8Array): Uint8Array {
  if (routeTarget === undefined) return Uint8Array.of(0);
  const nlri = new Uint8Array(13);
  nlri[0] = 96;
  new DataView(nlri.buffer).setUint32(1, originAs);
  nlri.set(routeTarget, 5);
  return nlri;
}
