export {
  ConfigError,
  fileProblem,
  readConfig,
  readConfigFile,
  readPart,
  type ConfigProblem,
  type YamlPart,
} from './config-file.ts';
export {
  asn,
  bmpStations,
  holdTime,
  introspect,
  ipAddress,
  ipv4Address,
  label,
  listenEndpoint,
  macAddress,
  mrtFiles,
  name,
  port,
  prefix,
  remoteEndpoint,
  routeDistinguisher,
  routeTarget,
  routerId,
  seconds,
  namedTlsFiles,
  wholeNumber,
} from './settings.ts';
export { settingMessage } from './setting-message.ts';
export { bgpRoles } from './bgp-role.ts';
export { familyName } from './family-name.ts';
export {
  checkDynamicPeers,
  dynamicPeer,
  dynamicPeerSettings,
  dynamicPeersOf,
  dynamicRange,
  ofOnePeer,
} from './dynamic-peers.ts';
export { checkPeers, peerSessionSettings, peerSettings } from './peer-settings.ts';
export { addPath, addPathsSent, type AddPathSetting } from './add-path.ts';
export { advertisedView } from './advertised-view.ts';
export {
  ConfigChannel,
  configNodeAddress,
  jsonLines,
  type ConfigChannelView,
  type ConfigNodeAddress,
  type JsonLinesOptions,
} from './config-channel.ts';
export { besideFile, readToldList, type ToldList } from './told-list.ts';
export { LogBudget } from './log-budget.ts';
export { createLog, isWorthALine, silentLog, type Log } from './log.ts';
export { ViewError, ViewServer, listenProblem, type Page, type Query, type Stream } from './server.ts';
export { FetchViewError, fetchStream, fetchView, postAction } from './client.ts';
export { suggestion } from './suggestion.ts';
export { CLEARED, clearedView, isCalled, serveClear, type ClearedView, type SoftReset } from './clear.ts';
export {
  announceEndpoint,
  announceRouter,
  findEndpoints,
  findRouters,
  type Endpoint,
  type RouterNote,
} from './endpoint.ts';
export type {
  BgpSessionView,
  DaemonView,
  GracefulRestartView,
  NeighborView,
  NextHopView,
  PathView,
  RouteView,
  RoutingInstanceView,
  SubscriptionView,
  TableView,
  TrafficView,
  PathRetentionView,
  VrfView,
} from './views.ts';
export { neighborText } from './text/neighbor.ts';
export {
  durationText,
  neighborsText,
  routesText,
  routingInstancesText,
  tablesText,
  vrfsText,
} from './text/plain.ts';
export { columns, Table, type Column } from './text/table.ts';
export type {
  ActiveMark,
  DynamicTunnelView,
  DynamicTunnelsView,
  ForwardingNextHopView,
  ForwardingRouteView,
  ForwardingTableView,
  GatewayNeighborView,
  GatewayNextHopView,
  GatewayPathView,
  GatewayProtocol,
  GatewayRouteView,
  GatewayTableView,
  IndirectView,
  InstalledView,
  NeighborTableView,
} from './gateway-views.ts';
export { briefAge, detailAge } from './text/junos-age.ts';
export { bgpNeighbor, bgpSummary } from './text/junos-bgp.ts';
export {
  dynamicTunnelsDatabase,
  forwardingTable,
  forwardingTableExtensive,
  tunnelInterface,
} from './text/junos-forwarding.ts';
export { routeBrief, routeTerse, tableHeader, type RouteStyle } from './text/junos-route.ts';
export { routeDetail } from './text/junos-route-detail.ts';
export { PipeError, pipeThrough } from './text/pipe.ts';
export {
  CommandError,
  commandHelp,
  runCommand,
  type CommandOptions,
  type GatewayAccess,
} from './text/junos-command.ts';
export { routeExchange } from './text/junos-exchange.ts';
export { routeInformation } from './text/junos-markup.ts';
export { elementJson, elementXml } from './text/junos-element.ts';
export { nextHopGetText, nextHopListText } from './text/nh.ts';
export { bridgeDumpText, routeDumpText, routeGetText } from './text/rt.ts';
export { interfacesText } from './text/vif.ts';
export { labelsText } from './text/mpls.ts';
export { flowListText, matchingFlows } from './text/flow.ts';
export type {
  NatPart,
  TcpMark,
  VrouterCounterView,
  VrouterFlowTableView,
  VrouterFlowView,
  VrouterInterfaceView,
  VrouterLabelView,
  VrouterNextHopView,
  VrouterRouteTableView,
  VrouterRouteView,
} from './vrouter-views.ts';
export {
  why,
  whyText,
  type DaemonWhy,
  type MissingWhy,
  type PathWhy,
  type TableWhy,
  type Why,
  type Witness,
} from './why.ts';
export {
  peerChoice,
  peerChoiceText,
  type Comparison,
  type PeerChoice,
  type PeerChoicePath,
} from './peer-choice.ts';
export { hostPrefix, traceStops, traceText, type ServiceTrace } from './text/trace.ts';
export type {
  ServiceChainView,
  ServiceFloatingIpView,
  ServiceListenerView,
  ServiceMemberView,
} from './service-views.ts';
export type {
  LoadBalancerCounters,
  LoadBalancerListenerView,
  LoadBalancerMemberView,
  LoadBalancerView,
} from './load-balancer-views.ts';
export { loadBalancersText } from './text/load-balancers.ts';
export { serveHealth, serveProbes, type Measurable } from './health.ts';
export {
  serveSandesh,
  type CollectedStructure,
  type SandeshConnection,
  type SandeshProcess,
} from './sandesh-requests.ts';
export { METRICS_CONTENT_TYPE, metrics, metricsText, type Measured } from './text/metrics.ts';
