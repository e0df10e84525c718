export { CONTROL_NODE_JID, resourceOf, resources, type Resource } from './jid.ts';
export type {
  EnetAttributes,
  EnetItem,
  Item,
  ItemAttributes,
  ItemFamily,
  ItemProblem,
  ItemProblemKind,
  LoadBalance,
  Mobility,
  MulticastAttributes,
  MulticastItem,
  MulticastNextHop,
  MvpnItem,
  NextHop,
  UnicastItem,
} from './item.ts';
export { itemAttributes, nextHop } from './item.ts';
export {
  enetItemId,
  itemFamilies,
  itemFamilyOf,
  itemId,
  itemsNode,
  nativeIdOf,
  parseNode,
  publishNode,
  type EnetKey,
  type ItemFamilyRow,
} from './item-family.ts';
export { UnreadableItem } from './element-reader.ts';
export { readItem } from './item-reader.ts';
export {
  announceable,
  announceProblemText,
  MASTER_INSTANCE,
  MAX_LIST_ENTRIES,
  type AnnounceProblem,
} from './announceable.ts';
export type {
  Collection,
  Config,
  ConfigSubscribe,
  EndOfRib,
  Ignored,
  Items,
  Negotiation,
  Publish,
  Retracts,
  Stanza,
  Subscribe,
  Unsubscribe,
} from './stanza.ts';
export { END_OF_RIB_NODE, readStanza } from './stanza-reader.ts';
export { StanzaScanner } from './stanza-scanner.ts';
export { StreamError, streamErrorBytes, type StreamErrorCondition } from './stream-error.ts';
export { headerBytes, MAX_HEADER_BYTES, readHeader, STREAM_ID, type StreamHeader } from './stream-header.ts';
export { MAX_ATTRIBUTES, STREAMS_NAMESPACE, StrictParser } from './strict-parser.ts';
export { XmppStream, type StreamHandlers } from './stream.ts';
export {
  MAX_STANZA_BYTES,
  MAX_STANZA_DEPTH,
  MAX_STANZA_NODES,
  streamLimits,
  type StreamLimits,
} from './stream-limits.ts';
export {
  MAX_SUBSCRIBED_CHARACTERS,
  MAX_SUBSCRIPTIONS,
  Pubsub,
  type PubsubHandlers,
  type Subscription,
} from './pubsub.ts';
export {
  endOfRibBody,
  itemsBodies,
  MAX_BODY_BYTES,
  MAX_ITEMS,
  MAX_RETRACTS,
  messageHeader,
  retractsBodies,
} from './item-message.ts';
export { WrittenAttributes, type NamedItem } from './written-attributes.ts';
export {
  agentEndOfRib,
  announceStanzas,
  configSubscribeStanza,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
} from './agent-message.ts';
export { Channel } from './channel.ts';
export {
  channelLimits,
  MAX_BACKLOG_BYTES,
  type ChannelCounters,
  type ChannelDown,
  type ChannelHandlers,
  type ChannelLimits,
  type ChannelTap,
} from './channel-owner.ts';
export {
  idle as idleChannel,
  type ChannelAction,
  type ChannelEvent,
  type ChannelSettings,
  type ChannelState,
  type ChannelStateName,
  type ChannelStep,
  type ChannelTimer,
} from './channel-event.ts';
export { backOff, DEFAULT_HOLD_TIME, OPEN_TIME, step as channelStep } from './channel-fsm.ts';
export { serverLimits, type ServerLimits } from './server-limits.ts';
export { peerNameRules, type PeerNameRule } from './certificate-name.ts';
export { readTlsFiles, type TlsFiles } from './channel-tls.ts';
export { XmppServer, type XmppServerCounters, type XmppServerOptions } from './server.ts';
export { XmppClient, type XmppClientOptions } from './client.ts';
export { excerpt } from './element-reader.ts';
export {
  configObjectText,
  configStanza,
  readConfigObjects,
  type ConfigLink,
  type ConfigName,
  type ConfigNode,
  type ConfigObject,
  type ConfigProperty,
} from './config-message.ts';
export { makeCertificates, type CertificatePaths } from './certificates.ts';
export { unlimitedWork } from './work-allowance.ts';
