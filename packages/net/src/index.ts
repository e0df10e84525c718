export {
  Reader,
  Writer,
  Truncated,
  compareBytes,
  copyOctets,
  hexText,
  parseHex,
  sameBytes,
} from './bytes.ts';
export {
  addressText,
  ipv4At,
  ipv4Bytes,
  ipv4Text,
  ipv6GroupsText,
  ipv6Text,
  parseAddress,
  parseIpv4,
  parseIpv6,
} from './address.ts';
export {
  clearHostBits,
  covers,
  hostPrefix,
  parsePrefix,
  prefixOctets,
  prefixText,
  type Prefix,
} from './prefix.ts';
export {
  ROUTE_DISTINGUISHER_OCTETS,
  addressRouteDistinguisher,
  computeNodeDistinguisher,
  parseRouteDistinguisher,
  routeDistinguisherText,
} from './route-distinguisher.ts';
export { ROUTE_TARGET_SUBTYPE, isRouteTarget, parseRouteTarget, routeTargetText } from './route-target.ts';
export { FIRST_UNRESERVED_LABEL, MAX_LABEL, labelField, labelOf } from './label.ts';
export { macText, parseMac } from './mac.ts';
export { ManualClock, systemClock, type Clock, type Timer } from './clock.ts';
export { RecentMap } from './recent-map.ts';
export { TurnShare } from './turn-share.ts';
