/** BGP on the wire, usable alone and in a browser: messages, attributes, address families. */
export {
  HEADER_OCTETS,
  MARKER,
  MAX_EXTENDED_MESSAGE,
  MAX_MESSAGE,
  frameMessage,
  messageHeader,
  messageLength,
  messageType,
  type MessageType,
} from './header.ts';
export {
  MAX_SHUTDOWN_TEXT,
  NotificationError,
  ceaseSubcode,
  decodeNotification,
  encapsulatedNotification,
  encodeShutdownText,
  errorCode,
  fsmSubcode,
  headerSubcode,
  notificationText,
  openSubcode,
  routeRefreshSubcode,
  prefixLimitOf,
  shutdownText,
  updateSubcode,
  type Notification,
} from './notification.ts';
export {
  approaches,
  mostSevere,
  notificationOf,
  type Approach,
  type UpdateProblem,
} from './update-problem.ts';
export { UpdateFrame, locateUpdate } from './update-frame.ts';
export {
  addPathMode,
  bgpRole,
  capabilities,
  decodeCapabilities,
  decodeCapability,
  encodeCapabilities,
  encodeCapability,
  type AfiSafi,
  type Capability,
} from './capability.ts';
export { AS_TRANS, BGP_VERSION, decodeOpen, encodeOpen, type Open } from './open.ts';
export {
  decodeRouteRefresh,
  encodeRouteRefresh,
  refreshSubtype,
  type RefreshSubtype,
  type RouteRefresh,
} from './route-refresh.ts';
export {
  decodeMessage,
  encodeMessage,
  keepalive,
  type Message,
  type RawUpdate,
  type SessionMessage,
} from './message.ts';
export {
  announcesOf,
  checkMultiprotocol,
  decodeUpdate,
  type EndOfRib,
  type Update,
  type UpdateContext,
} from './update.ts';
export type { NamedNlri, RouteFields, UpdateRoute } from './update-route.ts';
export type { UpdateLayout } from './update-layout.ts';
export type { PlainAttribute, PlainAttributes, RawAttributeText } from '../attributes/plain-attributes.ts';
export { encodeUpdate, updateFieldsOf, type UpdateFields } from './update-encode.ts';
export { agreedContext, type DecodeContext } from './decode-context.ts';
export {
  describeMessage,
  type CapabilityDocument,
  type DecodedDocument,
  type ProblemDocument,
  type UpdateDocument,
} from './decoded-document.ts';
export { PATH_ID_OCTETS, walkNlri } from '../families/nlri-field.ts';
export { families, familyOf, isFamilyName, type FamilyName, type NlriOf } from '../families/table.ts';
export { MALFORMED, type Family, type Nlri, type NlriOctets } from '../families/family.ts';
export {
  WITHDRAWN_LABEL_FIELD,
  unaskedLabelOctets,
  type LabeledPrefixNlri,
  type PrefixNlri,
  type VpnPrefixNlri,
} from '../families/prefix.ts';
export type { EvpnNlri } from '../families/evpn.ts';
export type { FlowComponent, FlowNlri, FlowTerm } from '../families/flow-specification.ts';
export type { L2vpnNlri } from '../families/l2vpn.ts';
export type { LinkStateNlri } from '../families/link-state.ts';
export type { MvpnNlri } from '../families/mvpn.ts';
export type { OpaqueNlri } from '../families/opaque-route.ts';
export type { SrPolicyNlri } from '../families/sr-policy.ts';
export type { RouteTargetNlri } from '../families/route-target.ts';
export {
  EXTENDED_LENGTH,
  OPTIONAL,
  PARTIAL,
  TRANSITIVE,
  type Attribute,
  type AttributeContext,
  type CheckContext,
} from '../attributes/attribute.ts';
export { attributeByCode, attributes, type AttributeName, type AttributeValue } from '../attributes/table.ts';
export { PathAttributes } from '../attributes/path-attributes.ts';
export {
  discardAttributes,
  validateAttributes,
  type Announces,
  type ValidationContext,
} from '../attributes/validate.ts';
export {
  encodeAttributes,
  writeAttribute,
  type AttributeFields,
  type RawAttribute,
} from '../attributes/encode.ts';
export { attributeTexts, type AttributeTexts } from '../attributes/attribute-texts.ts';
export { origins, type Origin } from '../attributes/origin.ts';
export {
  asPathLength,
  asPathText,
  mergeAs4Path,
  prependAs,
  type AsPath,
  type AsPathSegment,
} from '../attributes/as-path.ts';
export { isHostAddress } from '../attributes/next-hop.ts';
export type { Aggregator } from '../attributes/aggregator.ts';
export {
  communityText,
  largeCommunityText,
  parseCommunity,
  parseLargeCommunity,
  wellKnownCommunity,
  type LargeCommunity,
} from '../attributes/communities.ts';
export { aigpMetric } from '../attributes/aigp.ts';
export {
  EXTENDED_COMMUNITY_OCTETS,
  encapsulationCommunity,
  extendedCommunityName,
  extendedCommunityText,
  parseExtendedCommunity,
  sortExtendedCommunities,
  type ExtendedCommunityName,
} from '../attributes/extended-communities.ts';
export {
  extendedCommunityKinds,
  tunnelType,
  type TunnelType,
} from '../attributes/extended-community-kinds.ts';
