/** The next hops of a path as an operator sees them: what the protocol says, what that resolves over, where packets go. */
import { addressText, parseAddress, prefixText } from '@vaportrail/net';
import type { Path } from '@vaportrail/rib';
import type { GatewayNextHopView, IndirectView } from '@vaportrail/show';
import type {
  ForwardingLeg,
  ForwardingNextHop,
  IndirectNextHop,
  UnicastNextHop,
} from './forwarding-next-hop.ts';
import type { Resolver } from './resolution.ts';

/** Over what a protocol next hop resolves. */
interface Resolved {
  readonly metric: number;
  readonly rib: string;
  readonly by: string;
}

/** The leg that a path would forward over; undefined when its next hop does not resolve. */
export function legOf(path: Path, resolver: Resolver): ({ leg: ForwardingLeg } & Resolved) | undefined {
  const resolution = resolver.resolution(path.nextHop);
  if (resolution === undefined) return undefined;
  return {
    leg: { protocolNextHop: addressText(path.nextHop), label: path.label, gateways: resolution.gateways },
    metric: resolution.metric,
    rib: resolution.rib,
    by: prefixText(resolution.prefix),
  };
}

/** What a protocol next hop resolves over; `inet.3` where it does not. */
export function resolvedBy({ protocolNextHop = '' }: ForwardingLeg, resolver: Resolver): Resolved {
  const resolution = protocolNextHop === '' ? undefined : resolver.resolution(parseAddress(protocolNextHop));
  if (resolution === undefined) return { metric: 0, rib: 'inet.3', by: protocolNextHop };
  return { metric: resolution.metric, rib: resolution.rib, by: prefixText(resolution.prefix) };
}

/** @param installed the forwarding entry of the prefix, where there is one: indexes are its */
export function nextHopViews(
  leg: ForwardingLeg,
  installed: ForwardingNextHop | undefined,
): GatewayNextHopView[] {
  const unicasts = forwardingOf(leg, installed)?.unicasts ?? [];
  return leg.gateways.map((gateway, i) => {
    const index = unicasts.find((unicast) => unicast.interface === gateway.interface)?.index;
    return {
      interface: gateway.interface,
      ...(gateway.address === undefined ? {} : { address: gateway.address }),
      ...(leg.label === undefined ? {} : { label: leg.label }),
      selected: i === 0,
      ...(index === undefined ? {} : { index }),
    };
  });
}

/** @param installed as for {@link nextHopViews} */
export function indirectView(
  leg: ForwardingLeg,
  metric: number,
  { rib, by }: Resolved,
  installed: ForwardingNextHop | undefined,
): IndirectView {
  const index = forwardingOf(leg, installed)?.indirect.index;
  return {
    protocolNextHop: leg.protocolNextHop ?? '',
    ...(leg.label === undefined ? {} : { label: leg.label }),
    metric,
    handle: handleOf(leg),
    ...(index === undefined ? {} : { index }),
    session: index === undefined ? '0x0' : `0x${(index & 0xfff).toString(16)}`,
    originatingRib: rib,
    resolvedBy: by,
    nextHops: nextHopViews(leg, installed),
  };
}

/** The forwarding next hop that a leg became, if the forwarding table uses it. */
function forwardingOf(
  leg: ForwardingLeg,
  installed: ForwardingNextHop | undefined,
): { indirect: IndirectNextHop; unicasts: UnicastNextHop[] } | undefined {
  const members =
    installed?.type === 'unilist' ? installed.members : installed === undefined ? [] : [installed];
  for (const member of members) {
    if (member.type !== 'indirect' || member.protocolNextHop !== leg.protocolNextHop) continue;
    const unicasts = (member.target.type === 'unilist' ? member.target.members : [member.target]).filter(
      (target) => target.type === 'unicast',
    );
    if (unicasts[0]?.label === leg.label) return { indirect: member, unicasts };
  }
  return undefined;
}

/** A name for an object that a Junos router would give the address of in memory; the same leg has the same one. */
function handleOf(leg: ForwardingLeg): string {
  let hash = 0x811c9dc5;
  for (const character of `${leg.protocolNextHop ?? ''} ${leg.label ?? ''}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return `0x9${((hash >>> 8) & 0xffffff & ~7).toString(16).padStart(6, '0')}`;
}
