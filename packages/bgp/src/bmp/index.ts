/** BMP: what a router tells a monitoring station about its peers and routes. @see RFC 7854 */
export {
  bmpType,
  initiation,
  peerDown,
  peerUp,
  routeMonitoring,
  statisticsReport,
  termination,
  type BmpPeer,
  type BmpPeerDownReason,
  type BmpPeerUp,
  type BmpStatistics,
  type BmpView,
} from './message.ts';
export { BmpStation, type BmpStationOptions } from './station.ts';
