/** Graceful restart between this node and a BGP peer: what our OPEN says, whose paths are kept, and for how long. */
import { isDeepStrictEqual } from 'node:util';
import type { Negotiated, SessionDown, SessionSettings } from '@vaportrail/bgp';
import type { FamilyName } from '@vaportrail/bgp/wire';
import type { Source } from '@vaportrail/rib';

import type { ControlNodeConfig } from './config.ts';
import type { RestartTimes } from './graceful-restart.ts';

/** What the OPEN says of restarts: without families only that End-of-RIB is sent, as Contrail says it. */
export function restartCapabilities(
  families: readonly FamilyName[],
  config: ControlNodeConfig['graceful-restart'],
): Pick<SessionSettings, 'gracefulRestart' | 'longLived'> {
  if (!config.enabled) return {};
  const staleTime = config['long-lived-restart-time'];
  const kept = families.map((family) => ({ family, forwarding: true }));
  return {
    gracefulRestart: { restartTime: config['restart-time'], families: kept },
    ...(staleTime > 0 && { longLived: kept.map((family) => ({ ...family, staleTime })) }),
  };
}

/** How long the paths of a peer are kept that said for how long it may be away; long-lived as long as all of us agree to. */
export function retentionTimes(
  { restartTime, longLived }: Pick<SessionDown, 'restartTime' | 'longLived'>,
  config: ControlNodeConfig['graceful-restart'],
): RestartTimes {
  const longest = Math.min(config['long-lived-restart-time'], ...longLived.map(({ staleTime }) => staleTime));
  return {
    restart: restartTime,
    longLived: longLived.length === 0 ? 0 : longest,
    endOfRib: config['end-of-rib-timeout'],
  };
}

/**
 * Whether a peer that is back is the one whose paths were kept, and speaks as before.
 * @param source of the paths that were kept
 */
export function isSameSpeaker(source: Source, negotiated: Negotiated): boolean {
  return (
    source.routerId === negotiated.peerRouterId &&
    source.asn === negotiated.peerAsn &&
    source.asn4 === negotiated.asn4 &&
    isDeepStrictEqual(source.addPath, negotiated.addPath.receive)
  );
}
