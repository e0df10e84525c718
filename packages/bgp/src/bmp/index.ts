/** BMP: what a router tells a monitoring station about its peers and routes, written and read. @see RFC 7854 */
export {
  bmpType,
  initiation,
  peerDown,
  peerUp,
  routeMonitoring,
  statisticsReport,
  termination,
  type BmpPeerDownReason,
  type BmpPeerUp,
} from './message.ts';
export { type BmpPeer, type BmpView } from './peer-header.ts';
export { type BmpStatisticOctets, type BmpStatistics } from './statistics.ts';
export {
  BmpError,
  MAX_BMP_MESSAGE,
  decodeBmp,
  type BmpDecodedReason,
  type BmpMessage,
} from './decoded-message.ts';
export { BmpStream, readBmp } from './stream.ts';
export {
  BmpDescriber,
  MAX_BMP_PEERS,
  readBmpDocuments,
  type BmpDocument,
  type BmpPeerDocument,
} from './document.ts';
export { BmpListener, type BmpListenerEvents, type BmpListenerSettings } from './listener.ts';
export { BmpStation, type BmpStationOptions } from './station.ts';
