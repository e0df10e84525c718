/** Routing tables: attribute sets, path selection with reasons, replication by route target, update groups. */
export {
  DRAIN_BUDGET,
  Rib,
  type RibOptions,
  type RibStatistics,
  type TableOptions,
  type UpdateGroupOptions,
} from './rib.ts';
export type { Source, SourceOptions, SourceProtocol } from './source.ts';
export type { Announcement, Nlri, Table, TableSummary } from './table.ts';
export type { RouteFilter } from './route-filter.ts';
export type { DistinguisherOf } from './targeted-table.ts';
export type { NotBest, Path, Route } from './route.ts';
export type { AttributeSet } from './attribute-set.ts';
export type { ImportPolicy, PolicyVerdict, RoutePolicy } from './policy.ts';
export { editedAttributes } from './edited-attributes.ts';
export type { NextHopResolver, Resolution } from './next-hop-resolution.ts';
export type { Infeasible } from './feasibility.ts';
export type { Role } from './route-leak.ts';
export { ruleSets, type RuleSetName } from './selection/rules.ts';
export { multipathModes, type MultipathMode, type RuleSet, type Step } from './selection/step.ts';
export type { UpdateGroup } from './update-group.ts';
export type { Membership, UpdateMember } from './update-member.ts';
export type { AdvertisedPath, Advertisement } from './advertisement.ts';
export type { ItemEncoder, ItemGroup, Subscriber } from './item-group.ts';
export { warmUp } from './warm-up.ts';
export { routeTargetNlri } from './route-target-nlri.ts';
export { dumpTables, type TableDumpOptions } from './table-dump.ts';
export { announcement, locRibInstance, routesOf, withdrawal } from './route-update.ts';
