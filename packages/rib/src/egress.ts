/** What becomes of an attribute set on its way to the members of an update group. */
import { Writer } from '@vaportrail/net';
import {
  OPTIONAL,
  PARTIAL,
  type PathAttributes,
  TRANSITIVE,
  attributeByCode,
  attributes,
  encodeAttributes,
  prependAs,
  wellKnownCommunity,
} from '@vaportrail/bgp/wire';
import type { AttributeSet } from './attribute-set.ts';
import { forEachAttribute } from './extended-community-list.ts';
import type { Identity } from './route-store.ts';
import { DEFAULT_LOCAL_PREFERENCE } from './selection/compared.ts';

/** What the members of an update group have in common. */
export interface EgressProfile {
  /** The members are in our AS. */
  readonly internal: boolean;
  /** The AS number we show them. */
  readonly localAsn: number;
  /** Our address for the next hop of what we send; absent: the next hop stays. */
  readonly nextHopSelf: Uint8Array | undefined;
  /** AS numbers of four octets were negotiated. */
  readonly asn4: boolean;
  /** Rewrites the attributes at the end; memoised like everything here. */
  readonly exportPolicy: ((set: AttributeSet, encoded: Uint8Array) => Uint8Array | undefined) | undefined;
}

export interface Outgoing {
  /** Attributes ascending by code, without NEXT_HOP and MP_REACH_NLRI. */
  readonly attributes: Uint8Array;
  readonly nextHop: Uint8Array;
}

const { asPath, as4Path, as4Aggregator, aggregator, nextHop, med, localPref, originatorId, clusterList } =
  attributes;

/** Whether a path may go to members of a kind at all, whoever they are. @see RFC 1997, RFC 4456 §6 */
export function mayLeave(
  { attributes, source }: AttributeSet,
  profile: EgressProfile,
  identity: Identity,
): boolean {
  const { communities } = attributes;
  if (communities.includes(wellKnownCommunity['no-advertise'])) return false;
  if (!profile.internal) {
    return (
      !communities.includes(wellKnownCommunity['no-export']) &&
      !communities.includes(wellKnownCommunity['no-export-subconfed'])
    );
  }
  return !(source.protocol === 'bgp' && source.internal) || identity.clusterId !== undefined;
}

/**
 * The attributes to send, `undefined` when export policy keeps the path back.
 *
 * To our own AS: LOCAL_PREF is there and not 0; reflected paths get ORIGINATOR_ID and CLUSTER_LIST. To others:
 * our AS number in front, LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST gone, and the MED gone unless the path began here.
 * Attributes nobody here knows go on if they are transitive, marked partial.
 * @see RFC 4271 §5, §9, RFC 4456 §8
 */
export function outgoing(
  set: AttributeSet,
  profile: EgressProfile,
  identity: Identity,
): Outgoing | undefined {
  const writer = new Writer();
  const replaced = replacements(set, profile, identity);
  const pending = [...replaced.keys()].sort((a, b) => a - b);
  const writeUpTo = (code: number): void => {
    while (pending.length > 0 && pending[0]! <= code) {
      const value = replaced.get(pending.shift()!);
      if (value !== undefined) writer.bytes(value);
    }
  };
  const encoded = set.attributes.bytes;
  forEachAttribute(encoded, (code, at, end) => {
    writeUpTo(code);
    if (replaced.has(code)) return;
    const flags = encoded[at]!;
    if (attributeByCode[code] === undefined && (flags & OPTIONAL) !== 0) {
      if ((flags & TRANSITIVE) === 0) return;
      writer.u8(flags | PARTIAL).bytes(encoded.subarray(at + 1, end));
    } else writer.bytes(encoded.subarray(at, end));
  });
  writeUpTo(256);
  const made = writer.finish();
  const final = profile.exportPolicy === undefined ? made : profile.exportPolicy(set, made);
  return final === undefined ? undefined : { attributes: final, nextHop: profile.nextHopSelf ?? set.nextHop };
}

/** Attributes to be written instead of what is there; `undefined` removes. */
function replacements(
  { attributes, source }: AttributeSet,
  profile: EgressProfile,
  identity: Identity,
): Map<number, Uint8Array | undefined> {
  const replaced = new Map<number, Uint8Array | undefined>([[nextHop.code, undefined]]);
  if (profile.internal) {
    if ((attributes.localPref ?? 0) === 0) {
      replaced.set(localPref.code, encodeAttributes({ localPref: DEFAULT_LOCAL_PREFERENCE }));
    }
    if (source.protocol === 'bgp' && source.internal && identity.clusterId !== undefined) {
      if (!attributes.has(originatorId.code)) {
        replaced.set(originatorId.code, encodeAttributes({ originatorId: source.routerId }));
      }
      const clusters = [identity.clusterId, ...attributes.clusterList];
      replaced.set(clusterList.code, encodeAttributes({ clusterList: clusters }));
    }
    if (source.asn4 !== profile.asn4 || !attributes.has(asPath.code))
      replaceAsPath(replaced, attributes, profile, false);
    return replaced;
  }
  for (const { code } of [localPref, originatorId, clusterList]) replaced.set(code, undefined);
  if (attributes.asPath.length > 0) replaced.set(med.code, undefined);
  replaceAsPath(replaced, attributes, profile, true);
  return replaced;
}

/** @see RFC 6793 §4.2.2 */
function replaceAsPath(
  replaced: Map<number, Uint8Array | undefined>,
  from: PathAttributes,
  { localAsn, asn4 }: EgressProfile,
  prepend: boolean,
): void {
  const path = prepend ? prependAs(from.asPath, localAsn) : from.asPath;
  const context = { asn4 };
  replaced.set(asPath.code, encodeAttributes({ asPath: path }, context));
  const wide = !asn4 && path.some(({ asns }) => asns.some((asn) => asn > 0xffff));
  replaced.set(as4Path.code, wide ? encodeAttributes({ as4Path: path }, context) : undefined);
  const aggregated = from.aggregator;
  if (aggregated === undefined) return;
  replaced.set(aggregator.code, encodeAttributes({ aggregator: aggregated }, context));
  const wideAggregator = !asn4 && aggregated.asn > 0xffff;
  replaced.set(
    as4Aggregator.code,
    wideAggregator ? encodeAttributes({ as4Aggregator: aggregated }, context) : undefined,
  );
}
